"""A motion clip: controls over time, whatever file they came from.

Our own controls file is JSON: ``format``, ``spec_hash``, ``name``, ``fps``, ``licence``, ``credit`` and ``frames``, one
list of numbers in the order of the control spec for each frame.  A file that maps names of controls to values is one
pose: ``{"head_yaw": 20, "blink_left": 1}``.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.controls import HIGH, INDEX, LOW, SPEC, controls, spec_hash
from engines.errors import MotionError, SpecMismatchError
from engines.motion.captured import bvh_performance
from engines.motion.mmd import vmd_performance
from engines.motion.performance import MAX_FRAMES, Performance
from engines.motion.pose import performance_controls
from engines.motion.vrma import vrma_performance

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

#: What `load_clip` reads.
SUFFIXES = (".bvh", ".vmd", ".vrma", ".glb", ".json")
#: The rate that a single pose is said to have.
_POSE_FPS = 30.0
_FORMAT = "animirror-controls"
_MAX_BYTES = 256 * 2**20
#: Decimals of a number in a controls file: below what any picture shows.
_DECIMALS = 4
#: Between frames further apart than this a control has wrapped or been cut, and nothing lies between them.
_CUT_DEG = 150.0
_DEGREES = np.array([control.unit == "deg" for control in SPEC])


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Controls at an even rate.

    Args:
        name: what the clip is called.
        fps: frames per second, above 0.
        controls: float32 (T, len(SPEC)), T > 0, in the order of `engines.controls.SPEC`, inside the ranges.
        licence: what may be done with it, where the file says so.
        credit: whom to name, where the file says so.
    """

    name: str
    fps: float
    controls: F32
    licence: str = ""
    credit: str = ""

    def __post_init__(self) -> None:
        if self.controls.ndim != 2 or self.controls.shape[1] != len(SPEC) or self.controls.dtype != np.float32:
            got = f"{self.controls.dtype} {self.controls.shape}"
            raise ValueError(f"controls: got {got}, expected float32 (T, {len(SPEC)})")
        if not (self.fps > 0 and np.isfinite(self.fps)):
            raise MotionError(f"{self.name}: {self.fps:g} frames a second, expected more than 0")
        if not 0 < len(self.controls) <= MAX_FRAMES:
            raise MotionError(f"{self.name}: {len(self.controls)} frames, expected 1 to {MAX_FRAMES}")
        if not np.isfinite(self.controls).all():
            raise MotionError(f"{self.name}: holds numbers that are not finite; make the clip again")

    @property
    def duration_s(self) -> float:
        """How long the clip lasts, in seconds: each frame stands for ``1 / fps``."""
        return len(self.controls) / self.fps

    def resampled(self, fps: float) -> Clip:
        """Return the same motion at another frame rate, interpolated between frames.

        Raises:
            MotionError: `fps` is not above 0 or makes too many frames.
        """
        if not (fps > 0 and np.isfinite(fps)) or self.duration_s * fps > MAX_FRAMES:
            raise MotionError(f"{self.name}: cannot be resampled to {fps:g} frames a second; choose 1 to 240")
        last = len(self.controls) - 1
        frames = max(1, int(np.floor(last / self.fps * fps + 1e-6)) + 1)
        at = np.minimum(np.arange(frames) * (self.fps / fps), last)
        before = np.floor(at).astype(np.int64)
        after = np.minimum(before + 1, last)
        share = (at - before)[:, None]
        start, end = self.controls[before].astype(np.float64), self.controls[after].astype(np.float64)
        yaw = INDEX["root_yaw"]
        end[:, yaw] = start[:, yaw] + (end[:, yaw] - start[:, yaw] + 180.0) % 360.0 - 180.0
        cut = (np.abs(end - start) > _CUT_DEG) & _DEGREES
        mixed = np.where(cut, np.where(share < 0.5, start, end), start * (1 - share) + end * share)
        mixed[:, yaw] = (mixed[:, yaw] + 180.0) % 360.0 - 180.0
        return replace(self, fps=fps, controls=np.clip(mixed, LOW, HIGH).astype(np.float32))


def load_clip(path: Path) -> Clip:
    """Return the clip in a file: BVH, VMD, VRM animation (.vrma, .glb) or our own controls file (.json).

    Raises:
        MotionError: the file is missing, damaged, of another kind, or holds no motion of a body.
        SpecMismatchError: a controls file was made for another control spec.
    """
    suffix = path.suffix.lower()
    if suffix == ".json":
        return _load_controls(path)
    performance: Performance
    if suffix == ".bvh":
        performance = bvh_performance(path)
    elif suffix == ".vmd":
        performance = vmd_performance(path)
    elif suffix in (".vrma", ".glb"):
        performance = vrma_performance(path)
    else:
        raise MotionError(f"{path.name}: not a kind of motion that is read; give one of {', '.join(SUFFIXES)}")
    return Clip(name=path.stem, fps=performance.fps, controls=performance_controls(performance))


def save_clip(clip: Clip, path: Path) -> None:
    """Write a clip as a controls file, whole or not at all.

    Raises:
        MotionError: the file cannot be written.
    """
    document = {
        "format": _FORMAT,
        "spec_hash": spec_hash(),
        "name": clip.name,
        "fps": clip.fps,
        "licence": clip.licence,
        "credit": clip.credit,
        "frames": clip.controls.astype(np.float64).round(_DECIMALS).tolist(),
    }
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(document, file, ensure_ascii=False)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise MotionError(f"{path.name}: cannot be written ({error.strerror})") from error


def _load_controls(path: Path) -> Clip:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise MotionError(f"{path.name}: larger than {_MAX_BYTES >> 20} MiB; cut the clip")
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise MotionError(f"{path.name}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise MotionError(f"{path.name}: not valid JSON ({error}); copy the file again") from error
    if isinstance(document, dict) and "format" not in document:
        return Clip(name=path.stem, fps=_POSE_FPS, controls=_pose(path.name, document)[None])
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise MotionError(f"{path.name}: not a controls file (its format should be {_FORMAT!r})")
    if document.get("spec_hash") != spec_hash():
        raise SpecMismatchError(
            f"{path.name}: made for control spec {document.get('spec_hash')}, this program has {spec_hash()}; "
            "make it again from the motion it came from"
        )
    try:
        frames = np.asarray(document["frames"], np.float64)
        if frames.ndim != 2 or frames.shape[1] != len(SPEC) or not np.isfinite(frames).all():
            raise ValueError(f"frames of shape {frames.shape}, expected finite (T, {len(SPEC)})")
        texts = {key: str(document.get(key, "")) for key in ("name", "licence", "credit")}
        return Clip(fps=float(document["fps"]), controls=np.clip(frames, LOW, HIGH).astype(np.float32), **texts)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise MotionError(f"{path.name}: its content is broken ({error}); make the file again") from error


def _pose(name: str, values: dict[str, object]) -> F32:
    """Return the control vector of names and values, (len(SPEC),)."""
    unknown = [key for key in values if key not in INDEX]
    if unknown or not values:
        what = f"no such control: {unknown[0]}" if unknown else "it is empty"
        raise MotionError(f"{name}: not a pose ({what}); its keys are names of controls, such as head_yaw")
    numbers = {key: float(value) for key, value in values.items() if isinstance(value, int | float)}
    bad = [key for key in values if key not in numbers or not np.isfinite(numbers[key])]
    if bad:
        raise MotionError(f"{name}: {bad[0]} is {values[bad[0]]!r}, expected a number")
    return controls(numbers)
