"""Smoothing of a control vector: each kind of control by its own noise, heads in the world, output for any moment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engines.controls import EXPRESSIONS, INDEX, NAMES, SIDES, SPEC, ControlVector, clipped
from engines.skeleton import euler_from_rotation, rotation_from_euler, rotation_from_vector, vector_from_rotation
from realtime.control_group import GROUP_INDEX, Group
from realtime.retargeting.arm import nearest_equivalent
from realtime.steady_filter import Flags, SteadyFilter, Traits

F64 = npt.NDArray[np.float64]


class _Kind(NamedTuple):
    """How one kind of control moves; degrees or the control's own unit, and seconds.

    Args:
        noise: spread of a sample of somebody still, rounded up from the still traces of `benchmarks.motion`.  No clip
            shows legs: theirs and the root's are assumed.
        acceleration: the most that people do.
        max_speed: the most that people do.
        reach_s: how far the prediction reaches at most; 0 where it only adds noise.
    """

    noise: float
    acceleration: float = np.inf
    max_speed: float = np.inf
    reach_s: float = 0.0


#: Speeds and accelerations are set above the fastest of the gesture clips: heads 137 degrees per second and 1,800 per
#: second squared (people can do some four times that), arms 1,108 and 19,000, of which flips of the tracker are a part.
_KINDS: dict[str, _Kind] = {
    "head": _Kind(0.55, 6800.0, 700.0, 0.025),
    "torso": _Kind(0.4, 3000.0, 400.0),
    "torso_yaw": _Kind(0.9, 3000.0, 400.0),
    "shoulder_raise": _Kind(0.3, 3000.0, 400.0),
    "upper_arm": _Kind(0.9, 6800.0, 1500.0, 0.03),
    "elbow": _Kind(1.1, 6800.0, 1500.0, 0.03),
    "forearm_twist": _Kind(2.5, 10000.0, 1500.0),
    "wrist": _Kind(2.5, 10000.0, 1500.0),
    "curl": _Kind(0.04, 200.0),
    "gaze": _Kind(1.0, 10000.0, 200.0),
    "blink": _Kind(0.03),
    "brow": _Kind(0.04, 100.0),
    "mouth": _Kind(0.03, 200.0),
    "expression": _Kind(0.05, 100.0),
    "upper_leg": _Kind(2.0, 5000.0, 1000.0, 0.04),
    "knee": _Kind(2.5, 5000.0, 1000.0, 0.04),
    "ankle": _Kind(4.0, 5000.0, 1000.0),
    "root_yaw": _Kind(2.0, 3000.0, 600.0),
    "root": _Kind(2.0, 3000.0, 400.0),
    "root_x": _Kind(0.015, 15.0, 6.0, 0.04),
    "root_y": _Kind(0.015, 15.0, 6.0, 0.04),
}
#: What rests or jumps, and is as noisy as the picture is poor.
_EYES_AND_MOODS = frozenset({"gaze", "blink", "brow", "expression"})
_LIMBS = ("upper_arm", "upper_leg")
_TRIPLES: tuple[npt.NDArray[np.intp], ...] = tuple(
    np.array([INDEX[f"{side}_{limb}_{axis}"] for axis in "xyz"], np.intp) for limb in _LIMBS for side in SIDES
)
_GROUP_OF = np.empty(len(SPEC), object)
for _group, _index in GROUP_INDEX.items():
    _GROUP_OF[_index] = _group
_HEAD, _TORSO, _ROOT = (
    np.array([INDEX[f"{part}_{angle}"] for angle in ("yaw", "pitch", "roll")], np.intp)
    for part in ("head", "torso", "root")
)
_IS_OF: dict[Group, Flags] = {group: np.equal(_GROUP_OF, group).astype(np.bool_) for group in Group}
#: A new measurement is blended in, over these shares of the time between two of them, at these times between them:
#: whoever asks more often than a slow tracker runs sees movement instead of its steps.  It costs lag, so a quick
#: tracker, whose steps are small, gets little of it.
_BLEND_INTERVALS_S, _BLEND_SHARES = (1 / 30, 1 / 15), (0.1, 0.4)
#: Nobody has asked for longer than this: there is nothing to be continuous with.
_UNSHOWN_S = 0.2


def _kind(name: str) -> str:
    if name in EXPRESSIONS:
        return "expression"
    matches = [key for key in _KINDS if key in name]
    return max(matches, key=len) if matches else "mouth"


def _traits(*, predict: bool) -> Traits:
    kinds = [_kind(name) for name in NAMES]
    units = {pair: number for number, pair in enumerate(dict.fromkeys(zip(_GROUP_OF, kinds, strict=True)))}
    # Signals of one joint belong together; those of a face, and root_x and root_y, do not.
    alone = {"blink", "brow", "mouth", "expression"}
    unit = [
        len(units) + position if kind in alone else units[group, kind]
        for position, (group, kind) in enumerate(zip(_GROUP_OF, kinds, strict=True))
    ]
    table = np.array([_KINDS[kind] for kind in kinds])  # (len(SPEC), 4)
    return Traits(
        noise=table[:, 0],
        acceleration=table[:, 1],
        max_speed=table[:, 2],
        reach_s=table[:, 3] * float(predict),
        period=np.array([360.0 if name in ("head_yaw", "root_yaw") else 0.0 for name in NAMES]),
        snaps=np.array([kind == "blink" for kind in kinds]),
        adapts=np.array([kind in _EYES_AND_MOODS for kind in kinds]),
        unit=np.array(unit, np.int64),
    )


class Smoothing:
    """Smooths the groups of a control vector, each by the times at which it was really seen.

    The head is filtered as it stands in the world, not on the chest: MediaPipe's face turns by half a degree of noise,
    its chest by as much again, and slowly; on the chest the head would inherit both.  Limbs are rotation vectors, of
    which several describe each rotation: the one nearest to the last is filtered, and `canonical` writes what comes
    out within half a turn again.

    Args:
        predict: whether `at` looks ahead.
    """

    def __init__(self, *, predict: bool = True) -> None:
        traits = _traits(predict=predict)
        self._filter = SteadyFilter(traits)
        count = len(SPEC)
        self._blends: Flags = ~traits.snaps
        self._shown = np.zeros(count)
        self._shown_s = -np.inf
        self._offset = np.zeros(count)
        self._offset_s = np.zeros(count)
        self._news: Flags = np.zeros(count, np.bool_)

    def update(self, groups: frozenset[Group], vector: ControlVector, time_s: float) -> None:
        """Take some groups' controls, from a full control vector, at a time in seconds; not finite ones are left out.

        The head's are taken to stand on the chest and the hips of that same vector.
        """
        sample = vector.astype(np.float64)
        fresh = np.zeros(len(SPEC), np.bool_)
        for group in groups:
            fresh |= _IS_OF[group]
        sample[_HEAD] = euler_from_rotation(chest_rotation(sample) @ _turn(sample[_HEAD]))
        for triple in _TRIPLES:
            if self._filter.known[triple[0]] and fresh[triple[0]]:
                sample[triple] = nearest_equivalent(sample[triple], self._filter.value[triple])
        continued = fresh & self._filter.known
        self._filter.update(sample, time_s, fresh)
        self._news |= continued
        self._offset[fresh & ~continued] = 0.0

    def forget(self, group: Group) -> None:
        """Forget a group's past, when what comes next has nothing to do with it."""
        self._filter.forget(_IS_OF[group])
        self._offset[_IS_OF[group]] = 0.0
        self._news &= ~_IS_OF[group]

    def known(self, group: Group) -> bool:
        """Return whether the group was ever seen (since it was forgotten)."""
        return bool(self._filter.known[GROUP_INDEX[group]].all())

    def measured(self) -> F64:
        """Return all controls as they are after the newest measurement, without looking ahead, as `at` does."""
        return self._filter.value.copy()

    def at(self, time_s: float) -> F64:
        """Return all controls as predicted for a time, (len(SPEC),); those of unknown groups mean nothing.

        Not clipped, rotation vectors possibly unwrapped, and the head's angles those of the head in the world: see
        :func:`head_on_chest`.
        """
        model = self._filter.at(time_s)
        if self._news.any():
            # The path is a new one: begin where the old one was when it was last shown.
            recent = 0.0 <= time_s - self._shown_s <= _UNSHOWN_S
            gap = self._shown - self._filter.at(self._shown_s) if recent else np.zeros(len(SPEC))
            self._offset = np.where(self._news, gap, self._offset)
            self._offset_s = np.where(self._news, self._shown_s, self._offset_s)
            self._news[:] = False
        interval_s = self._filter.interval_s
        share = self._blends * np.interp(interval_s, _BLEND_INTERVALS_S, _BLEND_SHARES)
        tau_s = np.maximum(share * interval_s, 1e-6)
        self._offset_s = np.minimum(self._offset_s, time_s)
        left = np.exp(-np.minimum((time_s - self._offset_s) / tau_s, 50.0))
        self._shown = model + self._offset * left
        self._shown_s = time_s
        return self._shown.copy()


def chest_rotation(vector: F64) -> F64:
    """Return how the chest of a control vector stands in the world, (3, 3)."""
    return np.asarray(_turn(vector[_ROOT]) @ _turn(vector[_TORSO]), np.float64)


def head_on_chest(head: F64, vector: F64) -> F64:
    """Return head controls, (3,), with which the head stands in the world at angles, (3,), on a vector's chest."""
    return np.array(euler_from_rotation(chest_rotation(vector).T @ _turn(head)), np.float64)


def near_equivalents(group: Group, values: F64, reference: F64) -> F64:
    """Return a group's controls with each rotation written so that it lies nearest to a reference's."""
    result = values.copy()
    index = GROUP_INDEX[group]
    for triple in _TRIPLES:
        if triple[0] in index:
            first = int(np.searchsorted(index, triple[0]))
            part = slice(first, first + 3)
            result[part] = nearest_equivalent(values[part], reference[part])
    if group is Group.ROOT:
        result[0] -= 360.0 * np.round((result[0] - reference[0]) / 360.0)
    return result


def canonical(vector: F64) -> ControlVector:
    """Return the vector with rotations within half a turn and every control inside its range."""
    result = vector.copy()
    for triple in _TRIPLES:
        if np.square(result[triple]).sum() > 180.0**2:
            result[triple] = vector_from_rotation(rotation_from_vector(result[triple]))
    yaw = INDEX["root_yaw"]
    result[yaw] = (result[yaw] + 180.0) % 360.0 - 180.0
    return clipped(np.asarray(result, np.float32))


def _turn(angles: F64) -> F64:
    return np.asarray(rotation_from_euler(*angles), np.float64)
