"""What a face does, measured in head space."""

from __future__ import annotations

import pytest

from realtime.retargeting.face_features import FaceFeatures, measure_face
from realtime.retargeting.face_geometry import solve_head
from tests.fakes.person import F32, IMAGE_SIZE, face


def _measure(points: F32) -> FaceFeatures:
    solve = solve_head(points, IMAGE_SIZE)
    assert solve is not None
    return measure_face(solve)


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (35, 0), (-35, 10), (0, 25), (0, -25)])
def test_features_do_not_depend_on_where_the_head_points(yaw: float, pitch: float) -> None:
    """Openings and heights of a turned head are those of the same face seen from the front."""
    ahead, turned = _measure(face()), _measure(face(yaw=yaw, pitch=pitch, scale_px=5.0))
    for name in ("mouth_opening", "mouth_width", "corner_lift"):
        assert abs(getattr(ahead, name) - getattr(turned, name)) < 0.006
    for name in ("opening", "brow"):
        assert abs(getattr(ahead.left, name) - getattr(turned.left, name)) < 0.006
        assert abs(getattr(ahead.right, name) - getattr(turned.right, name)) < 0.006


def test_wink_shows_on_its_own_side() -> None:
    """Shutting the subject's left eye leaves the right one as it was."""
    rest, wink = _measure(face()), _measure(face(blink_left=1.0))
    assert wink.left.opening < 0.5 * rest.left.opening
    assert abs(wink.right.opening - rest.right.opening) < 1e-6


def test_irises_to_the_subjects_left_are_positive_gaze() -> None:
    """Gaze follows the sign of head yaw."""
    assert _measure(face(gaze_mm=4.0)).left.gaze_yaw > 10
    assert _measure(face(gaze_mm=4.0)).right.gaze_yaw > 10
    assert _measure(face(gaze_mm=-4.0)).left.gaze_yaw < -10


def test_mouth_measures_follow_jaw_corners_and_smile() -> None:
    """Each movement changes its own measure."""
    rest = _measure(face())
    assert _measure(face(jaw_cm=2.0)).mouth_opening > rest.mouth_opening + 0.15
    assert _measure(face(narrow_cm=0.6)).mouth_width < rest.mouth_width - 0.1
    assert _measure(face(smile_cm=0.5)).corner_lift > rest.corner_lift + 0.03
