"""Whether a pose puts a hand or a forearm inside the head or the torso."""

from __future__ import annotations

import numpy as np

from engines.controls import SIDES, ControlVector
from engines.skeleton import BONE_INDEX, BONES, PARENT, Proportions, forward_kinematics, posed_joints

#: Body parts as spheres and an elliptic capsule, metres on the reference figure; clothes included.
_HEAD_CENTRE = np.array([0.0, 0.09, 0.02])
_HEAD_RADIUS = 0.125
_TORSO_HALF_WIDTH = 0.15
_TORSO_HALF_DEPTH = 0.11
#: The middle of the hand lies this far from the wrist, along the forearm.
_PALM = 0.09


def _reference() -> Proportions:
    """Return the figure on which poses are checked: the mean of four VRoid avatars, to the centimetre."""
    places: dict[str, tuple[float, float, float]] = {
        "hips": (0, 0.95, 0),
        "spine": (0, 1.0, 0.01),
        "chest": (0, 1.11, 0.01),
        "neck": (0, 1.36, -0.01),
        "head": (0, 1.44, 0),
    }
    for side, sign in (("left", 1), ("right", -1)):
        places |= {
            f"{side}_eye": (0.02 * sign, 1.50, 0.02),
            f"{side}_shoulder": (0.03 * sign, 1.33, -0.01),
            f"{side}_upper_arm": (0.11 * sign, 1.31, -0.01),
            f"{side}_lower_arm": (0.33 * sign, 1.31, -0.01),
            f"{side}_hand": (0.54 * sign, 1.31, 0),
            f"{side}_upper_leg": (0.07 * sign, 0.91, 0),
            f"{side}_lower_leg": (0.07 * sign, 0.52, 0),
            f"{side}_foot": (0.07 * sign, 0.12, -0.02),
        }
    joints = np.zeros((len(BONES), 3), np.float32)
    for index, (bone, parent) in enumerate(zip(BONES, PARENT, strict=True)):
        joints[index] = places.get(bone, joints[parent])
    return Proportions(
        joints=joints,
        left_eye=np.array([0.042, 1.50, 0.08], np.float32),
        right_eye=np.array([-0.042, 1.50, 0.08], np.float32),
        mouth=np.array([0, 1.43, 0.08], np.float32),
        head_top=1.66,
    )


REFERENCE = _reference()


def collision_free(vector: ControlVector, proportions: Proportions = REFERENCE) -> bool:
    """Return whether both hands and forearms stay outside the head and the torso."""
    skinning = forward_kinematics(vector, proportions)
    joints = posed_joints(skinning, proportions)
    scale = proportions.head_top / REFERENCE.head_top
    head = skinning[BONE_INDEX["head"]]
    rest_head = proportions.joints[BONE_INDEX["head"]] + _HEAD_CENTRE * scale
    head_centre = head[:3, :3] @ rest_head + head[:3, 3]
    hips, chest, neck = (joints[BONE_INDEX[bone]] for bone in ("hips", "chest", "neck"))
    chest_matrix = skinning[BONE_INDEX["chest"], :3, :3]
    for side in SIDES:
        elbow, wrist = joints[BONE_INDEX[f"{side}_lower_arm"]], joints[BONE_INDEX[f"{side}_hand"]]
        palm = wrist + (wrist - elbow) / max(float(np.linalg.norm(wrist - elbow)), 1e-6) * _PALM * scale
        points = np.stack([elbow * 0.4 + wrist * 0.6, wrist, palm])
        if np.linalg.norm(points - head_centre, axis=1).min() < _HEAD_RADIUS * scale:
            return False
        for point in points:
            start, end = (hips, chest) if point[1] < chest[1] else (chest, neck)
            share = np.clip((point - start) @ (end - start) / max(float((end - start) @ (end - start)), 1e-9), 0, 1)
            offset = chest_matrix.T @ (point - start - (end - start) * share)
            radii = np.array([_TORSO_HALF_WIDTH, 0.1, _TORSO_HALF_DEPTH]) * scale
            if np.linalg.norm(offset / radii) < 1:
                return False
    return True
