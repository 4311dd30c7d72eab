"""From observations as they come to controls for any moment."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from engines.controls import HIGH, INDEX, LOW, NAMES, NEUTRAL, as_dict
from realtime.control_group import GROUP_NAMES, Group
from realtime.motion import Motion
from realtime.observation import PersonObservation
from tests.fakes.person import face, person

#: No control of a visible jump, in degrees per 60th of a second: an elbow that comes up at 900 degrees a second is
#: quick, and still a movement.
MAX_STEP = 15.0
WAVE = {"left_upper_arm_x": -60.0, "left_upper_arm_y": -20.0, "left_upper_arm_z": -40.0, "left_elbow": 95.0}


def _seen(yaw: float = 0.0, person_id: int = 1) -> tuple[PersonObservation, ...]:
    return (person(WAVE, face_points=face(yaw=yaw), person_id=person_id),)


def _play(
    motion: Motion, seen: tuple[PersonObservation, ...], start_s: float, seconds: float
) -> list[dict[str, float]]:
    """Observe at 30 Hz, ask at 60 Hz."""
    shown = []
    for step in range(int(seconds * 60)):
        time_s = start_s + step / 60
        if step % 2 == 0:
            motion.observe(seen, time_s)
        shown.append(as_dict(motion.controls_at(time_s)))
    return shown


def _largest_step(shown: list[dict[str, float]]) -> float:
    degrees = [NAMES[index] for index in range(len(NAMES)) if HIGH[index] - LOW[index] > 3]
    return max(abs(after[name] - before[name]) for before, after in itertools.pairwise(shown) for name in degrees)


def test_without_anybody_the_character_idles() -> None:
    """Controls are there before the first observation, inside the ranges, and blink."""
    motion = Motion()
    shown = np.array([motion.controls_at(step / 30) for step in range(300)])
    assert (shown >= LOW).all() and (shown <= HIGH).all()
    assert shown[:, INDEX["blink_left"]].max() > 0.9
    assert not motion.tracked and motion.landmarks().shape == (0, 2)


def test_person_is_followed() -> None:
    """Half a second after someone appears, the character does what they do."""
    motion = Motion()
    last = _play(motion, _seen(yaw=25), 0.0, 0.5)[-1]
    assert motion.tracked
    assert 18 < last["head_yaw"] < 36
    assert last["left_elbow"] > 75
    points = motion.landmarks()
    assert points.dtype == np.float32 and points.shape[1] == 2 and 40 < len(points) <= 120


def test_lost_person_is_held_then_eased_to_idle() -> None:
    """For 0.3 s the pose stays, a second later the character idles, and nothing jumps on the way."""
    motion = Motion()
    before = _play(motion, _seen(yaw=30), 0.0, 1.0)[-1]
    shown = _play(motion, (), 1.0, 2.0)
    held, eased = shown[int(0.25 * 60)], shown[int(1.4 * 60)]
    assert not motion.tracked
    assert abs(held["head_yaw"] - before["head_yaw"]) < 2
    assert abs(eased["head_yaw"]) < 6 and eased["left_elbow"] < 15
    assert _largest_step([before, *shown]) < MAX_STEP


def test_returning_person_is_met_without_a_jump() -> None:
    """Coming back in another pose eases over, also in the middle of easing out."""
    for gap_s in (0.4, 0.7, 3.0):
        motion = Motion()
        shown = _play(motion, _seen(yaw=30), 0.0, 1.0)
        shown += _play(motion, (), 1.0, gap_s)
        shown += _play(motion, _seen(yaw=-30), 1.0 + gap_s, 1.0)
        assert _largest_step(shown) < MAX_STEP
        assert shown[-1]["head_yaw"] < -20


def test_another_person_is_met_without_a_jump() -> None:
    """A new id forgets the old face at rest and eases over to the new pose."""
    motion = Motion()
    shown = _play(motion, _seen(yaw=30, person_id=1), 0.0, 1.0)
    shown += _play(motion, _seen(yaw=-30, person_id=2), 1.0, 1.0)
    assert _largest_step(shown) < MAX_STEP
    assert shown[-1]["head_yaw"] < -20


def test_stalled_camera_is_a_lost_person() -> None:
    """When no observation comes at all the character idles as well."""
    motion = Motion()
    _play(motion, _seen(yaw=30), 0.0, 1.0)
    motion.controls_at(1.31)
    assert abs(as_dict(motion.controls_at(3.0))["head_yaw"]) < 6


def test_old_and_doubled_observations_are_ignored() -> None:
    """An observation older than the newest changes nothing."""
    motion = Motion()
    _play(motion, _seen(yaw=20), 0.0, 1.0)
    before = as_dict(motion.controls_at(1.0))
    motion.observe(_seen(yaw=-60), 0.5)
    motion.observe((), 0.5)
    assert motion.tracked
    assert as_dict(motion.controls_at(1.0)) == before


def test_hidden_arm_rests_while_the_head_is_followed() -> None:
    """Each part of the person comes and goes by itself."""
    motion = Motion()
    _play(motion, _seen(yaw=20), 0.0, 1.0)
    hidden = (person(WAVE, face_points=face(yaw=20), hidden=(13, 15)),)
    last = _play(motion, hidden, 1.0, 2.0)[-1]
    assert last["left_elbow"] < 15
    assert last["head_yaw"] > 12


def test_person_seen_for_a_moment_is_not_followed() -> None:
    """What flashes up for two frames, like a passer-by's elbow, does not move the character."""
    motion = Motion()
    shown = _play(motion, (), 0.0, 0.5)
    shown += _play(motion, _seen(yaw=40), 0.5, 0.06)
    shown += _play(motion, (), 0.56, 0.5)
    assert max(abs(values["head_yaw"]) for values in shown) < 6
    assert max(values["left_elbow"] for values in shown) < 10


def test_body_counts_once_its_face_was_seen() -> None:
    """A faceless passer-by is not followed; a user who turns away still is."""
    faceless = (person(WAVE),)
    motion = Motion()
    assert _play(motion, faceless, 0.0, 1.0)[-1]["left_elbow"] < 15
    _play(motion, _seen(), 1.0, 0.5)
    assert _play(motion, faceless, 1.5, 1.0)[-1]["left_elbow"] > 80
    assert _play(Motion(needs_face=False), faceless, 0.0, 1.0)[-1]["left_elbow"] > 80


def test_hour_without_anybody_changes_nothing() -> None:
    """After an hour of empty pictures, or of none at all, idling is as small as it was, and a person is met at once."""
    for watches in (True, False):
        motion = Motion()
        _play(motion, _seen(yaw=30), 0.0, 1.0)
        if watches:
            for second in range(3600):
                motion.observe((), 1.0 + second)
                motion.controls_at(1.0 + second)
        shown = np.array([motion.controls_at(3601.0 + step / 60) for step in range(600)])[120:]
        assert np.abs(shown[:, INDEX["head_yaw"]]).max() < 6
        assert np.abs(np.diff(shown[:, INDEX["head_yaw"]])).max() < 0.2
        assert _play(motion, _seen(yaw=30), 3611.0, 1.0)[-1]["head_yaw"] > 18


@pytest.mark.parametrize("rate_hz", [3, 5, 15, 30, 60, 120])
def test_person_is_followed_at_every_rate(rate_hz: int) -> None:
    """From 3 to 120 observations per second the same movement is followed, without a jump and without letting go."""
    motion = Motion()
    shown = []
    steps = 120 // rate_hz
    for tick in range(480):
        time_s = tick / 120
        if tick % steps == 0:
            motion.observe(_seen(yaw=25.0 * min(time_s / 2, 1.0)), time_s)
        if tick % 2 == 0:
            shown.append(as_dict(motion.controls_at(time_s)))
    assert 18 < shown[-1]["head_yaw"] < 36 and shown[-1]["left_elbow"] > 75
    assert _largest_step(shown) < MAX_STEP
    assert min(values["left_elbow"] for values in shown[150:]) > 70


def test_clock_set_back_is_no_error() -> None:
    """When capture times jump back by an hour, the person is found again within half a second."""
    motion = Motion()
    shown = _play(motion, _seen(yaw=30), 3600.0, 1.0)
    shown += _play(motion, _seen(yaw=-30), 1.0, 1.0)
    assert _largest_step(shown) < MAX_STEP
    assert shown[-1]["head_yaw"] < -20


@pytest.mark.parametrize("fault", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("array", ["pose", "pose_world", "pose_visibility", "face"])
def test_landmarks_that_are_no_numbers_count_as_not_seen(array: str, fault: float) -> None:
    """Faults of the network hide a part of the person for as long as they last; they move nothing."""
    motion = Motion()
    before = _play(motion, _seen(yaw=20), 0.0, 1.0)
    (good,) = _seen(yaw=20)
    spoilt = getattr(good, array).copy()
    spoilt[3] = fault
    shown = _play(motion, (replace(good, **{array: spoilt}),), 1.0, 2.0)
    assert all(np.isfinite(value) for values in shown for value in values.values())
    assert _largest_step([before[-1], *shown]) < MAX_STEP
    assert motion.landmarks().shape[1] == 2 and np.isfinite(motion.landmarks()).all()
    assert _play(motion, _seen(yaw=20), 3.0, 1.0)[-1]["head_yaw"] > 14


def test_capture_time_that_is_no_number_is_ignored() -> None:
    """An observation without a time cannot be placed."""
    motion = Motion()
    before = _play(motion, _seen(yaw=20), 0.0, 1.0)[-1]
    motion.observe(_seen(yaw=-60), float("nan"))
    assert as_dict(motion.controls_at(59 / 60)) == before


def test_frozen_camera_is_a_lost_person() -> None:
    """The same capture time again and again is no news."""
    motion = Motion()
    _play(motion, _seen(yaw=30), 0.0, 1.0)
    shown = []
    for step in range(120):
        motion.observe(_seen(yaw=30), 1.0)
        shown.append(as_dict(motion.controls_at(1.0 + step / 60)))
    assert abs(shown[-1]["head_yaw"]) < 6 and _largest_step(shown) < MAX_STEP


def test_legs_that_a_webcam_never_shows_stand() -> None:
    """While the body is followed, legs rest, the root stays in the middle and hidden hands are relaxed."""
    motion = Motion(framing="full")
    shown = _play(motion, (person(WAVE, face_points=face(yaw=20), hidden=tuple(range(23, 33))),), 0.0, 2.0)
    still = [name for group in (Group.LEFT_LEG, Group.RIGHT_LEG, Group.ROOT) for name in GROUP_NAMES[group]]
    still += GROUP_NAMES[Group.LEFT_HAND]
    for name in still:
        assert {values[name] for values in shown} == {float(NEUTRAL[INDEX[name]])}, name
    assert shown[-1]["left_elbow"] > 75


def test_lost_chest_turns_under_a_head_that_stays() -> None:
    """When only the face is seen, the head looks where it looked, whatever the chest does as it eases to rest."""
    motion = Motion()
    turned = {"torso_yaw": 25.0, "head_yaw": 0.0}
    both = (person(turned, face_points=face(yaw=25)),)
    alone = (person(turned, face_points=face(yaw=25), hidden=tuple(range(11, 33))),)
    shown = _play(motion, both, 0.0, 1.5) + _play(motion, alone, 1.5, 2.0)
    assert shown[80]["torso_yaw"] > 15 and abs(shown[-1]["torso_yaw"]) < 6
    towards = [values["torso_yaw"] + values["head_yaw"] for values in shown[60:]]
    assert np.ptp(towards) < 6
