"""Head and chest told from a camera that stands aside."""

from __future__ import annotations

import numpy as np
import pytest

from engines.skeleton import euler_from_rotation, rotation_from_euler
from realtime.retargeting.neutral import Neutral
from realtime.retargeting.rest_pose import F64, RestPose

ABOVE = Neutral(head_yaw=-12.0, head_pitch=15.0, head_roll=3.0)


def _seen(yaw: float, pitch: float, roll: float) -> F64:
    """Return how a camera that stands as in `ABOVE` sees a head that is turned."""
    camera = np.asarray(rotation_from_euler(-12.0, 15.0, 3.0), np.float64)
    return np.asarray(camera @ rotation_from_euler(yaw, pitch, roll), np.float64)


@pytest.mark.parametrize("turn", [(0, 0, 0), (30, 0, 0), (0, -20, 0), (-25, 10, 15)])
def test_head_before_a_camera_aside_reads_as_it_is(turn: tuple[float, float, float]) -> None:
    """The camera's turn is undone exactly, for every turn of the head."""
    told = euler_from_rotation(RestPose(ABOVE).head(_seen(*turn)))
    assert np.allclose(told, turn, atol=1e-4)


def test_head_without_a_neutral_is_left_alone() -> None:
    """Nothing recorded, nothing changed; but it is measured."""
    rest = RestPose(None)
    rest.begin()
    assert np.allclose(rest.head(_seen(0, 0, 0)), _seen(0, 0, 0))
    assert rest.samples["head_pitch"] == pytest.approx(15.0, abs=1e-3)
    rest.begin()
    assert rest.samples == {}


def test_chest_is_straightened_with_its_controls() -> None:
    """Controls lose the recorded turn and tilt, and the chest's rotation with them."""
    rest = RestPose(Neutral(torso_yaw=10.0, torso_roll=-4.0))
    values = {"torso_yaw": 25.0, "torso_pitch": 5.0, "torso_roll": -4.0}
    chest = rest.torso(values, np.asarray(rotation_from_euler(25.0, 5.0, -4.0), np.float64))
    assert values == {"torso_yaw": 15.0, "torso_pitch": 5.0, "torso_roll": 0.0}
    assert np.allclose(chest, rotation_from_euler(15.0, 5.0, 0.0), atol=1e-6)
    assert rest.samples == {"torso_yaw": 25.0, "torso_roll": -4.0}


def test_unseen_chest_stays_unseen() -> None:
    """No controls, no correction."""
    values: dict[str, float] = {}
    assert np.allclose(RestPose(Neutral(torso_yaw=10.0)).torso(values, np.eye(3)), np.eye(3))
    assert values == {}


def test_views_are_frontal_about_the_neutral_one() -> None:
    """Who looks at a screen beside the camera is learnt from; while a neutral is recorded, more is."""
    aside = np.asarray(rotation_from_euler(32.0, 0.0, 0.0), np.float64)
    assert not RestPose(None).is_frontal(aside)
    assert RestPose(None).is_frontal(aside, recording=True)
    assert RestPose(Neutral(head_yaw=30.0)).is_frontal(aside)
    assert not RestPose(None).is_frontal(np.asarray(rotation_from_euler(50.0, 0.0, 0.0), np.float64), recording=True)
