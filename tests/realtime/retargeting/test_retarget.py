"""From what was seen of a person to the controls of a character."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.controls import INDEX, NAMES, NEUTRAL, ControlVector, as_dict, controls
from engines.skeleton import BONE_INDEX, forward_kinematics, posed_joints
from realtime.control_group import GROUP_INDEX, Group
from realtime.retargeting.retarget import Retarget
from tests.fakes.person import F32, face, person, proportions

WAVE = {"upper_arm_x": -60.0, "upper_arm_y": -20.0, "upper_arm_z": -40.0, "elbow": 95.0}
#: What the torso solve subtracts for people who face the camera: a synthetic body has no such bias.
YAW_BIAS_DEG = 4.0


def _expression(*faces: F32) -> dict[str, float]:
    """Return the controls of the last face after three seconds of the first."""
    retarget = Retarget()
    for frame in range(90):
        retarget(person(face_points=faces[0]), frame / 30)
    return as_dict(retarget(person(face_points=faces[-1]), 3.0).vector)


@pytest.mark.parametrize("side", ["left", "right"])
def test_raised_hand_is_raised_on_its_own_side(side: str) -> None:
    """The arm that waves waves, the other one keeps hanging."""
    given = {f"{side}_{name}": value for name, value in WAVE.items()}
    vector = Retarget()(person(given), 0.0).vector
    for bone, end in (("upper_arm", "lower_arm"), ("lower_arm", "hand")):
        # The fake person is seen without perspective.
        assert _degrees_between(vector, controls(given), f"{side}_{bone}", f"{side}_{end}") < 15
    other = "right" if side == "left" else "left"
    seen = as_dict(vector)
    assert seen[f"{other}_elbow"] < 20
    assert abs(seen[f"{other}_upper_arm_z"] - NEUTRAL[INDEX[f"{other}_upper_arm_z"]]) < 5


def _degrees_between(first: ControlVector, second: ControlVector, start: str, end: str) -> float:
    """Return the angle between one limb of two poses."""
    limbs = []
    for vector in (first, second):
        joints = posed_joints(forward_kinematics(vector, proportions()), proportions())
        limb = joints[BONE_INDEX[end]] - joints[BONE_INDEX[start]]
        limbs.append(limb / np.linalg.norm(limb))
    return float(np.degrees(np.arccos(np.clip(limbs[0] @ limbs[1], -1, 1))))


def test_head_is_relative_to_the_chest() -> None:
    """A head that keeps facing the camera over a turned chest is turned back by as much."""
    seen = as_dict(Retarget()(person({"torso_roll": 12.0}, face_points=face()), 0.0).vector)
    assert 8 < seen["torso_roll"] < 14
    assert abs(seen["head_roll"] + seen["torso_roll"]) < 1.5
    assert abs(seen["head_yaw"] - YAW_BIAS_DEG) < 2


def test_head_turns_have_the_specs_signs() -> None:
    """Turning left and looking down are positive."""
    left = as_dict(Retarget()(person(face_points=face(yaw=25)), 0.0).vector)
    assert abs(left["head_yaw"] + left["torso_yaw"] - 25) < 2
    down = as_dict(Retarget()(person(face_points=face(pitch=20)), 0.0).vector)
    assert abs(down["head_pitch"] - 20) < 2


def test_blink_shuts_both_and_a_wink_one() -> None:
    """Lids follow the person, each side by itself."""
    assert _expression(face(), face(blink_left=1.0, blink_right=1.0))["blink_left"] > 0.9
    wink = _expression(face(), face(blink_right=1.0))
    assert wink["blink_right"] > 0.9 and wink["blink_left"] < 0.1
    assert max(_expression(face())[name] for name in ("blink_left", "blink_right")) < 0.05


@pytest.mark.parametrize("pitch", [-20.0, 20.0])
def test_nodding_does_not_blink(pitch: float) -> None:
    """An open eye stays open when the head tips."""
    assert _expression(face(), face(pitch=pitch))["blink_left"] < 0.1


def test_narrow_eyes_are_learnt_as_open() -> None:
    """Someone whose eyes are half as open as usual does not look sleepy after a while."""
    assert _expression(face(blink_left=0.35, blink_right=0.35))["blink_left"] < 0.15


def test_visemes_follow_the_mouth() -> None:
    """Open is aa, open and narrow is oh, narrow is ou; a smile is a smile."""
    rest = face()
    opened = _expression(rest, face(jaw_cm=2.2))
    assert opened["aa"] > 0.7 and opened["oh"] < 0.1
    rounded = _expression(rest, face(jaw_cm=1.5, narrow_cm=0.7))
    assert rounded["oh"] > rounded["aa"]
    assert _expression(rest, face(narrow_cm=0.7))["ou"] > 0.8
    assert _expression(rest, face(smile_cm=0.5))["smile"] > 0.6
    shut = _expression(rest)
    assert max(shut[name] for name in ("aa", "ih", "ou", "ee", "oh", "smile")) < 0.05


def test_gaze_and_brow_have_the_specs_signs() -> None:
    """Looking to the subject's left and raising the left brow are positive."""
    assert _expression(face(), face(gaze_mm=3.0))["gaze_yaw"] > 8
    raised = _expression(face(), face(brow_left_cm=0.6))
    assert raised["brow_left"] > 0.5 and raised["brow_left"] > raised["brow_right"]


def test_hand_before_the_mouth_hides_it() -> None:
    """No mouth shape is reported from behind a hand."""
    points = face()
    seen = person(face_points=points)
    assert seen.pose is not None
    pose = seen.pose.copy()
    pose[19, :2] = points[13, :2]
    retargeted = Retarget()(replace(seen, pose=pose), 0.0)
    assert Group.MOUTH not in retargeted.confidence
    assert Group.EYES in retargeted.confidence


def test_unseen_elbow_leaves_the_arm_neutral() -> None:
    """An arm whose elbow is not visible is not reported and not posed."""
    retargeted = Retarget()(person({"left_elbow": 90.0}, hidden=(13, 15)), 0.0)
    assert Group.LEFT_ARM not in retargeted.confidence and Group.RIGHT_ARM in retargeted.confidence
    index = GROUP_INDEX[Group.LEFT_ARM]
    assert (retargeted.vector[index] == NEUTRAL[index]).all()


def test_leaning_to_the_camera_pitches_the_torso() -> None:
    """A face that comes nearer than usual is a lean; legs and root never move."""
    retarget = Retarget()
    for frame in range(90):
        retarget(person(face_points=face(scale_px=8.0)), frame / 30)
    near = retarget(person(face_points=face(scale_px=10.0)), 3.0).vector
    assert near[INDEX["torso_pitch"]] > 5
    lower = [INDEX[name] for name in NAMES[INDEX["left_upper_leg_x"] :]]
    assert (near[lower] == NEUTRAL[lower]).all()


def test_face_alone_and_body_alone_are_enough() -> None:
    """Either part may be missing."""
    both = person(face_points=face(yaw=20))
    only_face = Retarget()(replace(both, pose=None, pose_world=None, pose_visibility=None), 0.0)
    assert set(only_face.confidence) == {Group.HEAD, Group.EYES, Group.MOUTH}
    assert abs(only_face.vector[INDEX["head_yaw"]] - 20) < 0.1
    only_body = Retarget()(replace(both, face=None), 0.0)
    assert Group.HEAD not in only_body.confidence and Group.TORSO in only_body.confidence


def test_vector_is_inside_the_ranges_for_any_landmarks() -> None:
    """Nonsense in, clipped numbers out."""
    rng = np.random.default_rng(0)
    retarget = Retarget()
    for index in range(50):
        seen = person(face_points=rng.normal(0.5, 1.0, (478, 3)).astype(np.float32))
        seen = replace(
            seen,
            pose=rng.normal(0.5, 1.0, (33, 3)).astype(np.float32),
            pose_world=rng.normal(0, 1, (33, 3)).astype(np.float32),
        )
        assert np.isfinite(retarget(seen, index / 30).vector).all()


def test_shoulder_outside_the_picture_or_turned_back_is_not_believed() -> None:
    """Neither a half guessed body nor a back moves the torso or the arms."""
    seen = person({"left_elbow": 90.0}, face_points=face())
    assert seen.pose is not None
    outside = seen.pose + np.array([0.45, 0.0, 0.0], np.float32)
    back = seen.pose * np.array([-1, 1, 1], np.float32) + np.array([1, 0, 0], np.float32)
    for pose in (outside, back):
        groups = Retarget()(replace(seen, pose=pose), 0.0).confidence
        assert Group.TORSO not in groups or groups[Group.TORSO] < 0.5
        assert Group.LEFT_ARM not in groups and Group.RIGHT_ARM not in groups
        assert Group.HEAD in groups
