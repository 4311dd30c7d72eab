"""What the tracker sees in clips and in still pictures, kept in files, so that filters can be compared on it.

A trace holds observations, not controls: retargeting is quick, so a change there needs no new trace.  Two kinds:

* "clip": a gesture clip as it is, 30 pictures a second.
* "still": one picture again and again, each time with fresh sensor noise, then coded as a camera codes it.  Whatever
  moves in such a trace is jitter.  The picture is the clip's stillest one; for those without footage, the public-domain
  portrait of scikit-image.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.footage import find_clip, read_clip, warped_portrait
from realtime.frame import Frame
from realtime.observation import PersonObservation
from realtime.tracker import Tracker

U8 = npt.NDArray[np.uint8]
Kind = Literal["clip", "still"]

RATE_HZ = 30
STILL_FRAMES = 150
#: Read noise, and shot noise's variance per grey level, of 8-bit pictures: 2.9 levels at middle grey, 39 dB
#: below white, an indoor webcam's.  Model: Foi et al., "Practical Poissonian-Gaussian noise modeling and fitting for
#: single-image raw-data", IEEE Trans. Image Processing 17 (2008).
READ_NOISE, SHOT_NOISE = 1.5, 0.05
#: Webcams send MJPEG of about this quality.
JPEG_QUALITY = 90
GESTURES = (
    *("again", "bird", "book", "brother", "eat", "help", "hungry", "learn", "milk", "night"),
    *("no", "please", "school", "sister", "sorry", "student", "thanks", "walk", "want", "yes"),
)
PORTRAIT = "portrait"
_ARRAYS = (
    *("pose", "pose_world", "pose_visibility", "face"),
    *("left_hand", "right_hand", "left_hand_world", "right_hand_world"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What a tracker saw, frame by frame.

    Args:
        name: of the clip.
        kind: "clip" or "still".
        times_s: float64 (T,), when each frame was captured.
        persons: T of them; None where nobody was seen.
    """

    name: str
    kind: Kind
    times_s: npt.NDArray[np.float64]
    persons: tuple[PersonObservation | None, ...]


def record(name: str, kind: Kind, pictures: Iterable[U8], tracker: Tracker) -> Trace:
    """Return what a tracker sees in pictures, each uint8 (H, W, 3) RGB, taken at `RATE_HZ`."""
    times_s, persons = [], []
    for index, picture in enumerate(pictures):
        time_s = index / RATE_HZ
        seen = tracker.track(Frame(image=picture, pts=index, time_base=Fraction(1, RATE_HZ), captured_s=time_s))
        times_s.append(time_s)
        persons.append(seen[0] if seen else None)
    return Trace(name=name, kind=kind, times_s=np.array(times_s), persons=tuple(persons))


def stillest(pictures: list[U8]) -> U8:
    """Return the picture that differs least from the one before and the one after it."""
    if len(pictures) < 3:
        return pictures[0]
    small = np.array([cv2.resize(picture, (160, 120), interpolation=cv2.INTER_AREA) for picture in pictures], np.int16)
    change = np.abs(np.diff(small, axis=0)).mean((1, 2, 3))
    return pictures[1 + int(np.argmin(change[:-1] + change[1:]))]


def with_sensor_noise(picture: U8, rng: np.random.Generator) -> U8:
    """Return the picture as a camera would send it once more: other noise, coded as JPEG."""
    deviation = np.sqrt(READ_NOISE**2 + SHOT_NOISE * picture.astype(np.float32))
    noisy = np.clip(np.rint(picture + deviation * rng.standard_normal(picture.shape, np.float32)), 0, 255)
    bgr = noisy[..., ::-1].astype(np.uint8)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert done
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1], np.uint8)


def still_pictures(picture: U8, length: int = STILL_FRAMES, seed: int = 0) -> Iterator[U8]:
    """Yield the picture again and again with fresh sensor noise."""
    rng = np.random.default_rng(seed)
    for _ in range(length):
        yield with_sensor_noise(picture, rng)


def pictures_of(name: str) -> list[U8]:
    """Return a gesture clip's pictures, or the moved portrait's; none where the footage is not at hand."""
    if name == PORTRAIT:
        return warped_portrait(120)
    path = find_clip(f"gestures/{name}.mkv")
    return read_clip(path, 10_000) if path else []


def save(trace: Trace, folder: Path) -> Path:
    """Write a trace to `<folder>/<name>-<kind>.npz` and return the path."""
    arrays: dict[str, npt.NDArray[np.generic]] = {"times_s": trace.times_s}
    arrays["person_id"] = np.array([-1 if person is None else person.person_id for person in trace.persons])
    sizes = [person.image_size for person in trace.persons if person is not None]
    arrays["image_size"] = np.array(sizes[0] if sizes else (0, 0))
    for field in _ARRAYS:
        kept: list[npt.NDArray[np.float32]] = []
        row = np.full(len(trace.persons), -1)
        for index, person in enumerate(trace.persons):
            array = None if person is None else getattr(person, field)
            if array is None:
                continue
            if not kept or array is not kept[-1]:
                kept.append(array)
            row[index] = len(kept) - 1
        arrays[f"{field}_row"] = row
        arrays[field] = np.array(kept, np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{trace.name}-{trace.kind}.npz"
    np.savez_compressed(path, allow_pickle=False, **arrays)
    return path


def load(name: str, kind: Kind, folder: Path) -> Trace | None:
    """Return a trace written by :func:`save`, or None; what was one array object in two frames is one again."""
    path = folder / f"{name}-{kind}.npz"
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as file:
        stored = {key: file[key] for key in file.files}
    rows = {field: list(stored[field]) for field in _ARRAYS}
    width, height = (int(side) for side in stored["image_size"])
    persons: list[PersonObservation | None] = []
    for index, person_id in enumerate(stored["person_id"]):
        if person_id < 0:
            persons.append(None)
            continue
        at = {field: int(stored[f"{field}_row"][index]) for field in _ARRAYS}
        arrays = {field: rows[field][row] if row >= 0 else None for field, row in at.items()}
        persons.append(PersonObservation(person_id=int(person_id), image_size=(width, height), **arrays))
    return Trace(name=name, kind=kind, times_s=stored["times_s"], persons=tuple(persons))
