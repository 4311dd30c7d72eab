"""Where the head points."""

from __future__ import annotations

import numpy as np
import pytest

from engines.skeleton import euler_from_rotation
from realtime.retargeting.face_geometry import TEMPLATE_CM, TEMPLATE_POINTS, solve_head
from tests.fakes.person import IMAGE_SIZE, face


@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(0, 0, 0), (30, 0, 0), (-50, 10, 5), (10, 35, -20), (5, -30, 40)])
def test_solve_recovers_the_turn(yaw: float, pitch: float, roll: float) -> None:
    """A turned mean face gives back its own angles, scale and shape."""
    solve = solve_head(face(yaw=yaw, pitch=pitch, roll=roll, scale_px=11.0), IMAGE_SIZE)
    assert solve is not None
    assert np.allclose(euler_from_rotation(solve.rotation), (yaw, pitch, roll), atol=0.01)
    assert abs(solve.scale_px - 11.0) < 0.01
    assert np.allclose(solve.points[TEMPLATE_POINTS], TEMPLATE_CM, atol=0.01)
    assert solve.residual_cm < 0.01


def test_head_turned_to_the_subjects_left_shows_more_of_the_right_cheek() -> None:
    """Yaw > 0 moves the nose to picture right, which is the subject's left in an unmirrored picture."""
    ahead, left = face(), face(yaw=30)
    assert left[1, 0] > ahead[1, 0] + 0.01


def test_expression_hardly_turns_the_head() -> None:
    """Mouth and lids are not part of the fit."""
    solve = solve_head(face(jaw_cm=2.5, smile_cm=0.8, blink_left=1.0), IMAGE_SIZE)
    assert solve is not None
    assert np.allclose(euler_from_rotation(solve.rotation), (0, 0, 0), atol=0.01)


def test_degenerate_face_is_none() -> None:
    """Points that all coincide, or are not numbers, have no pose."""
    assert solve_head(np.zeros((478, 3), np.float32), IMAGE_SIZE) is None
    assert solve_head(np.full((478, 3), np.nan, np.float32), IMAGE_SIZE) is None
