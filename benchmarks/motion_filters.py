"""What makes raw controls steady, ours and others', behind one interface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.motion_traces import Trace
from benchmarks.one_euro import OneEuro
from engines.controls import NAMES, SPEC, ControlVector
from engines.skeleton import euler_from_rotation, rotation_from_euler
from realtime.control_group import GROUP_INDEX, Group
from realtime.observation import F32, PersonObservation
from realtime.retargeting.retarget import Retarget
from realtime.smoothing import Smoothing, chest_rotation, head_on_chest

F64 = npt.NDArray[np.float64]

#: Raw controls whose filtered values are compared: the spec's, and the head as it stands in the world.
WORLD = ("head_yaw_in_world", "head_pitch_in_world", "head_roll_in_world")
COLUMNS = (*NAMES, *WORLD)
_HEAD = GROUP_INDEX[Group.HEAD]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Raw controls of one frame.

    Args:
        time_s: when it was captured.
        vector: float32 (len(SPEC),).
        seen: the groups that were seen.
        fresh: those of them that were measured anew.
    """

    time_s: float
    vector: ControlVector
    seen: frozenset[Group]
    fresh: frozenset[Group]


class Filter(Protocol):
    """Takes samples as they come and tells the controls for a time."""

    def update(self, sample: Sample) -> None:
        """Take a sample."""

    def now(self) -> F64:
        """Return the controls after the newest sample, (len(SPEC),), without looking ahead."""

    def at(self, time_s: float) -> F64:
        """Return the controls for a time, (len(SPEC),), with whatever prediction the filter has."""


class Raw:
    """No filter at all."""

    def __init__(self) -> None:
        self._vector = np.zeros(len(SPEC))

    def update(self, sample: Sample) -> None:
        """Take a sample."""
        for group in sample.fresh:
            self._vector[GROUP_INDEX[group]] = sample.vector[GROUP_INDEX[group]]

    def now(self) -> F64:
        """Return the newest sample."""
        return self._vector.copy()

    def at(self, time_s: float) -> F64:
        """Return the newest sample."""
        return self._vector.copy()


class Ours:
    """`realtime.smoothing.Smoothing`, with prediction or without."""

    def __init__(self, *, predict: bool = True) -> None:
        self._smoothing = Smoothing(predict=predict)

    def update(self, sample: Sample) -> None:
        """Take a sample."""
        self._smoothing.update(sample.fresh, sample.vector, sample.time_s)

    def now(self) -> F64:
        """Return the filtered controls without prediction."""
        return _with_head(self._smoothing.measured())

    def at(self, time_s: float) -> F64:
        """Return the predicted controls."""
        return _with_head(self._smoothing.at(time_s))


class PlainOneEuro:
    """The One-Euro filter on every control, all with the same settings, as most programs do.

    Args:
        min_cutoff_hz: as of `OneEuro`.
        beta: as of `OneEuro`, for controls in degrees; weights, whose range is 1 instead of some 100, get as much for
            a hundredth.
        speed_cutoff_hz: as of `OneEuro`.
    """

    def __init__(self, min_cutoff_hz: float, beta: float, speed_cutoff_hz: float = 1.0) -> None:
        degrees = np.array([control.unit == "deg" for control in SPEC])
        betas = np.where(degrees, beta, 100.0 * beta)
        self._filters = {
            group: OneEuro(np.full(len(index), min_cutoff_hz), betas[index], speed_cutoff_hz)
            for group, index in GROUP_INDEX.items()
        }
        self._vector = np.zeros(len(SPEC))

    def update(self, sample: Sample) -> None:
        """Take a sample."""
        for group in sample.fresh:
            index = GROUP_INDEX[group]
            self._vector[index] = self._filters[group].update(sample.vector[index], sample.time_s)

    def now(self) -> F64:
        """Return the filtered controls."""
        return self._vector.copy()

    def at(self, time_s: float) -> F64:
        """Return the filtered controls: this filter does not predict."""
        return self._vector.copy()


class LegacyLandmarks:
    """MediaPipe's landmark smoothing of the Solutions API, on landmarks, before they become controls.

    Source: mediapipe 0.10.21, modules/pose_landmark/pose_landmark_filtering.pbtxt and
    calculators/util/landmarks_smoothing_calculator.cc: One-Euro on pixels over the object's size with min_cutoff 0.05,
    beta 80, derivate_cutoff 1; on metres with 0.1, 40 and 1; visibility by a low-pass with alpha 0.1.  The face, which
    the Solutions API leaves raw, is filtered like the body's picture points.
    """

    def __init__(self) -> None:
        self._filters: dict[str, OneEuro] = {}
        self._given: dict[str, F32] = {}
        self._made: dict[str, F32] = {}

    def __call__(self, person: PersonObservation, time_s: float) -> PersonObservation:
        """Return the observation with its landmarks smoothed; what was one array in two frames is one again."""
        made: dict[str, F32] = {}
        for name in ("pose", "pose_world", "pose_visibility", "face"):
            array: F32 | None = getattr(person, name)
            if array is None:
                continue
            if self._given.get(name) is not array:
                self._given[name], self._made[name] = array, self._smoothed(name, array, time_s)
            made[name] = self._made[name]
        changed: PersonObservation = replace(person, **made)  # type: ignore[arg-type]
        return changed

    def _smoothed(self, name: str, array: F32, time_s: float) -> F32:
        if name == "pose_visibility":
            last = self._made.get(name, array)
            return np.asarray(last + 0.1 * (array - last), np.float32)
        if name not in self._filters:
            size = float(np.ptp(array[:, :2], axis=0).mean())
            cutoff_hz, beta = (0.1, 40.0) if name == "pose_world" else (0.05, 80.0 / max(size, 1e-3))
            self._filters[name] = OneEuro(np.full(array.size, cutoff_hz), np.full(array.size, beta), 1.0)
        return np.asarray(self._filters[name].update(array.ravel(), time_s).reshape(array.shape), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A way of smoothing to be measured.

    Args:
        name: for people.
        make: makes its filter of controls.
        landmarks: whether MediaPipe's smoothing of landmarks comes first.
        unpredicted: makes the same filter without prediction, where it has any.
    """

    name: str
    make: Callable[[], Filter]
    landmarks: bool = False
    unpredicted: Callable[[], Filter] | None = None


#: The paper's demonstration uses 1 Hz and 0.007; 1.7 and 0.3 is what many ports to landmarks use.
CANDIDATES = (
    Candidate(name="raw", make=Raw),
    Candidate(name="One-Euro 1.0 / 0.007", make=lambda: PlainOneEuro(1.0, 0.007)),
    Candidate(name="One-Euro 1.7 / 0.3", make=lambda: PlainOneEuro(1.7, 0.3)),
    Candidate(name="MediaPipe legacy", make=Raw, landmarks=True),
    Candidate(name="ours", make=Ours, unpredicted=lambda: Ours(predict=False)),
)


def samples_of(trace: Trace, *, landmarks: bool = False) -> list[Sample]:
    """Return a trace's raw controls, frame by frame; frames without a person are left out."""
    retarget, legacy, samples = Retarget(), LegacyLandmarks(), []
    for person, time_s in zip(trace.persons, trace.times_s, strict=True):
        if person is None:
            continue
        done = retarget(legacy(person, float(time_s)) if landmarks else person, float(time_s))
        seen = frozenset(group for group, sure in done.confidence.items() if sure >= 0.5)
        samples.append(Sample(time_s=float(time_s), vector=done.vector, seen=seen, fresh=seen & done.fresh))
    return samples


def with_world(vector: F64) -> F64:
    """Return controls, (len(SPEC),), with those of `WORLD` behind them, (len(COLUMNS),)."""
    turned = chest_rotation(vector) @ np.asarray(rotation_from_euler(*vector[_HEAD]), np.float64)
    return np.concatenate([vector, euler_from_rotation(turned)])


def _with_head(vector: F64) -> F64:
    vector[_HEAD] = head_on_chest(vector[_HEAD], vector)
    return vector
