"""MikuMikuDance's bones and morphs as controls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engines import controls
from engines.controls import as_dict
from engines.motion.mmd import mmd_performance, vmd_performance
from engines.motion.pose import performance_controls
from engines.motion.vmd import parse_vmd
from engines.skeleton import BONE_INDEX
from tests.engines.motion.conftest import motion_asset
from tests.fakes.motion import world_rotations
from tests.fakes.motion_files import build_vmd

_STILL = (0.0, 0.0, 0.0, 1.0)


def _about(axis: str, degrees: float) -> tuple[float, ...]:
    """Return a quaternion (x, y, z, w) in MikuMikuDance's own axes."""
    half = np.radians(degrees) / 2
    return (*(float(np.sin(half)) if name == axis else 0.0 for name in "xyz"), float(np.cos(half)))


def _controls(
    bones: dict[str, tuple[Sequence[float], Sequence[float]]], morphs: dict[str, float] | None = None
) -> dict[str, float]:
    data = build_vmd(
        {bone: [(0, place, turn)] for bone, (place, turn) in ({"センター": ((0, 0, 0), _STILL)} | bones).items()},
        {morph: [(0, weight)] for morph, weight in (morphs or {}).items()},
    )
    return as_dict(performance_controls(mmd_performance(parse_vmd(data, "made.vmd"), "made"))[0])


def _turned(bone: str, axis: str, degrees: float) -> dict[str, float]:
    return _controls({bone: ((0, 0, 0), _about(axis, degrees))})


def test_mmd_performance_arms_that_nothing_turns_hang() -> None:
    """Without any key the arms hang as in the neutral pose, not in the A-pose, and the legs stand."""
    rest = _controls({})
    for side in ("left", "right"):
        assert rest[f"{side}_upper_arm_z"] == pytest.approx(-72.0, abs=0.1)
        assert rest[f"{side}_elbow"] == pytest.approx(8.0, abs=0.1)
        assert rest[f"{side}_index_curl"] == pytest.approx(0.2, abs=0.01)
        assert rest[f"{side}_knee"] == pytest.approx(0.0, abs=0.5)
    assert rest["root_y"] == pytest.approx(0.0, abs=1e-3)


def test_mmd_performance_left_arm_lowered_is_the_left_arm() -> None:
    """左腕 turned by -50 degrees about Z from the A-pose hangs almost straight down; the right arm just hangs."""
    found = _turned("左腕", "z", -50)
    assert found["left_upper_arm_z"] == pytest.approx(-87.0, abs=0.1)
    assert found["right_upper_arm_z"] == pytest.approx(-72.0, abs=0.1)


def test_mmd_performance_right_arm_raised_is_the_right_arm() -> None:
    """右腕 turned by -60 degrees about Z points up."""
    assert _turned("右腕", "z", -60)["right_upper_arm_z"] == pytest.approx(23.0, abs=0.1)


def test_mmd_performance_head_turns_to_its_left() -> None:
    """首 turned by -30 degrees about MikuMikuDance's Y looks to the character's left: `head_yaw` > 0."""
    assert _turned("首", "y", -30)["head_yaw"] == pytest.approx(30.0, abs=0.1)
    assert _turned("頭", "x", -20)["head_pitch"] == pytest.approx(20.0, abs=0.1)
    assert _turned("上半身", "z", 10)["torso_roll"] == pytest.approx(10.0, abs=0.1)


def test_mmd_performance_elbow_bends_forward() -> None:
    """左ひじ turned by 90 degrees about MikuMikuDance's Y brings the forearm forward, as far down as it rests."""
    world = world_rotations(controls.controls(_turned("左ひじ", "y", 90)))
    down = np.radians(37.0)
    assert world[BONE_INDEX["left_lower_arm"]][:, 0] == pytest.approx([0, -np.sin(down), np.cos(down)], abs=0.01)


def test_mmd_performance_finger_curls() -> None:
    """左人指 bent by a fist's angles is curl 1, on an arm that hangs; the other hand is relaxed."""
    turns = {"左人指１": -75.0, "左人指２": -95.0, "左人指３": -60.0}
    found = _controls({bone: ((0, 0, 0), _about("z", angle)) for bone, angle in turns.items()})
    assert found["left_index_curl"] == pytest.approx(1.0, abs=0.01)
    assert found["left_middle_curl"] == pytest.approx(0.0, abs=0.01)
    assert found["right_index_curl"] == pytest.approx(0.2, abs=0.01)
    assert found["left_upper_arm_z"] == pytest.approx(-72.0, abs=0.1)


def test_mmd_performance_lowered_centre_bends_the_knees_over_standing_feet() -> None:
    """センター lowered by two units with the feet held by IK is a squat: knees bend alike, the feet stay."""
    found = _controls({"センター": ((0, -2, 0), _STILL)})
    assert found["left_knee"] == pytest.approx(found["right_knee"], abs=0.5)
    assert found["left_knee"] > 60
    assert found["left_upper_leg_x"] < -25
    assert found["root_y"] == pytest.approx(-2 * 0.0925, abs=0.02)


def test_mmd_performance_raised_foot_ik_lifts_that_leg() -> None:
    """左足ＩＫ raised and forward bends the left leg forward only; the right one carries the body."""
    found = _controls({"左足ＩＫ": ((0, 4, -4), _STILL)})
    assert found["left_upper_leg_x"] < -40 and found["left_knee"] > 30
    assert abs(found["right_knee"]) < 1 and abs(found["right_upper_leg_x"]) < 1
    assert abs(found["root_y"]) < 0.01


def test_mmd_performance_turned_foot_ik_turns_the_leg_out() -> None:
    """左足ＩＫ turned to the character's left turns the straight left leg out."""
    found = _controls({"左足ＩＫ": ((0, 0, 0), _about("y", -30))})
    assert found["left_upper_leg_y"] == pytest.approx(30.0, abs=1.0)


def test_mmd_performance_legs_without_ik_keys_follow_their_own() -> None:
    """A file that moves 足 and ひざ and no IK bone is taken as it is written."""
    found = _controls({"左足": ((0, 0, 0), _about("x", 40)), "左ひざ": ((0, 0, 0), _about("x", -70))})
    assert found["left_upper_leg_x"] == pytest.approx(-40.0, abs=0.5)
    assert found["left_knee"] == pytest.approx(70.0, abs=0.5)


def test_mmd_performance_step_aside_moves_the_root_to_its_left() -> None:
    """センター and both feet moved along +X move the root to the character's left."""
    keys = {bone: [(0, (0, 0, 0), _STILL), (30, (3, 0, 0), _STILL)] for bone in ("センター", "左足ＩＫ", "右足ＩＫ")}
    performance = mmd_performance(parse_vmd(build_vmd(keys), "step.vmd"), "step")
    last = as_dict(performance_controls(performance)[-1])
    assert last["root_x"] == pytest.approx(3 * 0.0925, abs=0.02)


def test_mmd_performance_morphs_move_the_face_of_their_side() -> None:
    """Blinks, winks, vowels, smiles and brows arrive at their controls; ウィンク２ is the left eye."""
    found = _controls({}, {"ウィンク２": 1.0, "あ": 0.5, "にやり": 1.0, "上": 1.0, "怒り(総": 0.6, "赤み": 1.0})
    assert found["blink_left"] == pytest.approx(1.0)
    assert found["blink_right"] == pytest.approx(0.0)
    assert found["aa"] == pytest.approx(0.5)
    assert found["smile"] > 0.5 and found["brow_left"] == pytest.approx(1.0)
    assert found["angry"] == pytest.approx(0.6)


def test_mmd_performance_eyes_look_where_the_eye_bones_do() -> None:
    """両目 turned to the character's left is `gaze_yaw` > 0, up is `gaze_pitch` < 0."""
    assert _turned("両目", "y", -5)["gaze_yaw"] == pytest.approx(5 / 0.35, abs=0.2)
    assert _turned("両目", "x", 5)["gaze_pitch"] == pytest.approx(-5 / 0.35, abs=0.2)


def test_vmd_performance_real_shrug_shows_both_hands_beside_the_head() -> None:
    """The provoking clip bends both elbows and stands still on both legs."""
    found = performance_controls(vmd_performance(motion_asset("gestures_vmd/27_provoking.vmd")))
    middle = as_dict(found[len(found) // 2])
    assert middle["left_elbow"] > 80 and middle["right_elbow"] > 80
    assert abs(middle["left_knee"]) < 5 and abs(middle["root_y"]) < 0.02
