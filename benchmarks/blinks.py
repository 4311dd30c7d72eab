"""How many blinks are found and how many are made up: `python -m benchmarks.blinks`.

What people in the footage really do was read by eye, frame by frame, from enlarged pictures of their eyes.  A blink is
found where both lids' control exceeds a half within two frames of it; it is made up where that happens elsewhere.
Lids that fall half way, glances down and squints that last are neither asked for nor counted against.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from benchmarks.footage import find_clip
from benchmarks.rows import RESULTS, Row, provenance, write_rows
from engines.controls import INDEX
from realtime.frame import Frame
from realtime.motion import Motion
from realtime.retargeting.retarget import Retarget
from realtime.tracking.mediapipe_tracker import MediaPipeTracker

F64 = npt.NDArray[np.float64]
Span = tuple[int, int]

SHUT = 0.5
#: Frames by which a control may be early or late.
SLACK = 2
#: Enough that the tracker leaves nothing out.
BUDGET_MS = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """What the eyes in a clip do, by numbers of frames, first and last.

    Args:
        blinks: both eyes shut.
        half: lids that fall half way, squint or look down, and what cannot be judged by eye.
    """

    blinks: tuple[Span, ...] = ()
    half: tuple[Span, ...] = ()


CLIPS: dict[str, Eyes] = {
    "gestures/again.mkv": Eyes(),
    "gestures/bird.mkv": Eyes(),
    "gestures/book.mkv": Eyes(half=((21, 23),)),
    "gestures/brother.mkv": Eyes(blinks=((45, 46),)),
    "gestures/eat.mkv": Eyes(blinks=((27, 30),), half=((31, 46),)),  # then a laugh with slits for eyes
    "gestures/help.mkv": Eyes(),
    "gestures/hungry.mkv": Eyes(),
    "gestures/learn.mkv": Eyes(),
    "gestures/milk.mkv": Eyes(),
    "gestures/night.mkv": Eyes(),
    "gestures/no.mkv": Eyes(blinks=((19, 20), (54, 56)), half=((57, 65),)),  # then narrow eyes
    "gestures/please.mkv": Eyes(),
    "gestures/school.mkv": Eyes(half=((30, 33),)),
    "gestures/sister.mkv": Eyes(),
    "gestures/sorry.mkv": Eyes(half=((24, 27),)),
    "gestures/student.mkv": Eyes(),
    "gestures/thanks.mkv": Eyes(),
    # Eyes jump up at 33 and come down at 47; lids sink at 66; after 83 they stay narrow.
    "gestures/walk.mkv": Eyes(blinks=((81, 83),), half=((33, 33), (47, 49), (65, 70), (84, 88))),
    "gestures/want.mkv": Eyes(),
    "gestures/yes.mkv": Eyes(blinks=((56, 58),)),
    "scenes/head-pose-face-detection-female-and-male.gif": Eyes(blinks=((42, 43),), half=((44, 47),)),  # opens slowly
    "scenes/head-pose-face-detection-female.gif": Eyes(half=((7, 10),)),
    "scenes/head-pose-face-detection-male.gif": Eyes(blinks=((60, 61),)),
}


def lids_of(path: Path) -> tuple[F64, F64]:
    """Return the lid controls of a clip, each (frames, 2), left and right: as measured, and as they are shown.

    Where no face is seen, NaN as measured.
    """
    names = [INDEX["blink_left"], INDEX["blink_right"]]
    retarget, motion, tracker = Retarget(), Motion(), MediaPipeTracker(budget_ms=BUDGET_MS)
    raw: list[F64] = []
    shown: list[F64] = []
    with av.open(str(path)) as container:
        rate = float(container.streams.video[0].average_rate or 30)
        for index, picture in enumerate(container.decode(video=0)):
            time_s = index / rate
            image = np.asarray(picture.to_ndarray(format="rgb24"), np.uint8)
            frame = Frame(image=image, pts=index, time_base=Fraction(1, 1000), captured_s=time_s)
            people = tracker.track(frame)
            person = people[0] if people else None
            motion.observe(people, time_s)
            shown.append(np.asarray(motion.controls_at(time_s)[names], np.float64))
            if person is None or person.face is None:
                raw.append(np.full(2, np.nan))
            else:
                raw.append(np.asarray(retarget(person, time_s).vector[names], np.float64))
    tracker.close()
    return np.array(raw), np.array(shown)


def score(lids: F64, eyes: Eyes) -> dict[str, int | list[int]]:
    """Return how many blinks were found, missed and made up, and winks, of lid controls, (frames, 2).

    Args:
        lids: left and right.
        eyes: what the eyes really do; nobody in the footage winks.
    """
    both = np.nan_to_num(lids.min(1)) > SHUT
    told = np.zeros(len(both), bool)
    for first, last in (*eyes.blinks, *eyes.half):
        told[max(first - SLACK, 0) : last + SLACK + 1] = True
    found = sum(bool(both[max(first - SLACK, 0) : last + SLACK + 1].any()) for first, last in eyes.blinks)
    made_up = _starts(both & ~told)
    winks = _starts((np.nan_to_num(lids.max(1)) > SHUT) & (np.nan_to_num(lids.min(1)) < SHUT / 2) & ~told)
    return {
        "blinks": len(eyes.blinks),
        "found": found,
        "made_up": len(made_up),
        "made_up_at": made_up,
        "winks_made_up": len(winks),
    }


def _starts(flags: npt.NDArray[np.bool_]) -> list[int]:
    """Return where runs of true values begin."""
    return [int(at) for at in np.nonzero(flags & ~np.concatenate([[False], flags[:-1]]))[0]]


def measure(clips: Sequence[str]) -> list[Row]:
    """Return two rows for each clip that is at hand: of the measured and of the shown controls."""
    common = {**provenance(), "benchmark": "blinks"}
    rows: list[Row] = []
    for clip in clips:
        path = find_clip(clip)
        if path is None:
            continue
        for kind, lids in zip(("measured", "shown"), lids_of(path), strict=True):
            rows.append({**common, "clip": clip, "kind": kind, **score(lids, CLIPS[clip])})
    return rows


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table."""
    lines = [f"{'clip':52s} {'controls':9s} blinks  found  made up  winks made up"]
    for row in rows:
        counts = f"{row['blinks']:6d} {row['found']:6d} {row['made_up']:8d} {row['winks_made_up']:8d}"
        lines.append(f"{row['clip']:52s} {row['kind']:9s} {counts}   {row['made_up_at'] or ''}")
    for kind in ("measured", "shown"):
        own = [row for row in rows if row["kind"] == kind]
        sums = {name: sum(row[name] for row in own) for name in ("blinks", "found", "made_up", "winks_made_up")}
        lines.append(
            f"{kind}: {sums['found']} of {sums['blinks']} found, {sums['made_up']} made up, "
            f"{sums['winks_made_up']} winks made up, {len(own)} clips"
        )
    return "\n".join(lines)


def main() -> None:
    """Count blinks in the footage and write `benchmarks/results/blinks.json`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--clip", action="append", choices=CLIPS, help="only this one; may be repeated")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the rows")
    options = parser.parse_args()
    rows = measure(options.clip or list(CLIPS))
    print(f"written: {write_rows('blinks', rows, options.results)}")
    print(table(rows))


if __name__ == "__main__":
    main()
