"""Random control vectors as a webcam sees people: the poses that the networks learn from.

Faces vary most and independently; arms mostly hang, and else do what hands do in front of a camera.  Poses in
which a hand or a forearm would lie inside the head or the torso are drawn again.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from engines.controls import EXPRESSIONS, FINGERS, SIDES, VISEMES, ControlVector, controls
from engines.skeleton import BONE_INDEX, BONES, PARENT, Proportions, forward_kinematics, posed_joints
from engines.studio.arm import arm_controls

F32 = npt.NDArray[np.float32]
Values = dict[str, float]
Place = tuple[float, float, float]

#: Share of samples with fully open eyes: with 38 % an L1 loss settles on skin-coloured eyes (measured).
OPEN_EYES = 0.70
#: Share of arms that hang.
HANGING_ARMS = 0.45
_TRIES = 20
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


def sample_controls(rng: np.random.Generator, proportions: Proportions = REFERENCE) -> ControlVector:
    """Return a random portrait pose; legs and root stay neutral.

    Args:
        rng: the only source of randomness.
        proportions: the figure on which collisions are checked.
    """
    values = _head_and_torso(rng) | _face(rng)
    for _ in range(_TRIES):
        vector = controls(values | _arms(rng) | _hands(rng))
        if collision_free(vector, proportions):
            return vector
    return controls(values | _hanging(rng, "left") | _hanging(rng, "right") | _hands(rng))


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


def sweep() -> list[tuple[str, ControlVector]]:
    """Return one labelled vector per thing worth looking at, for contact sheets."""
    down = np.array([0.6, -1.0, -0.2])
    rows: list[tuple[str, Values]] = [("neutral", {})]
    turns = {"head_yaw": 40, "head_pitch": 25, "head_roll": 20, "torso_yaw": 30, "gaze_yaw": 30, "gaze_pitch": 20}
    for name, angle in turns.items():
        rows += [(f"{name} {sign * angle:+d}", {name: sign * angle}) for sign in (1, -1)]
    rows += [("blink left", {"blink_left": 1}), ("blink right", {"blink_right": 1})]
    rows += [("half blink", {"blink_left": 0.5, "blink_right": 0.5})]
    rows += [(name, {name: 1.0}) for name in (*VISEMES, "smile", *EXPRESSIONS)]
    rows += [("brows up", {"brow_left": 1, "brow_right": 1}), ("brows down", {"brow_left": -1, "brow_right": -1})]
    rows += [("left hand raised", dict(arm_controls("left", (0.5, 0.7, 0.4), down, (0, 0, 1))))]
    rows += [("left arm forward", dict(arm_controls("left", (-0.2, -0.1, 1.7), down, (0, -1, 0))))]
    rows += [("left hand to chin", dict(arm_controls("left", (-0.45, 0.2, 0.75), down, (-1, 0, -1))))]
    rows += [("arms out", {"left_upper_arm_z": 0, "right_upper_arm_z": 0, "left_elbow": 0, "right_elbow": 0})]
    return [(label, controls(values)) for label, values in rows]


def _head_and_torso(rng: np.random.Generator) -> Values:
    # Mostly near the camera, sometimes anywhere in the range: the edges must hold too.
    wide = 1.6 if rng.random() < 0.25 else 1.0
    yaw, pitch, roll = rng.normal(0, (18 * wide, 10 * wide, 8 * wide))
    roll -= 0.15 * yaw  # a turned head tips a little
    torso = rng.normal(0, (8, 5, 5)) * (2.0 if rng.random() < 0.15 else 1.0)
    return {
        "head_yaw": float(np.clip(yaw, -50, 50)),
        "head_pitch": float(np.clip(pitch + 2, -32, 32)),
        "head_roll": float(np.clip(roll, -28, 28)),
        "torso_yaw": float(torso[0]),
        "torso_pitch": float(torso[1]),
        "torso_roll": float(torso[2]),
    }


def _face(rng: np.random.Generator) -> Values:
    values: Values = {}
    if rng.random() < 0.75:
        gaze_yaw, gaze_pitch = rng.normal(0, (12, 7))
    else:
        gaze_yaw, gaze_pitch = rng.uniform((-30, -20), (30, 20))
    values |= {"gaze_yaw": float(np.clip(gaze_yaw, -32, 32)), "gaze_pitch": float(np.clip(gaze_pitch, -22, 22))}
    values |= dict(zip(("blink_left", "blink_right"), _blinks(rng), strict=True))

    kind = rng.random()
    if kind > 0.4:
        first, second = rng.choice(VISEMES, 2, replace=False)
        values[str(first)] = float(rng.uniform(0.15, 1.0))
        if kind > 0.85:
            values[str(second)] = float(rng.uniform(0, 1)) * (1 - values[str(first)])
    if rng.random() < 0.35:
        values["smile"] = float(rng.uniform(0.1, 1.0))
    if rng.random() < 0.45:
        both = rng.uniform(-1, 1)
        apart = rng.uniform(-1, 1) if rng.random() < 0.3 else both
        values |= {"brow_left": float(both), "brow_right": float(apart)}
    if rng.random() < 0.18:
        name = rng.choice(EXPRESSIONS, p=(0.4, 0.2, 0.2, 0.2))
        values[str(name)] = float(rng.uniform(0.2, 1.0))
    return values


def _blinks(rng: np.random.Generator) -> tuple[float, float]:
    if rng.random() < OPEN_EYES:
        return 0.0, 0.0
    kind = rng.random()
    if kind < 0.4:  # any phase of a blink
        closed = rng.uniform(0, 1)
        return float(closed), float(closed)
    if kind < 0.6:  # lowered lids
        left, right = rng.uniform(0.1, 0.6) + rng.normal(0, 0.05, 2)
        return float(left), float(right)
    if kind < 0.75:
        return 1.0, 1.0
    wink = (float(rng.uniform(0.4, 1.0)), float(rng.uniform(0, 0.15)))
    return wink if rng.random() < 0.5 else wink[::-1]


def _hands(rng: np.random.Generator) -> Values:
    values: Values = {}
    for side in SIDES:
        values[f"{side}_wrist_flexion"] = float(rng.normal(0, 14))
        values[f"{side}_wrist_deviation"] = float(rng.normal(3, 8))
        kind = rng.random()
        for index, finger in enumerate(FINGERS):
            if kind < 0.45:  # relaxed
                curl = 0.2 + rng.normal(0, 0.08)
            elif kind < 0.65:  # open
                curl = rng.uniform(0, 0.1)
            elif kind < 0.8:  # fist, more or less
                curl = rng.uniform(0.75, 1.0)
            elif kind < 0.88:  # victory
                curl = rng.uniform(0, 0.1) if index in {1, 2} else rng.uniform(0.8, 1)
            elif kind < 0.94:  # pointing
                curl = rng.uniform(0, 0.1) if index == 1 else rng.uniform(0.7, 1)
            else:
                curl = rng.uniform(0, 1)
            values[f"{side}_{finger}_curl"] = float(curl)
    return values


def _elbow_hint(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return where an elbow swings of itself: down, out, a little back."""
    return np.asarray(np.array([0.6, -1.0, -0.2]) + rng.normal(0, (0.35, 0.25, 0.2)))


def _reaching(rng: np.random.Generator, side: str, low: Place, high: Place, palm: npt.ArrayLike) -> Values:
    """Return an arm whose wrist is somewhere in a box and whose palm looks roughly to `palm`."""
    towards = np.asarray(palm, np.float64) + rng.normal(0, 0.35, 3)
    values = dict(arm_controls(side, rng.uniform(low, high), _elbow_hint(rng), towards))
    values[f"{side}_shoulder_raise"] = float(rng.normal(3, 4))
    return values


def _hanging(rng: np.random.Generator, side: str) -> Values:
    return {
        f"{side}_shoulder_raise": float(rng.normal(0, 4)),
        f"{side}_upper_arm_x": float(rng.normal(0, 10)),
        f"{side}_upper_arm_y": float(rng.normal(0, 8)),
        f"{side}_upper_arm_z": float(np.clip(rng.normal(-71, 7), -82, -50)),
        f"{side}_elbow": float(np.abs(rng.normal(8, 12))),
        f"{side}_forearm_twist": float(rng.normal(0, 15)),
    }


def _raised(rng: np.random.Generator, side: str) -> Values:
    return _reaching(rng, side, (0.05, 0.2, 0.1), (1.0, 1.3, 0.8), (0, 0, 1))


def _in_front(rng: np.random.Generator, side: str) -> Values:
    palms = ((-0.5, 0, -1), (0, 0, 1), (-1, 0, 0), (0, -1, 0), (0, 1, 0))
    return _reaching(rng, side, (-0.9, -0.9, 0.6), (0.3, 0.9, 1.5), palms[rng.integers(len(palms))])


def _out(rng: np.random.Generator, side: str) -> Values:
    return _reaching(rng, side, (0.8, -1.4, -0.3), (1.9, 1.2, 0.9), rng.normal(0, 1, 3))


def _chin(rng: np.random.Generator, side: str) -> Values:
    return _reaching(rng, side, (-0.65, 0.05, 0.6), (-0.25, 0.4, 0.95), (-0.6, 0.2, -1))


def _up(rng: np.random.Generator, side: str) -> Values:
    return _reaching(rng, side, (-0.4, 1.2, -0.2), (0.8, 1.9, 0.4), rng.normal(0, 1, 3))


def _crossed(rng: np.random.Generator, side: str) -> Values:
    return _reaching(rng, side, (-1.0, -1.0, 0.55), (-0.5, -0.6, 0.85), (0, 0, -1))


_POSES: tuple[tuple[float, Callable[[np.random.Generator, str], Values]], ...] = (
    (0.38, _raised),
    (0.30, _in_front),
    (0.14, _out),
    (0.12, _chin),
    (0.06, _up),
)


def _arms(rng: np.random.Generator) -> Values:
    if rng.random() < 0.04:
        return _crossed(rng, "left") | _crossed(rng, "right")
    values: Values = {}
    shares = np.array([share for share, _ in _POSES])
    pose = _POSES[rng.choice(len(_POSES), p=shares / shares.sum())][1]
    for side in SIDES:
        # Both arms often do the same.
        if rng.random() < 0.5:
            pose = _POSES[rng.choice(len(_POSES), p=shares / shares.sum())][1]
        values |= _hanging(rng, side) if rng.random() < HANGING_ARMS else pose(rng, side)
    return values
