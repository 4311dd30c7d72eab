"""From a BVH file to a performance: axes, unit, ground, facing and fingers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.controls import FINGERS, SIDES
from engines.errors import MotionError
from engines.motion.body import LEG
from engines.motion.bvh import Bvh, read_bvh
from engines.motion.joint_names import identify
from engines.motion.performance import Performance
from engines.motion.rotation import about, mirrored, to_euler
from engines.motion.t_pose import Skeleton

F64 = npt.NDArray[np.float64]

_LIMBS = ("shoulder", "upper_arm", "lower_arm", "hand", "upper_leg", "lower_leg", "foot")
_PHALANGES = ("proximal", "intermediate", "distal")
#: The ankle stands on the ground in the lowest part of the frames.
GROUND_QUANTILE = 0.05


def bvh_performance(path: Path, *, face_viewer: bool = True) -> Performance:
    """Return the performance in a BVH file.

    Args:
        path: the file.
        face_viewer: turn the whole clip so that the hips look at the viewer in the first frame.

    Raises:
        MotionError: the file is damaged, or its joints go by names that are not known.
    """
    return captured_performance(read_bvh(path), path.stem, face_viewer=face_viewer)


def captured_performance(bvh: Bvh, name: str, *, face_viewer: bool = True) -> Performance:
    """Return the performance in parsed BVH; raises as :func:`bvh_performance` does."""
    skeleton = Skeleton(bvh, identify([joint.name for joint in bvh.joints]))
    parts = ["hips", "chest", "neck", "head", *(f"{side}_{limb}" for side in SIDES for limb in _LIMBS)]
    rotations = {part: skeleton.canonical(part) for part in parts if part in skeleton.t_pose}
    if "head" not in rotations and "neck" in rotations:
        rotations["head"] = rotations["neck"]
    for side in SIDES:
        rotations |= _fingers(skeleton, side)
    facing = about("y", -to_euler(rotations["hips"][:1])[0, 0]) if face_viewer else np.eye(3)
    unit = LEG / _leg_length(skeleton, bvh.name)
    places = (skeleton.positions @ facing.T) * unit
    hips = places[:, skeleton.parts["hips"]]
    ankles = places[:, [skeleton.parts[f"{side}_foot"] for side in SIDES], :2]
    ankles -= [hips[0, 0], np.quantile(ankles[..., 1].min(axis=1), GROUND_QUANTILE)]
    return Performance(
        name=name,
        fps=bvh.fps,
        rotations={bone: facing @ rotation for bone, rotation in rotations.items()},
        root_x=hips[:, 0] - hips[0, 0],
        ankles=ankles,
        face={},
    )


def _leg_length(skeleton: Skeleton, name: str) -> float:
    lengths = []
    for side in SIDES:
        chain = [skeleton.parts.get(f"{side}_{bone}") for bone in ("upper_leg", "lower_leg", "foot")]
        if None in chain:
            raise MotionError(f"{name}: the {side} leg has no foot; export the clip with LeftFoot and RightFoot")
        upper, lower, foot = (skeleton.positions[0, joint] for joint in chain)
        lengths.append(float(np.linalg.norm(lower - upper) + np.linalg.norm(foot - lower)))
    if min(lengths) < 1e-6:
        raise MotionError(f"{name}: a leg has no length; export the clip with its skeleton's offsets")
    return sum(lengths) / len(lengths)


def _fingers(skeleton: Skeleton, side: str) -> dict[str, F64]:
    """Return the finger bones' rotations, from where the segments point: some rigs turn a joint about itself."""
    hand = f"{side}_hand"
    if hand not in skeleton.t_pose:
        return {}
    palm = skeleton.canonical(hand)
    rotations: dict[str, F64] = {}
    for finger in FINGERS:
        bones = [f"{side}_{finger}_{phalanx}" for phalanx in _PHALANGES]
        if finger == "thumb":
            if skeleton.stands_at_rest:
                rotations |= {bone: skeleton.canonical(bone) for bone in bones if bone in skeleton.parts}
            continue
        for bone in bones:
            if bone not in skeleton.parts:
                break
            direction = skeleton.segment(bone)
            if direction is None:
                break
            seen = np.einsum("tji,tj->ti", palm, direction) * ([1, 1, 1] if side == "left" else [-1, 1, 1])
            bend = about("z", np.degrees(np.arctan2(seen[:, 1], seen[:, 0])))
            rotations[bone] = palm @ (bend if side == "left" else mirrored(bend))
    return rotations
