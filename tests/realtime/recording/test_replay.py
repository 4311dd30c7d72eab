"""A recording in the place of a camera's tracker."""

from __future__ import annotations

import numpy as np
import pytest

from engines.controls import INDEX
from realtime.errors import SourceError, TrackerError
from realtime.motion import Motion
from realtime.recording.performing import controls_of, with_controls
from realtime.recording.replay import RecordedTracker
from tests.fakes.footage import frame
from tests.fakes.recordings import turning

BLACK = np.zeros((48, 64, 3), np.uint8)


def test_frames_are_answered_by_their_time() -> None:
    """A camera of another rate gets what was seen last by then, as the very same observation."""
    recording = turning(30)
    tracker = RecordedTracker(recording)
    for index in range(15):
        (seen,) = tracker.track(frame(BLACK, index, rate_hz=15))
        assert seen is recording.moments[2 * index].people[0]


def test_recording_begins_with_the_first_frame_whenever_that_is() -> None:
    """A clock that runs for days already does not matter."""
    recording = turning(30)
    tracker = RecordedTracker(recording)
    assert tracker.track(frame(BLACK, 3_000_000))[0] is recording.moments[0].people[0]
    assert tracker.track(frame(BLACK, 3_000_003))[0] is recording.moments[3].people[0]
    assert tracker.track(frame(BLACK, 2_999_990))[0] is recording.moments[0].people[0]


def test_recording_loops_or_ends() -> None:
    """After its end it begins again, or nobody is there any more."""
    recording = turning(30)
    looped, ended = RecordedTracker(recording), RecordedTracker(recording, loops=False)
    for tracker in (looped, ended):
        tracker.track(frame(BLACK, 0))
    assert looped.track(frame(BLACK, 64))[0] is recording.moments[4].people[0]
    assert ended.track(frame(BLACK, 29)) != () and ended.track(frame(BLACK, 64)) == ()


def test_closed_tracker_refuses() -> None:
    """Closing twice is fine, tracking afterwards is not."""
    tracker = RecordedTracker(turning(2))
    tracker.close()
    tracker.close()
    with pytest.raises(TrackerError, match="closed"):
        tracker.track(frame(BLACK))


def test_replay_drives_what_a_camera_drives() -> None:
    """Through the tracker's seam and `Motion` come the same controls as `controls_of` says."""
    recording = turning(60)
    tracker, motion = RecordedTracker(recording, loops=False), Motion(1, needs_face=False, framing="full")
    live = []
    for index in range(60):
        picture = frame(BLACK, index)
        motion.observe(tracker.track(picture), picture.captured_s)
        live.append(motion.controls_at(picture.captured_s))
    np.testing.assert_allclose(controls_of(recording, 1, 30.0), live, atol=1e-5)


def test_controls_follow_the_person_at_any_rate() -> None:
    """A head that turns to 30 degrees turns, at 10 frames a second as at 120."""
    recording = turning(60)
    for fps in (10.0, 120.0):
        controls = controls_of(recording, 1, fps)
        assert len(controls) == round(2 * fps) and controls.dtype == np.float32
        assert controls[-1, INDEX["head_yaw"]] > 20
        # The end of the turn is where the recorded controls say it is.
        recorded = with_controls(recording).moments[-1].controls[1]
        assert abs(controls[-1, INDEX["head_yaw"]] - recorded.smoothed[INDEX["head_yaw"]]) < 5


def test_controls_of_nobody_are_refused() -> None:
    """The message names who is there."""
    with pytest.raises(SourceError, match="there are: 1"):
        controls_of(turning(3), 2, 30.0)
    with pytest.raises(SourceError, match="fps"):
        controls_of(turning(3), 1, float("nan"))
