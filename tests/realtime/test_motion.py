"""From observations as they come to controls for any moment."""

from __future__ import annotations

import itertools

import numpy as np

from engines.controls import HIGH, INDEX, LOW, NAMES, as_dict
from realtime.motion import Motion
from realtime.observation import PersonObservation
from tests.fakes.person import face, person

#: No control of a visible jump: degrees, or hundredths of a weight, per 60th of a second.
MAX_STEP = 9.0
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
    assert last["left_elbow"] > 80
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
