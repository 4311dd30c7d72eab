"""Tests of poses in three-vrm's words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from engines import controls
from engines.framing import portrait_camera
from engines.glb import parse_glb
from engines.skeleton import BONE_INDEX, forward_kinematics, rotation_from_vector
from engines.studio.avatar import Avatar
from engines.studio.rig import read_rig
from scripts.parity.three_pose import bone_quaternions, camera_bounds, quaternion, three_expressions
from tests.fakes.vrm import build_vrm

F64 = npt.NDArray[np.float64]

_CHAIN = ("hips", "spine", "chest", "neck", "head")


def _product(first: F64, second: F64) -> F64:
    (x1, y1, z1, w1), (x2, y2, z2, w2) = first.tolist(), second.tolist()
    return np.array(
        [
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
        ]
    )


@pytest.mark.parametrize("vector", [(0.0, 90.0, 0.0), (179.9, 0.0, 0.0), (30.0, -50.0, 70.0), (0.0, 0.0, 0.0)])
def test_quaternion_of_a_rotation_turns_by_the_same_angle(vector: tuple[float, float, float]) -> None:
    """The quaternion has the rotation's axis and half its angle."""
    angle = np.radians(np.linalg.norm(vector))
    axis = np.array(vector) / max(float(np.linalg.norm(vector)), 1e-9)
    expected = [*(axis * np.sin(angle / 2)), np.cos(angle / 2)]
    assert quaternion(rotation_from_vector(vector).astype(np.float64)) == pytest.approx(expected, abs=1e-5)


def test_bone_quaternions_down_to_the_head_give_its_turn_with_x_and_z_negated(boxes: Avatar) -> None:
    """The chain from hips to head turns the head as our skeleton does, seen from behind."""
    glb = parse_glb(build_vrm(), "boxes")
    vector = controls.controls({"head_yaw": 30, "head_pitch": 12, "head_roll": -9, "torso_yaw": 15})
    local = bone_quaternions(glb, read_rig(glb), vector, boxes.proportions)
    total = np.array([0.0, 0.0, 0.0, 1.0])
    for bone in _CHAIN:
        if bone in local:
            total = _product(total, np.array(local[bone]))
    head = forward_kinematics(vector, boxes.proportions)[BONE_INDEX["head"], :3, :3].astype(np.float64)
    assert total * np.sign(total[3]) == pytest.approx(quaternion(head) * [-1, 1, -1, 1], abs=1e-5)


def test_three_expressions_of_a_wink_with_an_open_mouth_are_its_presets() -> None:
    """Only what VRM 0.x has presets for is named, under three-vrm's names."""
    vector = controls.controls({"blink_left": 1.0, "aa": 0.5, "smile": 0.7, "brow_left": 1.0})
    assert three_expressions(vector) == pytest.approx({"blinkLeft": 1.0, "aa": 0.5})


def test_camera_bounds_are_where_the_unit_square_lies(boxes: Avatar) -> None:
    """The camera maps the bounds' corners to the picture's corners."""
    camera = portrait_camera(boxes.proportions)
    bounds = camera_bounds(camera)
    assert camera @ [bounds["left"], bounds["top"], 1.0] == pytest.approx([0.0, 0.0], abs=1e-5)
    assert camera @ [bounds["right"], bounds["bottom"], 1.0] == pytest.approx([1.0, 1.0], abs=1e-5)
