"""The canonical humanoid skeleton and its forward kinematics, in plain numpy.

One skeleton serves both sides: the studio poses an avatar with it to render what the network learns from,
and at run time the same code poses the character's own proportions to make the structure maps.  Bones are
VRM's humanoid bones under VRM's names (snake case); the rest pose is the T-pose with all bone axes parallel
to the world's (as in a normalised VRM 0.x file), palms down, thumbs forward.

Source of bone names and T-pose: VRM 1.0 specification, `humanoid.md` and `tpose.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.controls import FINGERS, INDEX, SIDES, ControlVector

F32 = npt.NDArray[np.float32]

_PARENTS: dict[str, str | None] = {
    "hips": None,
    "spine": "hips",
    "chest": "spine",
    "neck": "chest",
    "head": "neck",
    "left_eye": "head",
    "right_eye": "head",
}
for _side in SIDES:
    _PARENTS |= {
        f"{_side}_shoulder": "chest",
        f"{_side}_upper_arm": f"{_side}_shoulder",
        f"{_side}_lower_arm": f"{_side}_upper_arm",
        f"{_side}_hand": f"{_side}_lower_arm",
    }
    for _finger in FINGERS:
        _PARENTS |= {
            f"{_side}_{_finger}_proximal": f"{_side}_hand",
            f"{_side}_{_finger}_intermediate": f"{_side}_{_finger}_proximal",
            f"{_side}_{_finger}_distal": f"{_side}_{_finger}_intermediate",
        }
for _side in SIDES:
    _PARENTS |= {
        f"{_side}_upper_leg": "hips",
        f"{_side}_lower_leg": f"{_side}_upper_leg",
        f"{_side}_foot": f"{_side}_lower_leg",
    }

#: Bone names, parents before children.  VRM's `upperChest` counts as `chest`, `toes` as `foot`.
BONES: tuple[str, ...] = tuple(_PARENTS)
BONE_INDEX: dict[str, int] = {name: index for index, name in enumerate(BONES)}
#: Index of each bone's parent; -1 for the hips.
PARENT: tuple[int, ...] = tuple(-1 if parent is None else BONE_INDEX[parent] for parent in _PARENTS.values())

#: How a turn of the head is shared between neck and head, and one of the torso between spine and chest.
#: Half and half within a little is what clinical cervical motion studies report for axial rotation.
NECK_SHARE = 0.4
SPINE_SHARE = 0.4
#: Flexion in degrees of the three finger joints at curl 1 (a fist).
FINGER_FLEXION_DEG = (75.0, 95.0, 60.0)
#: A thumb comes down in front of the palm first and then folds across it: rotation vectors in degrees of its
#: three joints at curl 1, set by eye so that it lies on a fist's fingers.
THUMB_FLEXION_DEG = ((50.0, 25.0, 0.0), (0.0, 40.0, 0.0), (0.0, 50.0, 0.0))
#: An anime eye's bone lies far behind a wide, flat iris: it turns by less for the same apparent gaze.
EYE_GAIN = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportions:
    """Where a character's joints and face features are in the rest pose.

    Args:
        joints: float32, (len(BONES), 3), metres, canonical axes, feet near y = 0.
        left_eye: float32, (3,), centre of the left eye's opening on the face surface.
        right_eye: the same for the right eye.
        mouth: float32, (3,), centre of the mouth on the face surface.
        head_top: highest y of head and hair in metres.
        eye_gain: turn of the eye bones per degree of gaze.
    """

    joints: F32
    left_eye: F32
    right_eye: F32
    mouth: F32
    head_top: float
    eye_gain: float = EYE_GAIN

    def __post_init__(self) -> None:
        expected = (len(BONES), 3)
        if self.joints.shape != expected:
            raise ValueError(f"joints: got shape {self.joints.shape}, expected {expected}")


def rotation_from_vector(vector_deg: npt.ArrayLike) -> F32:
    """Return the rotation matrix (3, 3) of a rotation vector in degrees (Rodrigues' formula)."""
    vector = np.radians(np.asarray(vector_deg, np.float64))
    angle = float(np.sqrt(vector @ vector))
    if angle < 1e-9:
        return np.eye(3, dtype=np.float32)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    matrix = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    return np.asarray(matrix, np.float32)


def vector_from_rotation(matrix: npt.ArrayLike) -> F32:
    """Return the rotation vector in degrees, (3,), of a rotation matrix; the inverse of the above.

    Goes over the quaternion's largest component, which keeps full precision at every angle: the arc cosine of
    the trace loses half the digits of small angles, and the antisymmetric part vanishes at half a turn.

    Source: S. W. Shepperd, "Quaternion from rotation matrix", J. Guidance and Control 1 (1978).
    """
    m = np.asarray(matrix, np.float64)
    # Row k is 4 * q[k] * q, q = (w, x, y, z).
    outer = np.array(
        [
            [1 + m[0, 0] + m[1, 1] + m[2, 2], m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], 1 + m[0, 0] - m[1, 1] - m[2, 2], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0]],
            [m[0, 2] - m[2, 0], m[0, 1] + m[1, 0], 1 - m[0, 0] + m[1, 1] - m[2, 2], m[1, 2] + m[2, 1]],
            [m[1, 0] - m[0, 1], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], 1 - m[0, 0] - m[1, 1] + m[2, 2]],
        ]
    )
    quaternion = outer[int(np.argmax(np.diag(outer)))]
    if quaternion[0] < 0:
        quaternion = -quaternion
    sine = float(np.linalg.norm(quaternion[1:]))
    if sine == 0.0:
        return np.zeros(3, np.float32)
    angle = 2 * np.arctan2(sine, quaternion[0])
    return np.asarray(np.degrees(quaternion[1:] / sine * angle), np.float32)


def rotation_from_euler(yaw_deg: float, pitch_deg: float, roll_deg: float) -> F32:
    """Return Ry(yaw) @ Rx(pitch) @ Rz(roll), (3, 3): the meaning of every yaw/pitch/roll control."""
    y, x, z = np.radians([yaw_deg, pitch_deg, roll_deg])
    cy, sy, cx, sx, cz, sz = np.cos(y), np.sin(y), np.cos(x), np.sin(x), np.cos(z), np.sin(z)
    return np.array(
        [
            [cy * cz + sy * sx * sz, -cy * sz + sy * sx * cz, sy * cx],
            [cx * sz, cx * cz, -sx],
            [-sy * cz + cy * sx * sz, sy * sz + cy * sx * cz, cy * cx],
        ],
        np.float32,
    )


def euler_from_rotation(matrix: npt.ArrayLike) -> tuple[float, float, float]:
    """Return (yaw, pitch, roll) in degrees; the inverse of :func:`rotation_from_euler` for |pitch| < 90."""
    m = np.asarray(matrix, np.float64)
    pitch = np.arcsin(np.clip(-m[1, 2], -1.0, 1.0))
    yaw = np.arctan2(m[0, 2], m[2, 2])
    roll = np.arctan2(m[1, 0], m[1, 1])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))


def rotations_from_vectors(vectors_deg: npt.ArrayLike) -> F32:
    """Return the rotation matrices, (N, 3, 3), of rotation vectors in degrees, (N, 3), at once."""
    vectors = np.radians(np.asarray(vectors_deg, np.float64))
    angle = np.sqrt((vectors * vectors).sum(axis=1))
    still = angle < 1e-9
    x, y, z = (vectors / np.where(still, 1.0, angle)[:, None]).T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    cross[still] = 0.0
    sine, versine = np.sin(angle)[:, None, None], (1 - np.cos(angle))[:, None, None]
    return np.asarray(np.eye(3) + sine * cross + versine * (cross @ cross), np.float32)


def _limb_turns() -> tuple[tuple[int, int, int, float], ...]:
    """Return what turns limbs: row of the vectors, axis, control, factor.

    Rows are the bones and, beyond them, one half twist of the forearm and one flexion of the wrist per side.
    """
    turns: list[tuple[int, int, int, float]] = []
    for number, side in enumerate(SIDES):
        mirror = (1.0, 1.0, 1.0) if side == "left" else (1.0, -1.0, -1.0)
        single = [("shoulder", 2, "shoulder_raise", 1.0), ("lower_arm", 1, "elbow", -1.0)]
        single += [("hand", 1, "wrist_deviation", -1.0), ("lower_leg", 0, "knee", 1.0), ("foot", 0, "ankle", 1.0)]
        for limb in ("upper_arm", "upper_leg"):
            single += [(limb, axis, f"{limb}_{name}", 1.0) for axis, name in enumerate("xyz")]
        for finger in FINGERS:
            flexion = THUMB_FLEXION_DEG if finger == "thumb" else tuple((0.0, 0.0, -deg) for deg in FINGER_FLEXION_DEG)
            for phalanx, bend in zip(("proximal", "intermediate", "distal"), flexion, strict=True):
                single += [(f"{finger}_{phalanx}", axis, f"{finger}_curl", bend[axis]) for axis in range(3)]
        turns += [
            (BONE_INDEX[f"{side}_{bone}"], axis, INDEX[f"{side}_{name}"], factor * mirror[axis])
            for bone, axis, name, factor in single
        ]
        twist, flex = INDEX[f"{side}_forearm_twist"], INDEX[f"{side}_wrist_flexion"]
        turns += [(len(BONES) + number, 0, twist, -0.5), (len(BONES) + 2 + number, 2, flex, -mirror[2])]
    return tuple(turns)


_TURNS = np.array(_limb_turns())
_ROW, _AXIS, _CONTROL = _TURNS[:, :3].astype(np.int64).T
_FACTOR = _TURNS[:, 3]


def bone_rotations(vector: ControlVector, eye_gain: float = EYE_GAIN) -> F32:
    """Return each bone's rotation relative to its parent, (len(BONES), 3, 3), for a control vector."""
    vectors = np.zeros((len(BONES) + 4, 3))
    vectors[_ROW, _AXIS] = vector[_CONTROL] * _FACTOR

    def value(name: str) -> float:
        return float(vector[INDEX[name]])

    for lower, upper, share, prefix in (
        ("spine", "chest", SPINE_SHARE, "torso"),
        ("neck", "head", NECK_SHARE, "head"),
    ):
        total = rotation_from_euler(value(f"{prefix}_yaw"), value(f"{prefix}_pitch"), value(f"{prefix}_roll"))
        as_vector = vector_from_rotation(total)
        vectors[BONE_INDEX[lower]] = as_vector * share
        vectors[BONE_INDEX[upper]] = as_vector * (1 - share)
    turned = rotations_from_vectors(vectors)
    rotations, half_twist, flexion = turned[: len(BONES)], turned[len(BONES) : -2], turned[-2:]
    for number, side in enumerate(SIDES):
        lower_arm, hand = BONE_INDEX[f"{side}_lower_arm"], BONE_INDEX[f"{side}_hand"]
        rotations[lower_arm] = rotations[lower_arm] @ half_twist[number]
        rotations[hand] = half_twist[number] @ (rotations[hand] @ flexion[number])
    rotations[BONE_INDEX["hips"]] = rotation_from_euler(value("root_yaw"), value("root_pitch"), value("root_roll"))
    gaze = rotation_from_euler(value("gaze_yaw") * eye_gain, value("gaze_pitch") * eye_gain, 0.0)
    rotations[[BONE_INDEX["left_eye"], BONE_INDEX["right_eye"]]] = gaze
    return rotations


def forward_kinematics(vector: ControlVector, proportions: Proportions) -> F32:
    """Return the skinning matrices, (len(BONES), 4, 4), that carry rest-pose points to the posed figure.

    A point bound to one bone moves as ``posed = matrix[bone] @ (x, y, z, 1)``; linear blend skinning sums
    over bones.  ``root_x`` and ``root_y`` move the hips in units of their rest height.
    """
    joints = proportions.joints
    local = bone_rotations(vector, proportions.eye_gain)
    world = np.zeros((len(BONES), 4, 4), np.float32)
    world[:, 3, 3] = 1.0
    hip_height = float(joints[0, 1])
    root = np.array([vector[INDEX["root_x"]], vector[INDEX["root_y"]], 0.0], np.float32) * hip_height
    for bone, parent in enumerate(PARENT):
        if parent < 0:
            world[bone, :3, :3] = local[bone]
            world[bone, :3, 3] = joints[bone] + root
        else:
            world[bone, :3, :3] = world[parent, :3, :3] @ local[bone]
            world[bone, :3, 3] = world[parent, :3, :3] @ (joints[bone] - joints[parent]) + world[parent, :3, 3]
    skinning = world.copy()
    skinning[:, :3, 3] -= np.einsum("bij,bj->bi", world[:, :3, :3], joints)
    return skinning


def posed_joints(skinning: F32, proportions: Proportions) -> F32:
    """Return joint positions after posing, (len(BONES), 3), metres."""
    return np.asarray(np.einsum("bij,bj->bi", skinning[:, :3, :3], proportions.joints) + skinning[:, :3, 3], np.float32)
