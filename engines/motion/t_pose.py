"""Where a skeleton's joints would be turned if it stood in the T-pose: what ties its rotations to the canonical ones.

A joint's rotation in the T-pose, `C`, turns canonical axes into the joint's own: with it the canonical rotation of a
bone is ``world @ C``.  Two kinds of files are met.  In most, the rest pose (all rotations zero) is a person standing,
arms out or hanging: torso and head are taken as they rest, limbs are swung from their rest direction to the T-pose's.
In others (Maya's joint orients written out as they are) every bone rests along one axis and only the motion shows
a person: there, the torso's axes are the multiples of 90 degrees nearest to what the motion shows on average.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engines.controls import FINGERS, SIDES
from engines.errors import MotionError
from engines.motion.bvh import Bvh
from engines.motion.rotation import about, angle_between, frame, mean_rotation, mirrored, swing, transposed

F64 = npt.NDArray[np.float64]

#: A chest that rests turned further than this against the hips, or a thigh that points further from straight down,
#: is no person standing.
_STANDING_DEG = 50.0
#: The rest pose's left side is taken as an axis of the file if it is nearer than this.
_AXIS_DEG = 25.0
#: A mean bend plane of the elbow further than this from the hinge's shows that the upper arm's axis is misread.
_HINGE_DEG = 60.0
#: The share of frames in which a foot is at its lowest and counts as flat on the ground.
_STANCE_SHARE = 0.3
_DOWN: F64 = np.array([0.0, -1.0, 0.0])
_UP: F64 = np.array([0.0, 1.0, 0.0])
_LEFT: F64 = np.array([1.0, 0.0, 0.0])
_AXIS_FRAMES = tuple(
    matrix
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1.0, -1.0), repeat=3)
    if np.linalg.det(matrix := np.eye(3)[list(order)] * np.array(signs)[:, None]) > 0
)


class Skeleton:
    """A parsed clip together with its joints' rotations in the T-pose.

    Attributes:
        parts: part -> joint index, as :func:`engines.motion.joint_names.identify` gives it, with ``chest``.
        world: float64 (3, 3), from the file's axes to canonical ones.
        rotations: float64 (T, J, 3, 3), the joints' world rotations in canonical axes.
        positions: float64 (T, J, 3), the joints' positions in canonical axes and the file's unit.
        t_pose: part -> `C`, float64 (3, 3).
        stands_at_rest: whether the rest pose is a person standing.
    """

    def __init__(self, bvh: Bvh, parts: Mapping[str, int]) -> None:
        self._bvh = bvh
        self.parts = dict(parts)
        self._rest = bvh.rest_positions()
        needed = [f"{side}_{bone}" for side in SIDES for bone in ("upper_leg", "lower_leg", "upper_arm", "lower_arm")]
        missing = [part for part in needed if part not in self.parts]
        if missing:
            names = ", ".join(joint.name for joint in bvh.joints[:6])
            raise MotionError(
                f"{bvh.name}: no joint is known as {missing[0].replace('_', ' ')} (there are {names}...); "
                "rename its joints as Mixamo does (LeftArm, LeftForeArm, LeftUpLeg, LeftLeg)"
            )
        self.parts["hips"] = self._meeting("left_upper_leg", "right_upper_leg")
        self.parts["chest"] = self._meeting("left_upper_arm", "right_upper_arm")
        rotations, positions = bvh.forward_kinematics()
        self.stands_at_rest = self._stands()
        self.world = self._axes(positions).T
        self.rotations = np.asarray(self.world @ rotations)
        self.positions = positions @ self.world.T
        self.t_pose: dict[str, F64] = {}
        self._torso()
        for side in SIDES:
            self._arm(side)
            self._leg(side)

    def canonical(self, part: str) -> F64:
        """Return the part's rotation away from the T-pose, (T, 3, 3)."""
        return np.asarray(self.rotations[:, self.parts[part]] @ self.t_pose[part])

    def segment(self, part: str) -> F64 | None:
        """Return where the joint's first child lies from it, (T, 3), canonical axes, or None if it has no length."""
        at = self.parts[part]
        child = next((index for index, joint in enumerate(self._bvh.joints) if joint.parent == at), None)
        if child is None or np.linalg.norm(self._bvh.joints[child].offset) < 1e-6:
            return None
        return np.asarray(self.positions[:, child] - self.positions[:, at])

    def _meeting(self, first: str, second: str) -> int:
        """Return the joint at which the branches of two parts meet."""
        ancestors = self._ancestors(self.parts[first])
        return next(joint for joint in self._ancestors(self.parts[second]) if joint in ancestors)

    def _ancestors(self, joint: int) -> list[int]:
        found = [joint]
        while (joint := self._bvh.joints[joint].parent) >= 0:
            found.append(joint)
        return found

    def _at(self, part: str) -> F64:
        return np.asarray(self._rest[self.parts[part]])

    def _above(self, part: str) -> F64:
        """Return the rest direction from a torso part to the next above it."""
        at = self.parts[part]
        upper = self.parts.get("head", -1) if part == "chest" else self.parts["chest"]
        steps = [joint for joint in self._ancestors(upper) if at in self._ancestors(joint) and joint != at]
        for joint in reversed(steps):
            if np.linalg.norm(self._rest[joint] - self._rest[at]) > 1e-6:
                return np.asarray(self._rest[joint] - self._rest[at])
        shoulders = (self._at("left_upper_arm") + self._at("right_upper_arm")) / 2
        return np.asarray(shoulders - self._rest[at])

    def _frame(self, part: str) -> F64:
        """Return the axes of hips or chest as the joints around them lie at rest."""
        limb = "upper_leg" if part == "hips" else "upper_arm"
        return frame(self._at(f"left_{limb}") - self._at(f"right_{limb}"), self._above(part))

    def _stands(self) -> bool:
        hips, chest = self._frame("hips"), self._frame("chest")
        limit = np.cos(np.radians(_STANDING_DEG))
        for side in SIDES:
            thigh = self._at(f"{side}_lower_leg") - self._at(f"{side}_upper_leg")
            if -(thigh @ hips[:, 1]) < limit * np.linalg.norm(thigh):
                return False
        return angle_between(hips, chest) < _STANDING_DEG

    def _axes(self, positions: F64) -> F64:
        """Return canonical axes in the file's: columns are the character's left, up and front."""
        if self.stands_at_rest:
            rest = self._frame("hips")
            up, left = _nearest_axis(rest[:, 1]), rest[:, 0]
            near = _nearest_axis(left - up * (left @ up))
            aside = np.degrees(np.arccos(np.clip(near @ left / np.linalg.norm(left), -1, 1)))
            return frame(near if aside < _AXIS_DEG else left, up)
        legs = [self.parts[f"{side}_lower_leg"] for side in SIDES]
        tall = positions[:, self.parts["chest"]] - positions[:, legs].mean(axis=1)
        up = _nearest_axis(tall.mean(axis=0))
        return frame(_LEFT if abs(up[0]) < 0.5 else _UP, up)

    def _torso(self) -> None:
        at_rest = self.world.T  # canonical axes in the file's, which are the joints' own at rest
        if self.stands_at_rest:
            self.t_pose |= {part: at_rest for part in ("hips", "chest", "neck", "head") if part in self.parts}
            self.t_pose |= {f"{side}_shoulder": at_rest for side in SIDES if f"{side}_shoulder" in self.parts}
            return
        self.t_pose["hips"] = self._frame("hips")
        order = [("chest", "hips"), ("neck", "chest"), ("head", "chest")]
        order += [(f"{side}_shoulder", "chest") for side in SIDES]
        for part, below in order:
            if part in self.parts:
                shown = transposed(self.rotations[:, self.parts[part]]) @ self.canonical(below)
                average = mean_rotation(shown)
                self.t_pose[part] = min(_AXIS_FRAMES, key=lambda axes: angle_between(axes, average))

    def _swung(self, part: str, above: str, end: str, towards: F64) -> F64:
        """Return the part's `C`: the upper neighbour's, swung so that the bone lies along a canonical direction."""
        start = self.t_pose[above]
        bone = self._at(end) - self._at(part)
        return np.asarray(swing(start @ towards, bone) @ start) if np.linalg.norm(bone) > 1e-6 else start

    def _arm(self, side: str) -> None:
        out = _LEFT if side == "left" else -_LEFT
        shoulder, upper, lower, hand = (f"{side}_{bone}" for bone in ("shoulder", "upper_arm", "lower_arm", "hand"))
        above = shoulder if shoulder in self.parts else "chest"
        self.t_pose[upper] = self._swung(upper, above, lower, out)
        self._lower_arm(side, out)
        turn = self._hinge_turn(side)
        if turn:
            self.t_pose[upper] = self.t_pose[upper] @ about("x", turn)
            self._lower_arm(side, out)
        if hand in self.parts:
            self.t_pose[hand] = self.t_pose[lower]
            knuckle = f"{side}_middle_proximal"
            if knuckle in self.parts and self.stands_at_rest:
                self.t_pose[hand] = self._swung(hand, lower, knuckle, out)
            for finger in FINGERS:
                for phalanx in ("proximal", "intermediate", "distal"):
                    if f"{side}_{finger}_{phalanx}" in self.parts:
                        self.t_pose[f"{side}_{finger}_{phalanx}"] = self.t_pose[hand]

    def _lower_arm(self, side: str, out: F64) -> None:
        upper, lower, hand = (f"{side}_{bone}" for bone in ("upper_arm", "lower_arm", "hand"))
        has_hand = hand in self.parts
        self.t_pose[lower] = self._swung(lower, upper, hand, out) if has_hand else self.t_pose[upper]

    def _hinge_turn(self, side: str) -> float:
        """Return by how many quarter turns, in degrees, the elbow's hinge lies off where it should be."""
        seen = transposed(self.canonical(f"{side}_upper_arm")) @ self.canonical(f"{side}_lower_arm")
        fore = (seen if side == "left" else mirrored(seen))[:, :, 0]
        bend = np.stack([fore[:, 2], -fore[:, 1]], axis=1).mean(axis=0)  # weighted by the sine of the flexion
        plane = np.degrees(np.arctan2(bend[1], bend[0]))
        if abs(plane) < _HINGE_DEG or np.linalg.norm(bend) < np.sin(np.radians(_HINGE_DEG)) / 4:
            return 0.0
        return float(np.round(plane / 90.0) * 90.0)

    def _leg(self, side: str) -> None:
        upper, lower, foot = (f"{side}_{bone}" for bone in ("upper_leg", "lower_leg", "foot"))
        self.t_pose[upper] = self._swung(upper, "hips", lower, _DOWN)
        if foot not in self.parts:
            self.t_pose[lower] = self.t_pose[upper]
            return
        self.t_pose[lower] = self._swung(lower, upper, foot, _DOWN)
        self.t_pose[foot] = self.t_pose[lower] if self.stands_at_rest else self._flat_foot(lower, foot)

    def _flat_foot(self, lower: str, foot: str) -> F64:
        """Return the foot's `C` such that it is flat, and straight under the shin, where the foot is lowest."""
        height = self.positions[:, self.parts[foot], 1]
        stance = height <= np.quantile(height, _STANCE_SHARE)
        flat = np.stack([frame(shin[:, 0], _UP) for shin in self.canonical(lower)[stance]])
        return mean_rotation(transposed(self.rotations[stance, self.parts[foot]]) @ flat)


def _nearest_axis(direction: F64) -> F64:
    axis = np.zeros(3)
    largest = int(np.argmax(np.abs(direction)))
    axis[largest] = np.copysign(1.0, direction[largest])
    return axis
