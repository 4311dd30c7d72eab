"""What tracking costs of one core per frame, and how that grows with people: `python -m benchmarks.tracking`.

Rows: one person in every gesture clip, beside MediaPipe's own pose, hands and face graphs run as this project ran
them before (the body on every second frame); and 1 to 6 people in pictures made of several clips.  `cpu_ms` is the time
that all threads of this process worked, `p50_ms` and so on the time on the wall.  Without the footage a warped portrait
stands in.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import cv2
import numpy as np

from benchmarks.footage import HEIGHT_PX, U8, WIDTH_PX, find_clip, read_clip, warped_portrait
from benchmarks.rows import Row, Spread, provenance, write_rows
from realtime.frame import Frame
from realtime.native_log import without_lines
from realtime.observation import PersonObservation
from realtime.tracking.mediapipe_tracker import MAX_PEOPLE, MediaPipeTracker

#: Frames that are not counted: models load, people are found.
WARM_UP = 30
#: Different people, as far as there are: four in these clips.
CAST = ("yes", "book", "sister", "milk", "walk", "eat")
#: How many clips stand side by side and above each other for so many people.
GRID = {1: (1, 1), 2: (2, 1), 3: (3, 1), 4: (2, 2), 5: (3, 2), 6: (3, 2)}


def measure(name: str, pictures: list[U8], track: Callable[[Frame], tuple[PersonObservation, ...]]) -> Row:
    """Return a row of what tracking these pictures costs."""
    times_ms: list[float] = []
    seen: list[tuple[PersonObservation, ...]] = []
    worked_s = 0.0
    for index, picture in enumerate(pictures):
        frame = Frame(image=picture, pts=index, time_base=Fraction(1, 30), captured_s=index / 30)
        began, worked = time.perf_counter(), time.process_time()
        observations = track(frame)
        if index >= WARM_UP:
            times_ms.append((time.perf_counter() - began) * 1000)
            worked_s += time.process_time() - worked
            seen.append(observations)
    row: Row = {
        "what": name,
        "cpu_ms": round(1000 * worked_s / len(times_ms), 2),
        **Spread.of(times_ms).as_row(),
    }
    if any(seen):
        row["mean_people"] = round(float(np.mean([len(people) for people in seen])), 2)
        row["ids"] = len({person.person_id for people in seen for person in people})
        row |= _rates_hz(seen)
    return row


def _rates_hz(seen: list[tuple[PersonObservation, ...]]) -> Row:
    """Return how often a second each part was newly seen, per person."""
    rates: Row = {}
    for part in ("face", "pose", "left_hand", "right_hand"):
        last: dict[int, object] = {}
        fresh = 0
        for people in seen:
            for person in people:
                array = getattr(person, part)
                fresh += array is not None and array is not last.get(person.person_id)
                last[person.person_id] = array
        rates[f"{part}_hz"] = round(30 * fresh / max(sum(len(people) for people in seen), 1), 1)
    return rates


@contextlib.contextmanager
def mediapipe_graphs() -> Iterator[Callable[[Frame], tuple[PersonObservation, ...]]]:
    """Yield MediaPipe's own graphs in a tracker's clothes; what they see is thrown away."""
    from mediapipe.python.solutions import face_mesh, hands, pose

    with contextlib.ExitStack() as stack:
        with without_lines(b"XNNPACK", b"absl::InitializeLog", b"inference_feedback_manager"):
            body = stack.enter_context(pose.Pose(model_complexity=1, smooth_landmarks=False))
            face = stack.enter_context(face_mesh.FaceMesh(refine_landmarks=True))
            both = stack.enter_context(hands.Hands(max_num_hands=2))
        count = 0

        def track(frame: Frame) -> tuple[PersonObservation, ...]:
            nonlocal count
            face.process(frame.image)
            (both if count % 2 else body).process(frame.image)
            count += 1
            return ()

        yield track


def crowd(people: int, length: int) -> list[U8]:
    """Return pictures of so many people, each uint8, (rows * 480, columns * 640, 3), RGB."""
    columns, rows = GRID[people]
    films = [_looped(_film(CAST[index]), length) for index in range(people)]
    films += [[np.full((HEIGHT_PX, WIDTH_PX, 3), 127, np.uint8)] * length] * (columns * rows - people)
    pictures = []
    for at in range(length):
        lines = [np.hstack([films[row * columns + column][at] for column in range(columns)]) for row in range(rows)]
        # A camera's picture has the same size whoever is in it.
        scale = 1280 / (columns * WIDTH_PX) if columns > 1 else 1.0
        picture = cv2.resize(np.vstack(lines), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        pictures.append(np.asarray(picture, np.uint8))
    return pictures


def _film(name: str) -> list[U8]:
    path = find_clip(f"gestures/{name}.mkv")
    return read_clip(path, 1000) if path else warped_portrait(90)


def _looped(film: list[U8], length: int) -> list[U8]:
    there_and_back = [*film, *film[-2:0:-1]]
    return [there_and_back[at % len(there_and_back)] for at in range(length)]


def clips() -> list[str]:
    """Return the names of all gesture clips, or of the cast where the footage is not at hand."""
    path = find_clip("gestures")
    return sorted(file.stem for file in path.glob("*.mkv")) if path else [CAST[0]]


def main() -> None:
    """Measure what tracking costs and write `benchmarks/results/tracking.json`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--frames", type=int, default=150, help="frames of each crowd that count")
    parser.add_argument("--budget-ms", type=float, default=15.0)
    arguments = parser.parse_args()
    common = {**provenance(), "benchmark": "tracking", "budget_ms": arguments.budget_ms, "warm_up": WARM_UP}
    films = [_looped(film, max(len(film), 3 * WARM_UP)) for film in map(_film, clips())]
    rows = []
    with mediapipe_graphs() as track:
        for name, film in zip(clips(), films, strict=True):
            rows.append({"system": "mediapipe graphs", "people": 1, **measure(name, film, track)})
    for name, film in zip(clips(), films, strict=True):
        with contextlib.closing(MediaPipeTracker(budget_ms=arguments.budget_ms, framing="portrait")) as tracker:
            rows.append({"system": "tracker", "people": 1, **measure(name, film, tracker.track)})
    for people in range(1, MAX_PEOPLE + 1):
        pictures = crowd(people, arguments.frames + WARM_UP)
        with contextlib.closing(MediaPipeTracker(budget_ms=arguments.budget_ms, people=people)) as tracker:
            rows.append({"system": "tracker", "people": people, **measure("crowd", pictures, tracker.track)})
    for row in rows:
        line = f"{row['system']:17s} {row['what']:9s} {row['people']} people: cpu {row['cpu_ms']:6.2f} ms, "
        line += f"wall p50 {row['p50_ms']:6.2f} p95 {row['p95_ms']:6.2f}"
        if "ids" in row:
            line += f"; {row['mean_people']:4.2f} seen, {row['ids']} ids; Hz face {row['face_hz']:4.1f} "
            line += f"pose {row['pose_hz']:4.1f} hands {row['left_hand_hz']:4.1f} {row['right_hand_hz']:4.1f}"
        print(line)
    for system in ("mediapipe graphs", "tracker"):
        costs = [row["cpu_ms"] for row in rows if row["system"] == system and row["what"] != "crowd"]
        print(f"{system}: {np.mean(costs):.2f} ms of one core per frame on average over {len(costs)} clips")
    print(f"written: {write_rows('tracking', [{**common, **row} for row in rows])}")


if __name__ == "__main__":
    main()
