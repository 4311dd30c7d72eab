"""How much of a person is left after a way through another estimator's format: `python -m benchmarks.imported_poses`.

Tracks clips, writes the points that OpenPose or COCO-WholeBody have, lifts them into space again, and compares the
controls with those made of the tracker's own observations.  Prints a Markdown table.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.footage import find_clip
from engines.controls import NAMES
from realtime.control_group import GROUP_NAMES, Group
from realtime.frame import Frame
from realtime.recording.lifting import Lifting
from realtime.recording.lowering import lowered
from realtime.recording.pictures import PictureSource, exact_time
from realtime.recording.recording import Moment
from realtime.retargeting.retarget import Retarget
from realtime.settings import Framing
from realtime.tracking.mediapipe_tracker import MediaPipeTracker

F64 = npt.NDArray[np.float64]

CLIPS = (
    *("again", "bird", "book", "brother", "eat", "help", "hungry", "learn", "milk", "night", "no", "please", "school"),
    *("sister", "sorry", "student", "thanks", "walk", "want", "yes"),
)
_SEEN = 0.5
#: A control that hardly moves says nothing about how well it is followed.
_MIN_SPREAD = 0.01


def tracked(path: Path) -> Iterator[Moment]:
    """Yield what the tracker sees in a clip, nothing left out for want of time."""
    tracker = MediaPipeTracker(pose_every=1, budget_ms=1e6)
    try:
        for picture in PictureSource(path):
            pts, time_base = exact_time(picture.time_s)
            frame = Frame(image=picture.image, pts=pts, time_base=time_base, captured_s=picture.time_s)
            yield Moment(time_s=picture.time_s, people=tracker.track(frame))
    finally:
        tracker.close()


def compared(path: Path, kind: str, framing: Framing) -> dict[Group, list[tuple[F64, F64]]]:
    """Return by group the controls that were made directly and by way of a format, where both saw it."""
    direct, imported = Retarget(framing), Retarget(framing)
    lift = Lifting((640, 480))
    found: dict[Group, list[tuple[F64, F64]]] = defaultdict(list)
    for moment in tracked(path):
        frame = lowered(moment, (640, 480))
        if kind == "coco-wholebody":
            frame = replace(frame, people=tuple(replace(person, pupils=None) for person in frame.people))
        lifted = lift(frame).people
        if not moment.people or not lifted:
            continue
        first, second = direct(moment.people[0], moment.time_s), imported(lifted[0], moment.time_s)
        for group in Group:
            if min(first.confidence.get(group, 0.0), second.confidence.get(group, 0.0)) >= _SEEN:
                found[group].append((first.vector.astype(np.float64), second.vector.astype(np.float64)))
    return found


def rows(clips: Sequence[Path], kind: str, framing: Framing) -> Iterator[str]:
    """Yield the table's lines."""
    found: dict[Group, list[F64]] = defaultdict(list)
    for clip in clips:
        for group, seen in compared(clip, kind, framing).items():
            found[group].append(np.array(seen))  # (frames, 2, controls)
    yield "| Control | Frames | Spread | RMS | RMS about each clip's mean | Correlation |"
    yield "|---|---|---|---|---|---|"
    for group in Group:
        parts = found.get(group, [])
        for name in GROUP_NAMES[group]:
            at = NAMES.index(name)
            if not parts:
                continue
            both = np.concatenate(parts)[:, :, at]
            if both[:, 0].std() < _MIN_SPREAD:
                continue
            off = [part[:, 1, at] - part[:, 0, at] for part in parts]
            about_mean = np.concatenate([one - one.mean() for one in off])
            correlation = np.corrcoef(both.T)[0, 1]
            rms = np.sqrt(np.square(np.concatenate(off)).mean())
            yield (
                f"| {name} | {len(both)} | {both[:, 0].std():.2f} | {rms:.2f} | "
                f"{np.sqrt(np.square(about_mean).mean()):.2f} | {correlation:.2f} |"
            )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=("openpose", "coco-wholebody"), default="openpose")
    parser.add_argument("--framing", choices=("portrait", "full"), default="portrait")
    parser.add_argument("clips", nargs="*", type=Path, help="default: the sign clips")
    given = parser.parse_args(arguments)
    clips = given.clips or [path for name in CLIPS if (path := find_clip(f"gestures/{name}.mkv")) is not None]
    for line in rows(clips, given.format, given.framing):
        print(line)


if __name__ == "__main__":
    main()
