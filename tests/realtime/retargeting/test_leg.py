"""From where legs point to the controls that make them point there, and where the hips are."""

from __future__ import annotations

import numpy as np
import pytest

from engines.controls import INDEX, SIDES
from realtime.control_group import Group
from realtime.retargeting.leg import LegAngles, solve_leg
from realtime.retargeting.limb import Side
from realtime.retargeting.retarget import Retarget, Retargeted
from realtime.retargeting.root import standing_height
from tests.fakes.person import person


def _full(values: dict[str, float], *, hidden: tuple[int, ...] = ()) -> Retargeted:
    return Retarget("full")(person(values, hidden=hidden, whole=True), 0.0)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("lift", "knee"), [(-30.0, 60.0), (-60.0, 80.0), (10.0, 50.0), (-80.0, 20.0)])
def test_bent_leg_is_bent_on_its_own_side(side: Side, lift: float, knee: float) -> None:
    """Thigh and knee come back as they were; the other leg stands."""
    found = _full({f"{side}_upper_leg_x": lift, f"{side}_knee": knee})
    other = "right" if side == "left" else "left"
    assert found.vector[INDEX[f"{side}_upper_leg_x"]] == pytest.approx(lift, abs=6)
    assert found.vector[INDEX[f"{side}_knee"]] == pytest.approx(knee, abs=8)
    assert abs(found.vector[INDEX[f"{other}_upper_leg_x"]]) < 6 and found.vector[INDEX[f"{other}_knee"]] < 6


@pytest.mark.parametrize("side", SIDES)
def test_leg_to_the_side_is_positive_on_both_sides(side: Side) -> None:
    """Right legs are written in the mirrored frame."""
    assert _full({f"{side}_upper_leg_z": 40.0}).vector[INDEX[f"{side}_upper_leg_z"]] == pytest.approx(40, abs=6)


def test_squat_brings_the_hips_down() -> None:
    """Feet stay on the ground when both knees bend."""
    squat = {f"{side}_{name}": value for side in SIDES for name, value in (("upper_leg_x", -70.0), ("knee", 110.0))}
    assert -0.5 < _full(squat).vector[INDEX["root_y"]] < -0.25
    assert _full({}).vector[INDEX["root_y"]] == pytest.approx(0.0, abs=0.02)


def test_one_raised_leg_leaves_the_hips_up() -> None:
    """The standing leg carries."""
    standing = LegAngles(upper_leg=np.zeros(3), knee=0.0, ankle=0.0)
    raised = LegAngles(upper_leg=np.array([-80.0, 0.0, 0.0]), knee=90.0, ankle=0.0)
    assert standing_height([standing, raised]) == 0.0
    assert standing_height([]) == 0.0


@pytest.mark.parametrize("yaw", [-120.0, -60.0, -25.0, 25.0, 60.0, 120.0, 175.0])
def test_turning_round_turns_the_root(yaw: float) -> None:
    """Hips tell how far a whole body is turned, the back included; the trunk adds little."""
    vector = _full({"root_yaw": yaw}).vector
    assert vector[INDEX["root_yaw"]] == pytest.approx(yaw, abs=9)
    assert abs(vector[INDEX["torso_yaw"]]) < 9


def test_portrait_and_hidden_legs_leave_legs_and_root_alone() -> None:
    """What the picture does not show, or the camera does not see, is not followed."""
    pose = {"left_knee": 70.0, "root_yaw": 20.0}
    for found in (Retarget("portrait")(person(pose, whole=True), 0.0), _full(pose, hidden=(23, 24))):
        assert not {Group.LEFT_LEG, Group.RIGHT_LEG, Group.ROOT} & set(found.confidence)
    assert Group.LEFT_LEG not in _full(pose, hidden=(25, 27)).confidence


def test_knees_never_bend_forwards() -> None:
    """A shin before its thigh is a fault of the depth: the leg stays straight."""
    found = solve_leg(
        "left", hips=np.eye(3), upper=np.array([0.0, -1.0, 0.0]), lower=np.array([0.0, -1.0, 0.8]), foot=None
    )
    assert found.knee < 5


def test_walking_sideways_moves_the_root_and_standing_there_brings_it_back() -> None:
    """Root_x follows at once, and whoever stays becomes the middle."""
    retarget = Retarget("full")
    retarget(person(whole=True), 0.0)
    moved = retarget(person({"root_x": 0.5}, whole=True), 0.1).vector[INDEX["root_x"]]
    assert moved == pytest.approx(0.5, abs=0.1)
    for tick in range(2, 400):
        late = retarget(person({"root_x": 0.5}, whole=True), tick / 10).vector[INDEX["root_x"]]
    assert abs(late) < 0.05


def test_jump_lifts_the_figure_and_landing_ends_it() -> None:
    """Both feet off the ground that they stood on."""
    retarget = Retarget("full")
    for tick in range(20):
        retarget(person(whole=True), tick / 30)
    assert retarget(person({"root_y": 0.2}, whole=True), 20 / 30).vector[INDEX["root_y"]] == pytest.approx(
        0.16, abs=0.06
    )
    assert retarget(person(whole=True), 21 / 30).vector[INDEX["root_y"]] == pytest.approx(0.0, abs=0.02)


def test_limb_of_no_length_is_finite() -> None:
    """Coinciding joints give some leg, not NaN."""
    found = solve_leg("left", hips=np.eye(3), upper=np.zeros(3), lower=np.zeros(3), foot=np.zeros(3))
    assert np.isfinite(found.upper_leg).all() and np.isfinite([found.knee, found.ankle]).all()
