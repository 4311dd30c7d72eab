"""What other estimators found, read as if the tracker had seen it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from realtime.errors import SourceError
from realtime.recording.coco_wholebody import read_coco_wholebody
from realtime.recording.keypoints import KeypointFrame
from realtime.recording.lifting import Lifting
from realtime.recording.openpose import openpose_files, read_openpose
from realtime.recording.point_list import load_json
from realtime.recording.recording import Header, Moment
from realtime.recording.recording_file import FORMAT as RECORDING

Format = Literal["openpose", "coco-wholebody"]
#: Sizes that cameras and films have, smallest first: what a file without a size is taken for.
_SIZES: tuple[tuple[int, int], ...] = ((640, 480), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160), (7680, 4320))


def guessed_format(path: Path) -> Format | None:
    """Return the format of what looks like an estimator's output, or None for anything else.

    Raises:
        SourceError: it is a JSON file of no format that is known, or cannot be read.
    """
    if path.is_dir():
        return "openpose" if openpose_files(path) else None
    if path.suffix.lower() != ".json" or not path.exists():
        return None
    document = load_json(path)
    if "annotations" in document:
        return "coco-wholebody"
    if document.get("format") == RECORDING:
        raise SourceError(f"{path.name}: is a recording already; `animirror serve --replay` follows it")
    if "people" in document:
        raise SourceError(f"{path.name}: is one frame of OpenPose's; give the folder that it lies in")
    raise SourceError(f"{path.name}: is neither COCO-WholeBody nor a recording")


class Estimates:
    """An estimator's output, read and checked.

    Args:
        path: OpenPose's folder, or a COCO-WholeBody file.
        kind: which of the two.
        fps: frames per second, for files without times.
        image_size: (width, height) of the pictures in pixels, for files without it; None takes the smallest usual
            size that holds every point.

    Raises:
        SourceError: the files are missing, damaged or of another kind.
    """

    def __init__(self, path: Path, kind: Format, fps: float, image_size: tuple[int, int] | None = None) -> None:
        if kind == "openpose":
            if not path.is_dir():
                raise SourceError(f"{path}: is no folder; OpenPose writes one with a file for each frame")
            frames = list(read_openpose(path, fps))
        else:
            frames = list(read_coco_wholebody(path, fps))
        known = next((frame.image_size for frame in frames if frame.image_size is not None), None)
        #: Why the pictures' size is a guess, or "".
        self.note = ""
        if known is None:
            known = image_size or _guessed_size(frames)
            if image_size is None:
                self.note = f"the files do not say how large the pictures are, taken for {known[0]} x {known[1]}"
        self._frames = frames
        self.header = Header(
            source=path.resolve().name, image_size=known, fps=_rate(frames, fps), tracker={"name": kind}
        )

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[Moment]:
        """Yield the moments, in order of time, without controls."""
        lift = Lifting(self.header.image_size)
        yield from map(lift, self._frames)


def _guessed_size(frames: Sequence[KeypointFrame]) -> tuple[int, int]:
    seen = [person.seen for frame in frames for person in frame.people]
    corner = np.concatenate([np.zeros((1, 2)), *seen]).max(0)
    for width, height in _SIZES:
        for size in ((width, height), (height, width)):
            if corner[0] <= size[0] and corner[1] <= size[1]:
                return size
    return int(corner[0]) + 1, int(corner[1]) + 1


def _rate(frames: Sequence[KeypointFrame], fps: float) -> float:
    """Return the frames' average rate; one frame has none of its own."""
    if len(frames) < 2:
        return fps
    steps = np.diff([frame.time_s for frame in frames])
    return float(np.clip(1 / np.median(steps), 0.01, 1000.0))
