"""The motion's neutral: recorded while it follows, kept for its person, and changed without a jump."""

from __future__ import annotations

import numpy as np
import pytest

from engines.controls import INDEX
from realtime.motion import Motion
from realtime.observation import F32, PersonObservation
from realtime.retargeting.calibration import LEAD_S, RECORD_S, CalibrationState, Refusal
from realtime.retargeting.neutral import Neutral
from tests.fakes.person import face, person

FPS = 30
CALIBRATION_S = LEAD_S + RECORD_S + 0.1


def _show(motion: Motion, seen: tuple[PersonObservation, ...], start_s: float, seconds: float) -> F32:
    """Show somebody and return the controls of every frame, float32 (T, len(SPEC))."""
    times = start_s + np.arange(round(seconds * FPS)) / FPS
    shown = []
    for time_s in times:
        motion.observe(seen, float(time_s))
        shown.append(motion.controls_at(float(time_s)))
    return np.array(shown)


def _somebody(person_id: int = 1, yaw: float = -10.0, pitch: float = 15.0) -> tuple[PersonObservation, ...]:
    """Return somebody who looks at a screen below and beside the camera."""
    return (person(face_points=face(yaw=yaw, pitch=pitch), person_id=person_id),)


def _turns(shown: F32) -> F32:
    return np.asarray(shown[..., [INDEX["head_yaw"], INDEX["head_pitch"], INDEX["torso_yaw"]]])


def test_calibration_straightens_the_head_within_a_second_and_without_a_jump() -> None:
    """Bowed before, straight after, and on the way no frame differs from the last by more than a quick nod's."""
    motion = Motion()
    before = _show(motion, _somebody(), 0.0, 2.0)
    assert before[-1, INDEX["head_pitch"]] == pytest.approx(15, abs=2)
    motion.calibrate(2.0)
    assert motion.calibration(2.0).state is CalibrationState.RECORDING
    recording = _show(motion, _somebody(), 2.0, CALIBRATION_S)
    done = motion.calibration(2.0 + CALIBRATION_S)
    assert done.state is CalibrationState.DONE
    assert done.neutral is not None and done.neutral.head_pitch == pytest.approx(15, abs=0.5)
    after = _show(motion, _somebody(), 2.0 + CALIBRATION_S, 1.0)
    assert np.abs(_turns(after[-1])).max() < 1.0
    steps = np.abs(np.diff(_turns(np.concatenate([before[-1:], recording, after])), axis=0))
    assert steps.max() < 4.0


def test_neutral_stays_with_its_person() -> None:
    """Who takes the place is seen as they are; who left and comes back is straight again."""
    motion = Motion()
    _show(motion, _somebody(1), 0.0, 0.5)
    motion.use_neutral(Neutral(head_yaw=-10.0, head_pitch=15.0))
    assert abs(_show(motion, _somebody(1), 0.5, 1.0)[-1, INDEX["head_pitch"]]) < 2.0
    other = _show(motion, _somebody(2), 1.5, 1.5)
    assert other[-1, INDEX["head_pitch"]] == pytest.approx(15, abs=2)
    _show(motion, (), 3.0, 2.0)
    back = _show(motion, _somebody(3), 5.0, 1.5)
    assert abs(back[-1, INDEX["head_pitch"]]) < 2.0
    motion.use_neutral(None)
    forgotten = _show(motion, _somebody(3), 6.5, 1.0)
    assert forgotten[-1, INDEX["head_pitch"]] == pytest.approx(15, abs=2)


def test_calibration_without_anybody_fails() -> None:
    """Frames in which nobody is seen end the recording, too."""
    motion = Motion()
    motion.calibrate(0.0)
    _show(motion, (), 0.0, CALIBRATION_S)
    assert motion.calibration(CALIBRATION_S).refusal is Refusal.NO_FACE


def test_camera_aside_can_be_calibrated() -> None:
    """Turned too far to learn from as it goes, but not too far to be recorded on purpose."""
    motion = Motion()
    _show(motion, _somebody(yaw=30.0, pitch=0.0), 0.0, 1.0)
    motion.calibrate(1.0)
    _show(motion, _somebody(yaw=30.0, pitch=0.0), 1.0, CALIBRATION_S)
    assert motion.calibration(1.0 + CALIBRATION_S).state is CalibrationState.DONE
    motion.calibrate(4.0)
    _show(motion, _somebody(yaw=44.0, pitch=0.0), 4.0, CALIBRATION_S)
    assert motion.calibration(4.0 + CALIBRATION_S).refusal is Refusal.TURNED_AWAY
