"""A person made of numbers: observations whose joint angles and expression are known exactly."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engines.controls import FINGERS, SIDES, controls
from engines.skeleton import BONE_INDEX, BONES, Proportions, forward_kinematics, posed_joints, rotation_from_euler
from realtime.observation import PersonObservation
from realtime.retargeting.face_geometry import DEPTH_GAIN, TEMPLATE_CM, TEMPLATE_POINTS

F32 = npt.NDArray[np.float32]

IMAGE_SIZE = (640, 480)
#: Pixels per metre: shoulders 0.3 m apart are 120 px wide.
_SCALE_PX = 400.0
_PICTURE_CENTRE, _WHOLE_CENTRE = np.array([320.0, 300.0]), np.array([320.0, 240.0])
#: Where the feature points of a resting face lie in head space, centimetres (measured mean face).
_REST_FACE: dict[int, tuple[float, float, float]] = {
    **{385: (2.74, 0.34, 0.80), 386: (3.20, 0.34, 0.78), 387: (3.67, 0.27, 0.64)},
    **{380: (2.63, -0.29, 0.71), 374: (3.08, -0.34, 0.69), 373: (3.55, -0.31, 0.54)},
    **{473: (3.11, 0.02, 0.53), 336: (1.39, 2.21, 2.08), 296: (2.74, 2.35, 1.80)},
    **{334: (3.92, 2.37, 1.22), 293: (4.85, 2.05, 0.58), 285: (1.19, 1.33, 1.91)},
    **{82: (-0.59, -6.14, 2.28), 13: (0.00, -6.17, 2.35), 312: (0.59, -6.14, 2.28)},
    **{87: (-0.59, -6.44, 2.30), 14: (0.00, -6.48, 2.38), 317: (0.59, -6.44, 2.30)},
    **{61: (-2.40, -6.25, 1.12), 291: (2.40, -6.25, 1.12), 0: (0.00, -5.60, 2.86), 17: (0.00, -7.35, 2.61)},
}
_PHALANXES = ("proximal", "intermediate", "distal")
_PHALANX_M = 0.025
#: Left eye and brow points with their twins on the right.
_TWINS = {
    385: 158,
    386: 159,
    387: 160,
    380: 153,
    374: 145,
    373: 144,
    473: 468,
    336: 107,
    285: 55,
    296: 66,
    334: 105,
    293: 63,
}
_UPPER_LIDS = {"left": (385, 386, 387), "right": (158, 159, 160)}
_LOWER_LIDS = {"left": (380, 374, 373), "right": (153, 145, 144)}
_BROWS = {"left": (336, 285, 296, 334, 293), "right": (107, 55, 66, 105, 63)}


def proportions() -> Proportions:
    """Return a simple adult figure in T-pose, metres."""
    joints = np.zeros((len(BONES), 3), np.float32)

    def put(name: str, x: float, y: float, z: float = 0.0) -> None:
        joints[BONE_INDEX[name]] = (x, y, z)

    put("hips", 0, 1.0)
    put("spine", 0, 1.1)
    put("chest", 0, 1.25)
    put("neck", 0, 1.45)
    put("head", 0, 1.55)
    for side, sign in (("left", 1), ("right", -1)):
        put(f"{side}_shoulder", 0.03 * sign, 1.4)
        put(f"{side}_upper_arm", 0.15 * sign, 1.4)
        put(f"{side}_lower_arm", 0.39 * sign, 1.4)
        put(f"{side}_hand", 0.61 * sign, 1.4)
        for finger, depth in (("index", 0.03), ("middle", 0.01), ("ring", -0.01), ("little", -0.03)):
            for number, phalanx in enumerate(_PHALANXES):
                put(f"{side}_{finger}_{phalanx}", (0.70 + _PHALANX_M * number) * sign, 1.4, depth)
        for number, phalanx in enumerate(_PHALANXES):
            put(f"{side}_thumb_{phalanx}", (0.63 + 0.02 * number) * sign, 1.4, 0.03 + 0.02 * number)
        put(f"{side}_upper_leg", 0.09 * sign, 0.95)
        put(f"{side}_lower_leg", 0.09 * sign, 0.52)
        put(f"{side}_foot", 0.09 * sign, 0.09)
    centre = joints[BONE_INDEX["head"]]
    return Proportions(joints=joints, left_eye=centre, right_eye=centre, mouth=centre, head_top=1.75)


def face(
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    blink_left: float = 0.0,
    blink_right: float = 0.0,
    gaze_mm: float = 0.0,
    jaw_cm: float = 0.0,
    narrow_cm: float = 0.0,
    smile_cm: float = 0.0,
    brow_left_cm: float = 0.0,
    centre_px: tuple[float, float] = (320.0, 60.0),
    scale_px: float = 8.0,
) -> F32:
    """Return face points as MediaPipe gives them, float32 (478, 3), of a head turned by degrees.

    Args:
        yaw: of the head towards the camera, as the control.
        pitch: the same.
        roll: the same.
        blink_left: 0 open, 1 shut.
        blink_right: the same.
        gaze_mm: how far both irises sit to the subject's left.
        jaw_cm: how far the lower lip drops.
        narrow_cm: how far each mouth corner moves inwards.
        smile_cm: how far each mouth corner moves outwards and upwards.
        brow_left_cm: how far the left brow rises.
        centre_px: where the middle between the eyes is in the picture.
        scale_px: pixels per centimetre.
    """
    points = np.zeros((478, 3))
    points[:, 2] = 1.0
    points[TEMPLATE_POINTS] = TEMPLATE_CM
    for index, place in _REST_FACE.items():
        points[index] = place
    for left, right in _TWINS.items():
        points[right] = points[left] * [-1, 1, 1]
    for side, amount in (("left", blink_left), ("right", blink_right)):
        upper, lower = list(_UPPER_LIDS[side]), list(_LOWER_LIDS[side])
        points[upper] += 0.75 * amount * (points[lower] - points[upper])
    points[[468, 473], 0] += gaze_mm * 2.56 / 29.5  # the eye of this face is 2.56 cm wide, a real one 29.5 mm
    points[[87, 14, 317, 17], 1] -= jaw_cm
    points[291] += [smile_cm - narrow_cm, smile_cm, 0]
    points[61] += [narrow_cm - smile_cm, smile_cm, 0]
    points[list(_BROWS["left"]), 1] += brow_left_cm
    turned = points @ np.asarray(rotation_from_euler(yaw, pitch, roll), np.float64).T * scale_px
    pixels = turned * [1, -1, -1 / DEPTH_GAIN] + [*centre_px, 0.0]
    return (pixels / [IMAGE_SIZE[0], IMAGE_SIZE[1], IMAGE_SIZE[0]]).astype(np.float32)


def person(
    values: Mapping[str, float] | None = None,
    *,
    face_points: F32 | None = None,
    hidden: tuple[int, ...] = (),
    with_hands: tuple[str, ...] = (),
    whole: bool = False,
    person_id: int = 1,
) -> PersonObservation:
    """Return the observation of a person posed by named controls, seen from the front.

    Args:
        values: named controls; the torso must be upright for `pose_world` not to claim a lean.
        face_points: from :func:`face`, or None for a hidden face.
        hidden: pose points with visibility 0.
        with_hands: sides whose hand the tracker found, too.
        whole: from head to feet inside the picture, at half the size.
        person_id: as in the observation.
    """
    figure = proportions()
    skinning = forward_kinematics(controls(values), figure)
    joints = posed_joints(skinning, figure).astype(np.float64)
    world = np.zeros((33, 3))
    world[:] = joints[BONE_INDEX["head"]]
    for offset, side in ((0, "left"), (1, "right")):
        for first, bone in (
            (7, "head"),
            (11, "upper_arm"),
            (13, "lower_arm"),
            (15, "hand"),
            (17, "little_proximal"),
            (19, "index_proximal"),
            (21, "index_proximal"),
            (23, "upper_leg"),
            (25, "lower_leg"),
            (27, "foot"),
        ):
            world[first + offset] = joints[BONE_INDEX[bone if bone == "head" else f"{side}_{bone}"]]
        foot = skinning[BONE_INDEX[f"{side}_foot"], :3, :3].astype(np.float64)
        ankle = world[27 + offset]
        world[29 + offset], world[31 + offset] = ankle + foot @ [0, -0.06, -0.05], ankle + foot @ [0, -0.06, 0.15]
    hands = {side: _hand(side, figure, skinning, joints) for side in SIDES if side in with_hands}
    hips = joints[BONE_INDEX["hips"]]
    world -= hips
    world[:11, 1] += 0.08  # eyes, ears and mouth lie above the head's joint
    scale_px, centre_px = (_SCALE_PX / 2, _WHOLE_CENTRE) if whole else (_SCALE_PX, _PICTURE_CENTRE)
    place = (hips - figure.joints[BONE_INDEX["hips"]])[:2] + world[:, :2]
    pixels = np.concatenate([centre_px + place * [scale_px, -scale_px], world[:, 2:] * -scale_px], 1)
    visibility = np.ones(33, np.float32)
    visibility[list(hidden)] = 0.0
    return PersonObservation(
        person_id=person_id,
        pose=(pixels / [IMAGE_SIZE[0], IMAGE_SIZE[1], IMAGE_SIZE[0]]).astype(np.float32),
        pose_world=(world * [1, -1, -1]).astype(np.float32),
        pose_visibility=visibility,
        face=face_points,
        left_hand=hands.get("left"),
        right_hand=hands.get("right"),
        left_hand_world=hands.get("left"),
        right_hand_world=hands.get("right"),
        image_size=IMAGE_SIZE,
    )


def _hand(side: str, figure: Proportions, skinning: F32, joints: npt.NDArray[np.float64]) -> F32:
    """Return the 21 points of a hand, (21, 3), metres, y down and z away."""
    points = [joints[BONE_INDEX[f"{side}_hand"]]]
    for finger in FINGERS:
        bones = [BONE_INDEX[f"{side}_{finger}_{phalanx}"] for phalanx in _PHALANXES]
        tip = 2 * figure.joints[bones[2]] - figure.joints[bones[1]]
        points += [*joints[bones], skinning[bones[2], :3, :3] @ tip + skinning[bones[2], :3, 3]]
    return np.asarray((np.array(points) - points[0]) * [1, -1, -1], np.float32)
