"""Recording a neutral: what counts as one, whose it is, and what it does to the controls."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engines.controls import as_dict
from realtime.retargeting.calibration import (
    ALONE_S,
    GRACE_S,
    LEAD_S,
    RECORD_S,
    Calibration,
    CalibrationState,
    Calibrator,
    Refusal,
    judge,
)
from realtime.retargeting.neutral import Neutral
from realtime.retargeting.retarget import Retarget
from tests.fakes.person import F32, face, person

CALM = {
    "head_yaw": 2.0,
    "head_pitch": 8.0,
    "head_roll": 0.0,
    "left_opening": 0.28,
    "right_opening": 0.27,
    "mouth_opening": 0.01,
    "distance_cm": 60.0,
}
FPS = 30


def _second(**changes: float) -> list[Mapping[str, float]]:
    return [CALM | changes for _ in range(FPS)]


def test_calm_second_is_a_neutral_of_medians() -> None:
    """Every number is its median, so that one blink does not count; what was not measured stays unknown."""
    frames = _second()
    frames[10:15] = [CALM | {"left_opening": 0.1, "right_opening": 0.1}] * 5
    neutral = judge(frames, Neutral())
    assert isinstance(neutral, Neutral)
    assert neutral.known() == CALM


@pytest.mark.parametrize(
    ("frames", "refusal"),
    [
        ([], Refusal.NO_FACE),
        ([{}] * FPS, Refusal.NO_FACE),
        ([CALM] * 3, Refusal.NO_FACE),
        ([{}] * 20 + [CALM] * 10, Refusal.NO_FACE),
        (_second(head_yaw=40.0), Refusal.TURNED_AWAY),
        (_second(head_pitch=-38.0), Refusal.TURNED_AWAY),
        ([CALM | {"head_yaw": -10.0 + at} for at in range(20)], Refusal.MOVED),
        ([CALM | {"distance_cm": 60.0 - at} for at in range(20)], Refusal.MOVED),
        ([{name: CALM[name] for name in ("head_yaw", "head_pitch", "head_roll")}] * FPS, Refusal.NO_FACE),
        (_second(left_opening=0.1, right_opening=0.1), Refusal.EYES_SHUT),
        (_second(right_opening=0.1), Refusal.EYES_SHUT),
        (_second(mouth_opening=0.12), Refusal.MOUTH_OPEN),
    ],
)
def test_second_that_shows_no_neutral_is_refused_with_the_reason(
    frames: list[Mapping[str, float]], refusal: Refusal
) -> None:
    """Each reason tells the person what to do."""
    assert judge(frames, Neutral()) is refusal


def test_narrow_eyes_are_not_shut_eyes() -> None:
    """Shut is told by the person's own usual opening."""
    narrow = _second(left_opening=0.15, right_opening=0.15)
    assert isinstance(judge(narrow, Neutral(left_opening=0.16, right_opening=0.16)), Neutral)
    assert judge(narrow, Neutral(left_opening=0.30, right_opening=0.30)) is Refusal.EYES_SHUT


def _record(calibrator: Calibrator, began_s: float, samples: Mapping[str, float], fps: int = FPS) -> float:
    """Begin to record, show frames until it is over, and return when that was."""
    calibrator.begin(began_s, Neutral())
    number = 0
    while calibrator.recording:
        calibrator.take(samples, began_s + number / fps)
        number += 1
    return began_s + (number - 1) / fps


def test_recording_takes_a_second_after_the_lead() -> None:
    """The eyes come back from the button first; what they did until then does not count."""
    calibrator = Calibrator()
    assert calibrator.at(0.0) == Calibration()
    calibrator.see(7, 0.0)
    calibrator.begin(10.0, Neutral())
    assert calibrator.at(10.0).state is CalibrationState.RECORDING
    for frame in range(200):
        time_s = 10.0 + frame / FPS
        taken = calibrator.take(CALM if time_s >= 10.0 + LEAD_S else CALM | {"head_yaw": 30.0}, time_s)
        if taken is not None:
            break
    assert time_s == pytest.approx(10.0 + LEAD_S + RECORD_S, abs=1.5 / FPS)
    done = calibrator.at(time_s)
    assert (done.number, done.state, done.neutral) == (1, CalibrationState.DONE, taken)
    assert taken is not None and taken.head_yaw == 2.0


def test_five_frames_a_second_are_enough() -> None:
    """A slow machine or camera can be calibrated, too."""
    calibrator = Calibrator()
    _record(calibrator, 0.0, CALM, fps=5)
    assert calibrator.at(2.0).state is CalibrationState.DONE


def test_recording_that_no_frame_ends_is_given_up() -> None:
    """A camera that sends nothing: the person is told in time."""
    calibrator = Calibrator()
    calibrator.begin(0.0, Neutral())
    assert calibrator.at(LEAD_S + RECORD_S).state is CalibrationState.RECORDING
    given_up = calibrator.at(LEAD_S + RECORD_S + GRACE_S + 0.01)
    assert (given_up.state, given_up.refusal) == (CalibrationState.FAILED, Refusal.NO_FACE)
    assert calibrator.take(CALM, 5.0) is None


def test_failed_recording_leaves_the_last_neutral() -> None:
    """A second try that fails takes nothing away."""
    calibrator = Calibrator()
    calibrator.see(1, 0.0)
    _record(calibrator, 0.0, CALM)
    _record(calibrator, 5.0, {})
    assert calibrator.at(7.0).refusal is Refusal.NO_FACE
    assert calibrator.at(7.0).number == 2
    kept = calibrator.see(1, 7.0)
    assert kept is not None and kept.head_yaw == 2.0


def test_neutral_belongs_to_whoever_was_in_front() -> None:
    """Somebody who takes the place starts without; the owner has it back."""
    calibrator = Calibrator()
    calibrator.use(Neutral(head_yaw=5.0))
    assert calibrator.see(1, 0.0) == Neutral(head_yaw=5.0)
    assert calibrator.see(2, 0.1) is None
    assert calibrator.see(2, 9.0) is None, "who stays does not become the owner"
    assert calibrator.see(1, 9.1) == Neutral(head_yaw=5.0)


def test_who_comes_after_nobody_is_the_owner_again() -> None:
    """A person who fetched a coffee has another number and the same face."""
    calibrator = Calibrator()
    calibrator.see(1, 0.0)
    calibrator.use(Neutral(head_yaw=5.0))
    assert calibrator.see(2, 0.1 + ALONE_S) == Neutral(head_yaw=5.0)
    calibrator.use(None)
    assert calibrator.see(2, 2.0) is None


def _watched(retarget: Retarget, points: F32, seconds: float = 1.0) -> dict[str, float]:
    for frame in range(max(1, int(seconds * FPS))):
        seen = retarget(person(face_points=points), frame / FPS)
    return as_dict(seen.vector)


def _recorded(points: F32) -> Neutral:
    """Return the neutral that a second of a face gives."""
    retarget, calibrator = Retarget(), Calibrator()
    retarget.recording = True
    calibrator.begin(-LEAD_S, Neutral())
    for frame in range(FPS + 1):
        retarget(person(face_points=points), frame / FPS)
        neutral = calibrator.take(retarget.measured(), frame / FPS)
    assert neutral is not None
    return neutral


@pytest.mark.parametrize(
    "points",
    [
        face(),
        face(blink_left=0.35, blink_right=0.35),
        face(brow_left_cm=0.5, gaze_mm=1.5),
        face(pitch=18.0, yaw=-10.0, roll=4.0),
        face(smile_cm=0.2),
        face(yaw=30.0),
    ],
    ids=["plain", "narrow eyes", "high brow", "camera above", "smiling mouth", "camera aside"],
)
def test_recorded_face_reads_as_neutral_at_once(points: F32) -> None:
    """Whatever the face and wherever the camera: the first frame after the recording is at rest."""
    seen = _watched(Retarget(neutral=_recorded(points)), points, seconds=0.0)
    for name in ("blink_left", "blink_right", "brow_left", "brow_right", "smile", "aa", "ih", "ou", "ee", "oh"):
        assert abs(seen[name]) < 0.02, name
    for name in ("head_yaw", "head_pitch", "head_roll", "torso_yaw", "torso_roll"):
        assert abs(seen[name]) < 0.5, name
    for name in ("gaze_yaw", "gaze_pitch"):
        assert abs(seen[name]) < 2.0, name  # learnt from both eyes, told from the nearer one


def test_calibrated_person_still_blinks_and_turns() -> None:
    """With narrow eyes before a camera that stands above, a blink is a blink and a turn a turn."""
    neutral = _recorded(face(pitch=15.0, blink_left=0.3, blink_right=0.3))
    retarget = Retarget(neutral=neutral)
    shut = _watched(retarget, face(pitch=15.0, blink_left=1.0, blink_right=1.0), seconds=0.0)
    assert min(shut["blink_left"], shut["blink_right"]) > 0.8
    level = _watched(Retarget(neutral=neutral), face(blink_left=0.3, blink_right=0.3), seconds=0.0)
    assert level["head_pitch"] == pytest.approx(-15.0, abs=1.0), "level with the camera is a look up from the screen"


def test_estimate_of_a_calibrated_person_is_what_was_recorded() -> None:
    """What the next recording is judged by, and what would be stored."""
    neutral = _recorded(face(pitch=10.0))
    estimate = Retarget(neutral=neutral).neutral
    assert estimate.head_pitch == neutral.head_pitch
    assert estimate.left_opening == neutral.left_opening
