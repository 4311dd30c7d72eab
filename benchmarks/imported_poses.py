"""How much of a person is left after a way through another estimator's format: `python -m benchmarks.imported_poses`.

Tracks clips, writes the points that OpenPose or COCO-WholeBody have, lifts them into space again, and compares the
controls with those made of the tracker's own observations.  Prints two Markdown tables: controls, and what they do to a
character.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.footage import find_clip
from engines.character import characters_folder, list_cards, load_character
from engines.controls import NAMES
from engines.skeleton import BONE_INDEX, Proportions, forward_kinematics, posed_joints
from realtime.control_group import GROUP_NAMES, Group
from realtime.frame import Frame
from realtime.recording.lifting import Lifting
from realtime.recording.lowering import lowered
from realtime.recording.pictures import PictureSource, exact_time
from realtime.recording.recording import Moment
from realtime.retargeting.limb import SIDES
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


@cache
def tracked(path: Path) -> tuple[Moment, ...]:
    """Return what the tracker sees in a clip, nothing left out for want of time."""
    return tuple(_tracked(path))


def _tracked(path: Path) -> Iterator[Moment]:
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


def directions(vector: F64, figure: Proportions) -> dict[str, F64]:
    """Return where the arms of a character point, unit vectors by name."""
    joints = posed_joints(forward_kinematics(vector.astype(np.float32), figure), figure).astype(np.float64)
    found: dict[str, F64] = {}
    for side in SIDES:
        for name, start, end in (("upper arm", "upper_arm", "lower_arm"), ("forearm", "lower_arm", "hand")):
            limb = joints[BONE_INDEX[f"{side}_{end}"]] - joints[BONE_INDEX[f"{side}_{start}"]]
            found[f"{side} {name}"] = limb / np.linalg.norm(limb)
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


def angles(clips: Sequence[Path], kind: str, framing: Framing) -> Iterator[str]:
    """Yield the lines of the table of what a character's arms do."""
    figure = load_character(characters_folder() / list_cards()[0].name).proportions
    off: dict[str, list[float]] = defaultdict(list)
    for clip in clips:
        for group, seen in compared(clip, kind, framing).items():
            for first, second in seen if group in (Group.LEFT_ARM, Group.RIGHT_ARM) else ():
                there = directions(second, figure)
                for name, here in directions(first, figure).items():
                    if name.startswith(group.split("_")[0]):
                        cosine = float(np.clip(here @ there[name], -1.0, 1.0))
                        off[name].append(float(np.degrees(np.arccos(cosine))))
    yield "| Direction of | Frames | Median angle between, degrees | 90th percentile |"
    yield "|---|---|---|---|"
    for name, found in off.items():
        yield f"| {name} | {len(found)} | {np.median(found):.0f} | {np.percentile(found, 90):.0f} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=("openpose", "coco-wholebody"), default="openpose")
    parser.add_argument("--framing", choices=("portrait", "full"), default="portrait")
    parser.add_argument("clips", nargs="*", type=Path, help="default: the sign clips")
    given = parser.parse_args(arguments)
    clips = given.clips or [path for name in CLIPS if (path := find_clip(f"gestures/{name}.mkv")) is not None]
    for table in (rows, angles):
        for line in table(clips, given.format, given.framing):
            print(line)
        print()


if __name__ == "__main__":
    main()
