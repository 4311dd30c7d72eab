"""BVH files of several families as performances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engines import controls
from engines.controls import INDEX, NAMES
from engines.errors import MotionError
from engines.motion.bvh import parse_bvh
from engines.motion.captured import bvh_performance, captured_performance
from engines.motion.pose import performance_controls
from tests.engines.motion.conftest import motion_asset
from tests.fakes.motion_files import BIOVISION, MIXAMO, Z_UP, build_bvh

F32 = npt.NDArray[np.float32]

#: A step aside with one arm up and one bent, after a frame that stands and looks at the viewer.
_POSE = {
    "head_yaw": 25.0,
    "head_pitch": -10.0,
    "torso_yaw": -15.0,
    "torso_roll": 8.0,
    "left_shoulder_raise": 12.0,
    "left_upper_arm_z": 60.0,
    "left_upper_arm_y": -20.0,
    "left_elbow": 70.0,
    "left_forearm_twist": 30.0,
    "left_wrist_flexion": -25.0,
    "right_upper_arm_z": -50.0,
    "right_upper_arm_x": 15.0,
    "right_elbow": 100.0,
    "right_wrist_deviation": 15.0,
    "left_upper_leg_x": -40.0,
    "left_upper_leg_z": 20.0,
    "left_knee": 60.0,
    "left_ankle": -20.0,
    "root_yaw": 30.0,
    "root_pitch": 5.0,
}
_FINGERS = [index for index, name in enumerate(NAMES) if name.endswith("_curl")]


def _movement() -> F32:
    return np.stack([controls.controls()] * 3 + [controls.controls(_POSE)])


@pytest.mark.parametrize("hanging", [False, True], ids=["t-pose", "hanging arms"])
@pytest.mark.parametrize("axes", [np.eye(3), Z_UP], ids=["y up", "z up"])
@pytest.mark.parametrize(("names", "order"), [(MIXAMO, "ZXY"), (BIOVISION, "ZYX"), (MIXAMO, "XYZ")])
def test_captured_performance_any_family_gives_the_controls_back(
    names: dict[str, str], order: str, axes: npt.NDArray[np.float64], hanging: bool
) -> None:
    """Whatever the names, axes, channel order and rest pose: the same movement comes out, to half a degree."""
    data = build_bvh(_movement(), names=names, axes=axes, order=order, hanging=hanging)
    found = performance_controls(captured_performance(parse_bvh(data, "made.bvh"), "made"))
    wrong = np.abs(found - _movement())
    wrong[:, [*_FINGERS, INDEX["root_x"], INDEX["root_y"]]] = 0
    assert NAMES[int(wrong.max(axis=0).argmax())] and wrong.max() < 0.5
    assert np.abs(found[0, [INDEX["root_x"], INDEX["root_y"]]]).max() < 0.02


def test_captured_performance_first_frame_faces_the_viewer_unless_told_otherwise() -> None:
    """A clip that begins in profile is turned to the viewer, or left as it is."""
    aside = np.stack([controls.controls({"root_yaw": 90.0})] * 2)
    bvh = parse_bvh(build_bvh(aside), "aside.bvh")
    turned = performance_controls(captured_performance(bvh, "aside"))
    left = performance_controls(captured_performance(bvh, "aside", face_viewer=False))
    assert abs(turned[0, INDEX["root_yaw"]]) < 0.1
    assert abs(left[0, INDEX["root_yaw"]] - 90.0) < 0.1


def test_captured_performance_jump_lifts_the_root() -> None:
    """A body 0.3 hip heights above where it stands has `root_y` 0.3."""
    jump = np.stack([controls.controls()] * 20 + [controls.controls({"root_y": 0.3})])
    found = performance_controls(captured_performance(parse_bvh(build_bvh(jump), "jump.bvh"), "jump"))
    assert abs(found[-1, INDEX["root_y"]] - 0.3) < 0.01
    assert abs(found[0, INDEX["root_y"]]) < 0.01


def test_captured_performance_unknown_names_say_what_to_rename() -> None:
    """Joints that nobody knows are a MotionError that names what is missing."""
    names = {bone: f"thing{number}" for number, bone in enumerate(MIXAMO)}
    with pytest.raises(MotionError, match=r"odd\.bvh: no joint is known as left upper leg .*rename"):
        captured_performance(parse_bvh(build_bvh(_movement(), names=names), "odd.bvh"), "odd")


def test_bvh_performance_joint_orients_are_read_from_the_motion() -> None:
    """The dance whose joints all rest along one axis stands upright, with its arms hanging at its sides at first."""
    found = performance_controls(bvh_performance(motion_asset("bvh/jesse_dance.bvh")))
    first = controls.as_dict(found[0])
    assert abs(first["root_pitch"]) < 15 and abs(first["root_roll"]) < 15
    assert first["left_upper_arm_z"] < -50 and first["right_upper_arm_z"] < -50
    assert abs(first["head_pitch"]) < 30


@pytest.mark.parametrize("name", ["dab", "jesse_dance", "jumping", "jumping_jacks", "wave_hello", "zombie"])
def test_bvh_performance_real_clips_stand_on_the_ground(name: str) -> None:
    """Real clips stand upright at the ground in the first frame and look at the viewer."""
    found = performance_controls(bvh_performance(motion_asset(f"bvh/{name}.bvh")))
    assert abs(found[0, INDEX["root_y"]]) < 0.15
    assert abs(found[0, INDEX["root_yaw"]]) < 1.0
    assert np.abs(found[:, [INDEX["root_pitch"], INDEX["root_roll"]]]).max() < 45


def test_bvh_performance_waving_hand_is_the_right_one() -> None:
    """In the waving clip the right hand comes up and the left one stays down."""
    found = performance_controls(bvh_performance(motion_asset("bvh/wave_hello.bvh")))
    assert found[:, INDEX["right_elbow"]].max() > 60
    assert found[:, INDEX["left_elbow"]].max() < 40


def test_bvh_performance_missing_file_names_it(tmp_path: Path) -> None:
    """A file that is not there is a MotionError."""
    with pytest.raises(MotionError, match=r"none\.bvh: cannot be read"):
        bvh_performance(tmp_path / "none.bvh")
