"""Smoothing of control vectors."""

from __future__ import annotations

import numpy as np
import pytest

from engines.controls import HIGH, INDEX, LOW, NEUTRAL, SPEC, controls
from engines.skeleton import rotation_from_vector
from realtime.control_group import GROUP_INDEX, Group
from realtime.smoothing import Smoothing, canonical, head_on_chest, near_equivalents

EVERYTHING = frozenset(Group)
YAW = INDEX["head_yaw"]


def test_group_is_known_until_it_is_forgotten() -> None:
    """There is no value before anything was seen, nor after it was forgotten."""
    smoothing = Smoothing()
    assert not smoothing.known(Group.HEAD)
    smoothing.update(frozenset({Group.HEAD}), NEUTRAL, 0.0)
    assert smoothing.known(Group.HEAD) and not smoothing.known(Group.EYES)
    smoothing.forget(Group.HEAD)
    assert not smoothing.known(Group.HEAD)


def test_every_control_is_followed() -> None:
    """Whatever pose stays for half a second is the pose that comes out, in every control, to 4 % of its range."""
    rng = np.random.default_rng(4)
    room = np.minimum(HIGH - NEUTRAL, NEUTRAL - LOW)
    pose = np.asarray(NEUTRAL + 0.3 * rng.uniform(-1, 1, len(SPEC)) * room, np.float32)
    smoothing = Smoothing()
    for frame in range(30):
        smoothing.update(EVERYTHING, NEUTRAL if frame < 10 else pose, frame / 30)
    out = smoothing.at(1.0)
    out[GROUP_INDEX[Group.HEAD]] = head_on_chest(out[GROUP_INDEX[Group.HEAD]], out)
    assert (np.abs(out - pose) < 0.04 * (HIGH - LOW)).all()


def test_turning_chest_does_not_turn_the_head_that_stays() -> None:
    """Noise of the chest is not the head's: what stands still in the world is shown still."""
    rng = np.random.default_rng(5)
    smoothing = Smoothing()
    seen = []
    for frame in range(90):
        chest = float(rng.normal(0, 2.0))
        smoothing.update(EVERYTHING, controls({"torso_yaw": chest, "head_yaw": 20.0 - chest}), frame / 30)
        seen.append(smoothing.at(frame / 30)[YAW])
    assert np.std(seen) < 1e-3 and abs(seen[-1] - 20.0) < 1e-3


def test_prediction_leads_a_moving_head_and_is_bounded() -> None:
    """Between observations the head goes on, ever more slowly, and never far."""
    smoothing = Smoothing()
    for frame in range(30):
        smoothing.update(EVERYTHING, controls({"head_yaw": frame * 2.0}), frame / 30)
    now, soon, later, never = (smoothing.at(29 / 30 + lead)[YAW] for lead in (0.0, 0.05, 0.2, 9.0))
    assert now < soon < later == never
    assert later - now < 60 * 0.05


def test_output_at_sixty_hertz_of_a_tracker_at_fifteen_is_smooth() -> None:
    """No step of an arm is larger than two and a half times what its speed allows; unblended they are four times."""
    smoothing = Smoothing()
    index = INDEX["left_upper_arm_y"]
    shown = []
    for tick in range(240):
        time_s = tick / 60
        if tick % 4 == 0:
            vector = controls({"left_upper_arm_y": float(40 * np.sin(2 * np.pi * 0.8 * time_s))})
            smoothing.update(EVERYTHING, vector, time_s)
        shown.append(smoothing.at(time_s + 0.05)[index])
    fastest = 40 * 2 * np.pi * 0.8 / 60
    assert np.abs(np.diff(shown[30:])).max() < 2.5 * fastest


def test_asking_often_does_not_change_the_path() -> None:
    """Readers disturb nothing: the filter's state is the same however often it was asked."""
    often, seldom = Smoothing(), Smoothing()
    for frame in range(40):
        vector = controls({"head_yaw": 20 * float(np.sin(frame / 5))})
        for smoothing in (often, seldom):
            smoothing.update(EVERYTHING, vector, frame / 30)
        for part in range(8):
            often.at(frame / 30 + part / 240)
    assert np.array_equal(often.measured(), seldom.measured())


def test_arm_passing_half_a_turn_takes_the_short_way() -> None:
    """Rotation vectors of 175 and -175 degrees are ten degrees apart, not 350."""
    smoothing = Smoothing()
    seen = []
    for frame, z in enumerate([160.0, 165.0, 169.0, -170.0, -168.0, -166.0, -166.0, -166.0]):
        vector = NEUTRAL.copy()
        vector[INDEX["left_upper_arm_z"]] = z
        smoothing.update(frozenset({Group.LEFT_ARM}), vector, frame / 30)
        seen.append(smoothing.measured()[INDEX["left_upper_arm_z"]])
    assert (np.diff(seen) >= -0.5).all() and 180.0 < max(seen) < 200


def test_turning_round_and_round_stays_within_half_a_turn() -> None:
    """The root's yaw counts on inside and is written within its range."""
    smoothing = Smoothing()
    for frame in range(120):
        vector = NEUTRAL.copy()
        vector[INDEX["root_yaw"]] = (frame * 10.0 + 180.0) % 360.0 - 180.0
        smoothing.update(frozenset({Group.ROOT}), vector, frame / 30)
    inside = smoothing.measured()[INDEX["root_yaw"]]
    assert 1150 < inside < 1200
    assert canonical(smoothing.measured())[INDEX["root_yaw"]] == pytest.approx(inside - 3 * 360, abs=0.01)


def test_canonical_keeps_the_rotation_within_half_a_turn() -> None:
    """An unwrapped rotation vector is written as the equivalent short one."""
    vector = NEUTRAL.astype(np.float64)
    names = [INDEX[f"left_upper_arm_{axis}"] for axis in "xyz"]
    vector[names] = [120.0, 120.0, 120.0]
    short = canonical(vector)[names]
    assert np.linalg.norm(short) < 180
    assert np.allclose(rotation_from_vector(short), rotation_from_vector(vector[names]), atol=1e-4)


def test_nearest_of_equivalent_rotations_is_taken() -> None:
    """Bridging a change of source goes the short way round too, for limbs and for the root."""
    arm = near_equivalents(Group.LEFT_ARM, np.array([0, 0, -170.0, 8, 0]), np.array([0, 0, 175.0, 8, 0]))
    assert np.allclose(arm[:3], [0, 0, 190])
    root = near_equivalents(Group.ROOT, np.array([-170.0, 0, 0, 0, 0]), np.array([175.0, 0, 0, 0, 0]))
    assert root[0] == 190.0


def test_blink_keeps_its_peak() -> None:
    """A lid that shuts for one frame is seen shut, not smoothed away."""
    smoothing = Smoothing()
    for frame in range(10):
        smoothing.update(frozenset({Group.EYES}), NEUTRAL, frame / 30)
    smoothing.update(frozenset({Group.EYES}), controls({"blink_left": 1.0}), 10 / 30)
    assert smoothing.at(10 / 30)[INDEX["blink_left"]] > 0.9


def test_feet_of_somebody_who_stands_do_not_skate() -> None:
    """With a tracker's noise on legs and root, nothing of the stand moves visibly."""
    rng = np.random.default_rng(6)
    index = np.concatenate([GROUP_INDEX[group] for group in (Group.LEFT_LEG, Group.RIGHT_LEG, Group.ROOT)])
    noise = np.where([SPEC[at].unit == "deg" for at in index], 1.5, 0.01)
    smoothing = Smoothing()
    shown = []
    for frame in range(240):
        vector = NEUTRAL.copy()
        vector[index] += rng.normal(0, noise).astype(np.float32)
        smoothing.update(EVERYTHING, vector, frame / 30)
        shown.append(smoothing.at(frame / 30)[index])
    assert (np.std(shown[90:], axis=0) < 0.15 * noise).all()
