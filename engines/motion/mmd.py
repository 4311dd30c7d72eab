"""From a VMD file to a performance: MikuMikuDance's standard bones, its A-pose and its leg IK.

Rest places are those of our mean body, in hip heights; MikuMikuDance's lengths are scaled to it by the leg.
The arms of MikuMikuDance models rest in an A-pose; where a file never turns an arm, it hangs.  Legs follow their IK
bones unless the file switches them off: the
knee bends by as much as the distance asks, about its own axis, and the bent leg swings the short way to the ankle's
place, which is where MikuMikuDance's own iteration ends too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.controls import NEUTRAL, SIDES
from engines.motion.body import ANKLE, HIP, LEG, SHIN, THIGH
from engines.motion.face_morphs import face_controls
from engines.motion.performance import Performance
from engines.motion.rotation import about, swing, to_euler
from engines.motion.vmd import FPS, Vmd, read_vmd, sample, sample_morph
from engines.skeleton import BONE_INDEX, BONES, PARENT, bone_rotations

F64 = npt.NDArray[np.float64]

#: From hip joint to ankle, in MMD units.  Source: gene.vrm, 9.2 at MikuMikuDance's usual 0.08 m per unit.
LEG_UNITS = 9.2
_UNIT = LEG / LEG_UNITS
#: Where the bones rest that move the body as a whole, in hip heights.  Source: the same model.
_CENTRE: F64 = np.array([0.0, 0.75, 0.0])
_WAIST: F64 = np.array([0.0, 1.09, 0.0])
_HIPS: F64 = np.array([0.0, 1.0, 0.0])
#: From the ankle to the toe's IK bone.
_TOE: F64 = np.array([0.0, -ANKLE, 0.125])
_JAPANESE = {"left": "左", "right": "右"}
_ARM = ("肩P", "肩", "肩C", "腕", "腕捩", "ひじ", "手捩", "手首")
#: Half the sine of a turn that is none: exporters write keys of bones that nobody moved.
_STILL = 2e-3
_FINGERS = {"thumb": "親指", "index": "人指", "middle": "中指", "ring": "薬指", "little": "小指"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """What differs between models and is not in their motions.

    Args:
        a_pose_deg: how far below level the arms rest.
        eye_share: turn of both eyes' bones for a gaze of one degree.
    """

    a_pose_deg: float
    eye_share: float


#: 35 to 40 degrees on most models; an eye's bone lies far behind its iris (as `engines.skeleton.EYE_GAIN` says).
_USUAL = _Model(a_pose_deg=37.0, eye_share=0.35)
#: Gene's hands meet as they should at 33 degrees; her eyes follow 両目 by a part, so that its angles are gazes already.
_KNOWN = {"ジェネ": _Model(a_pose_deg=33.0, eye_share=1.0)}


def vmd_performance(path: Path) -> Performance:
    """Return the performance in a VMD file.

    Raises:
        MotionError: the file is damaged or holds no model's motion.
    """
    return mmd_performance(read_vmd(path), path.stem)


def mmd_performance(vmd: Vmd, name: str) -> Performance:
    """Return the performance in a parsed VMD file."""
    rig = _Rig(vmd)
    rotations: dict[str, F64] = {"hips": rig.lower, "chest": rig.chest}
    rotations["head"] = rig.chest @ rig.turn("首") @ rig.turn("頭")
    ankles = np.zeros((vmd.frames, 2, 2))
    for column, side in enumerate(SIDES):
        rotations |= _arm(rig, side, _model(vmd).a_pose_deg)
        leg, ankle = _leg(rig, side)
        rotations |= leg
        ankles[:, column] = ankle[:, :2] - [0.0, ANKLE]
    hips = rig.hips_place
    morphs = {morph: sample_morph(keys, vmd.frames) for morph, keys in vmd.morphs.items()}
    return Performance(
        name=name,
        fps=FPS,
        rotations=rotations,
        root_x=hips[:, 0],
        ankles=ankles,
        face=face_controls(morphs) | _gaze(rig, _model(vmd).eye_share),
    )


class _Rig:
    """The bones that carry everything else, and any bone's own movement, in canonical axes and hip heights."""

    def __init__(self, vmd: Vmd) -> None:
        self._vmd = vmd
        still = np.tile(np.eye(3), (vmd.frames, 1, 1))
        root = self.moved((still, np.zeros((vmd.frames, 3))), ("全ての親", "操作中心"), np.zeros(3))
        self.root = root
        centre = self.moved(self.moved(root, ("センター",), _CENTRE), ("グルーブ",), _CENTRE)
        waist = self.moved(centre, ("腰",), _WAIST)
        lower = self.moved(waist, ("下半身",), _WAIST)
        self.lower = lower[0]
        self.hips_place = place(lower, _HIPS)
        self.hip_places = {side: place(lower, _HIPS + HIP * [1 if side == "left" else -1, 1, 1]) for side in SIDES}
        self.chest = waist[0] @ self.turn("上半身") @ self.turn("上半身2") @ self.turn("上半身3")

    def turn(self, bone: str) -> F64:
        """Return a bone's own rotation, (T, 3, 3); none where the file does not move it."""
        return self._sampled(bone)[0]

    def moved(self, parent: tuple[F64, F64], bones: Iterable[str], pivot: F64) -> tuple[F64, F64]:
        """Return the transform (rotation (T, 3, 3), shift (T, 3)) of the first of some bones that the file moves."""
        bone = next((bone for bone in bones if bone in self._vmd.bones), "")
        rotation, shift = self._sampled(bone)
        local = pivot + shift * _UNIT - np.einsum("tij,j->ti", rotation, pivot)
        return parent[0] @ rotation, np.einsum("tij,tj->ti", parent[0], local) + parent[1]

    def uses_ik(self, side: str) -> bool:
        """Return whether the side's ankle is pulled by its IK bone."""
        japanese = _JAPANESE[side]
        if f"{japanese}足IK" in self._vmd.bones or self._vmd.ik.get(f"{japanese}足IK") is True:
            return self._vmd.ik.get(f"{japanese}足IK", True)
        return not any(f"{japanese}{bone}" in self._vmd.bones for bone in ("足", "ひざ"))

    def turns(self, side: str, bones: Iterable[str]) -> bool:
        """Return whether the file turns any of a side's bones."""
        found = (self._vmd.bones.get(f"{_JAPANESE[side]}{bone}") for bone in bones)
        return any(keys is not None and np.abs(keys.turns[:, :3]).max(initial=0.0) > _STILL for keys in found)

    def _sampled(self, bone: str) -> tuple[F64, F64]:
        frames = self._vmd.frames
        if bone not in self._vmd.bones:
            return np.tile(np.eye(3), (frames, 1, 1)), np.zeros((frames, 3))
        return sample(self._vmd.bones[bone], frames)


def _model(vmd: Vmd) -> _Model:
    return next((model for word, model in _KNOWN.items() if word in vmd.model), _USUAL)


def place(transform: tuple[F64, F64], point: F64) -> F64:
    """Return where a transform (rotation (T, 3, 3), shift (T, 3)) brings a rest point (3,), (T, 3)."""
    return np.asarray(transform[0] @ point + transform[1])


def _hanging(chest: F64, side: str) -> dict[str, F64]:
    """Return an arm with relaxed fingers at the character's side, whatever the model's rest pose is."""
    own = bone_rotations(NEUTRAL).astype(np.float64)
    first, last = BONE_INDEX[f"{side}_shoulder"], BONE_INDEX[f"{side}_little_distal"]
    rotations: dict[str, F64] = {}
    for bone in range(first, last + 1):
        above = rotations.get(BONES[PARENT[bone]], chest)
        rotations[BONES[bone]] = above @ own[bone]
    return rotations


def _arm(rig: _Rig, side: str, a_pose_deg: float) -> dict[str, F64]:
    japanese = _JAPANESE[side]
    to_a_pose = about("z", -a_pose_deg if side == "left" else a_pose_deg)
    fingers = [f"{word}{number}" for word in _FINGERS.values() for number in "0123"]
    if rig.turns(side, _ARM):
        shoulder = rig.chest @ rig.turn(f"{japanese}肩P") @ rig.turn(f"{japanese}肩") @ rig.turn(f"{japanese}肩C")
        upper = shoulder @ rig.turn(f"{japanese}腕") @ rig.turn(f"{japanese}腕捩")
        lower = upper @ rig.turn(f"{japanese}ひじ") @ rig.turn(f"{japanese}手捩")
        hand = lower @ rig.turn(f"{japanese}手首")
        rotations = {
            f"{side}_shoulder": shoulder,
            f"{side}_upper_arm": upper @ to_a_pose,
            f"{side}_lower_arm": lower @ to_a_pose,
            f"{side}_hand": hand @ to_a_pose,
        }
    else:  # the A-pose of a face's gesture is no posture
        rotations = _hanging(rig.chest, side)
        if not rig.turns(side, fingers):
            return rotations
        hand = rotations[f"{side}_hand"] @ to_a_pose.T
    for finger, word in _FINGERS.items():
        numbers = "012" if finger == "thumb" else "123"
        turned = hand
        for number, phalanx in zip(numbers, ("proximal", "intermediate", "distal"), strict=True):
            turned = turned @ rig.turn(f"{japanese}{word}{number}")
            rotations[f"{side}_{finger}_{phalanx}"] = turned @ to_a_pose
    return rotations


def _leg(rig: _Rig, side: str) -> tuple[dict[str, F64], F64]:
    """Return a leg's rotations and its ankle's place, (T, 3)."""
    japanese = _JAPANESE[side]
    mirror = np.array([1.0, 1.0, 1.0] if side == "left" else [-1.0, 1.0, 1.0])
    thigh, shin = THIGH * mirror, SHIN * mirror
    hip = rig.hip_places[side]
    upper = rig.lower @ rig.turn(f"{japanese}足") @ rig.turn(f"{japanese}足捩")
    if rig.uses_ik(side):
        rest_ankle = _HIPS + HIP * mirror + thigh + shin
        pulled = rig.moved(
            rig.moved(rig.root, (f"{japanese}足IK親",), rest_ankle * [1, 0, 1]), (f"{japanese}足IK",), rest_ankle
        )
        knee = _knee_for(np.linalg.norm(place(pulled, rest_ankle) - hip, axis=1), thigh, shin)
        bent = about("x", knee)
        reach = np.einsum("tij,tj->ti", upper, thigh + bent @ shin)
        upper = _swings(reach, place(pulled, rest_ankle) - hip) @ upper
        lower = upper @ bent
    else:
        lower = upper @ rig.turn(f"{japanese}ひざ")
    ankle = hip + upper @ thigh + lower @ shin
    foot = lower @ rig.turn(f"{japanese}足首")
    if rig.uses_ik(side):
        toe = place(rig.moved(pulled, (f"{japanese}つま先IK",), rest_ankle + _TOE), rest_ankle + _TOE)
        # The IK bone stands for the sole: its own turn counts, and the toe's place beyond it.
        foot = _swings(pulled[0] @ _TOE, toe - ankle) @ pulled[0]
    return {f"{side}_upper_leg": upper, f"{side}_lower_leg": lower, f"{side}_foot": foot}, ankle


def _knee_for(distance: F64, thigh: F64, shin: F64) -> F64:
    """Return the knee's angles in degrees, (T,), 0 or more, at which hip joint and ankle are as far apart as asked.

    The law of cosines in the knee's plane, from the angle that thigh and shin have at rest.
    """
    a, b = thigh[1:], shin[1:]  # the knee turns about x
    aside = float((thigh[0] + shin[0]) ** 2)
    long, short = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    rest = np.arctan2(a[0] * b[1] - a[1] * b[0], a @ b)
    cosine = (distance**2 - aside - long**2 - short**2) / (2 * long * short)
    return np.asarray(np.maximum(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)) - rest), 0.0))


def _swings(start: F64, end: F64) -> F64:
    """Return the smallest rotations, (T, 3, 3), from directions (T, 3) to directions (T, 3)."""
    return np.stack([swing(a, b) for a, b in zip(start, end, strict=True)])


def _gaze(rig: _Rig, eye_share: float) -> dict[str, F64]:
    both = rig.turn("両目")
    left, right = (to_euler(both @ rig.turn(eye)) for eye in ("左目", "右目"))
    yaw, pitch, _ = ((left + right) / 2 / eye_share).T
    return {"gaze_yaw": yaw, "gaze_pitch": pitch}
