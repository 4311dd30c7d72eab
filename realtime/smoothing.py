"""One-Euro smoothing of a control vector, with each unit's own settings, and a short look ahead."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engines.controls import INDEX, SIDES, SPEC, Control, ControlVector, clipped
from engines.skeleton import rotation_from_vector, vector_from_rotation
from realtime.control_group import GROUP_INDEX, Group
from realtime.one_euro import OneEuro
from realtime.retargeting.arm import nearest_equivalent

F64 = npt.NDArray[np.float64]


class _Setting(NamedTuple):
    """How one kind of control is smoothed.

    Args:
        min_cutoff_hz: of the One-Euro filter.
        beta: Hz per unit and second.
        speed_cutoff_hz: of its speed estimate.
        still_speed: units per second that are noise rather than movement; slower ones are not predicted.
    """

    min_cutoff_hz: float
    beta: float
    speed_cutoff_hz: float = 1.0
    still_speed: float = np.inf


#: Found on eight sign clips with the paper's recipe: lower the cut-off until a still person stands still, then
#: raise beta until quick gestures do not lag.  Predicting 66 ms ahead lowers the error against the body that is
#: really there then by 5 to 17 % for head and arms; for gaze, lids and mouth it only adds noise.
_SETTINGS: dict[str, _Setting] = {
    "head": _Setting(1.2, 0.08, 1.5, 15.0),
    "torso": _Setting(0.6, 0.03, 1.0, 15.0),
    "arm": _Setting(1.0, 0.035, 2.5, 50.0),
    "twist": _Setting(0.6, 0.01),
    "gaze": _Setting(1.5, 0.06),
    "blink": _Setting(4.0, 3.0),
    "brow": _Setting(0.8, 0.8),
    "mouth": _Setting(2.5, 2.0),
}
#: Speeds fade over this time when the future is predicted: people stop sooner than straight lines do.
_DAMPING_S = 0.1
#: Never look further ahead than this.
_MAX_LEAD_S = 0.2
_TRIPLES: tuple[npt.NDArray[np.intp], ...] = tuple(
    np.array([INDEX[f"{side}_upper_arm_{axis}"] for axis in "xyz"], np.intp) for side in SIDES
)
_ARM_SIDES = {Group.LEFT_ARM: 0, Group.RIGHT_ARM: 1}


def _setting(control: Control) -> _Setting:
    name = control.name
    for key in ("gaze", "blink", "brow", "head", "torso", "twist"):
        if key in name:
            return _SETTINGS[key]
    if "shoulder_raise" in name:
        return _SETTINGS["torso"]
    return _SETTINGS["arm" if control.unit == "deg" else "mouth"]


class Smoothing:
    """Smooths the groups of a control vector, each by the times at which it was really seen.

    Upper arms are rotation vectors, of which two describe each rotation: the one nearer to the last is
    filtered, and what comes out is written within half a turn again.
    """

    def __init__(self) -> None:
        settings = np.array([_setting(control) for control in SPEC])  # (len(SPEC), 4)
        self._filters = {group: OneEuro(*settings[index, :3].T) for group, index in GROUP_INDEX.items()}
        self._still_speed = {group: settings[index, 3] for group, index in GROUP_INDEX.items()}

    def update(self, group: Group, vector: ControlVector, time_s: float) -> None:
        """Take one group's controls, from a full control vector, at a time in seconds."""
        one_euro = self._filters[group]
        sample = vector[GROUP_INDEX[group]].astype(np.float64)
        if one_euro.value is not None:
            sample = near_equivalents(group, sample, one_euro.value)
        one_euro.update(sample, time_s)

    def forget(self, group: Group) -> None:
        """Forget a group's past, when what comes next has nothing to do with it."""
        self._filters[group].reset()

    def known(self, group: Group) -> bool:
        """Return whether the group was ever seen (since it was forgotten)."""
        return self._filters[group].value is not None

    def at(self, group: Group, time_s: float) -> F64:
        """Return a group's controls as predicted for a time, not clipped, rotation vectors possibly unwrapped.

        Raises:
            LookupError: the group is not known.
        """
        one_euro = self._filters[group]
        if one_euro.value is None:
            raise LookupError(f"{group}: nothing was seen yet")
        ahead_s = float(np.clip(time_s - one_euro.time_s, 0.0, _MAX_LEAD_S))
        # The integral of a speed that decays exponentially.
        reach_s = _DAMPING_S * (1 - np.exp(-ahead_s / _DAMPING_S))
        speed = one_euro.speed
        moving = np.square(speed) / (np.square(speed) + np.square(self._still_speed[group]))
        return np.asarray(one_euro.value + speed * moving * reach_s)


def near_equivalents(group: Group, values: F64, reference: F64) -> F64:
    """Return a group's controls with each rotation vector written so that it lies nearest to a reference's."""
    side = _ARM_SIDES.get(group)
    if side is None:
        return values
    result = values.copy()
    first = int(np.searchsorted(GROUP_INDEX[group], _TRIPLES[side][0]))
    triple = slice(first, first + 3)
    result[triple] = nearest_equivalent(values[triple], reference[triple])
    return result


def canonical(vector: F64) -> ControlVector:
    """Return the vector with rotation vectors within half a turn and every control inside its range."""
    result = vector.copy()
    for triple in _TRIPLES:
        if np.square(result[triple]).sum() > 180.0**2:
            result[triple] = vector_from_rotation(rotation_from_vector(result[triple]))
    return clipped(np.asarray(result, np.float32))
