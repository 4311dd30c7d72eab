"""From the pose that a file rests in to the T-pose."""

from __future__ import annotations

import numpy as np
import pytest

from engines.skeleton import BONE_INDEX, BONES
from engines.studio.rest_pose import complete, straighten

_FEW = {
    "hips": np.array([0.0, 1.0, 0.0]),
    "head": np.array([0.0, 1.5, 0.0]),
    "left_upper_arm": np.array([0.15, 1.4, 0.0]),
    "left_lower_arm": np.array([0.4, 1.4, 0.0]),
    "right_upper_arm": np.array([-0.15, 1.4, 0.0]),
    "right_lower_arm": np.array([-0.4, 1.4, 0.0]),
}


def test_complete_places_all_bones() -> None:
    """Six bones are enough to say where the others turn."""
    joints = complete(_FEW)
    assert joints.shape == (len(BONES), 3)
    assert 1.0 < joints[BONE_INDEX["chest"], 1] < joints[BONE_INDEX["neck"], 1] < 1.5
    assert joints[BONE_INDEX["left_hand"], 0] == pytest.approx(0.65)


def test_straighten_t_pose_is_left_alone() -> None:
    """Nothing is turned."""
    assert np.array_equal(straighten(complete(_FEW)), np.tile(np.eye(4), (len(BONES), 1, 1)))


@pytest.mark.parametrize("direction", [(-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, 0.0)])
def test_straighten_any_direction_gives_rotations(direction: tuple[float, float, float]) -> None:
    """Arms that point inwards, down, to the viewer or nowhere come out as rigid motions."""
    left = np.array([0.15, 1.4, 0.0])
    joints = complete(_FEW | {"left_lower_arm": left + 0.25 * np.array(direction)})
    corrections = straighten(joints)
    turns = corrections[:, :3, :3]
    np.testing.assert_allclose(turns @ turns.transpose(0, 2, 1), np.tile(np.eye(3), (len(BONES), 1, 1)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(turns), 1.0)
