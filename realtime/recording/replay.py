"""A recording in the place of a tracker: the camera keeps the time, the recording says what was seen."""

from __future__ import annotations

from bisect import bisect_right

from realtime.errors import TrackerError
from realtime.frame import Frame
from realtime.observation import PersonObservation
from realtime.recording.recording import Recording

#: Times in files are rounded to microseconds.
_ROUNDING_S = 2e-6


class RecordedTracker:
    """Implements `realtime.tracker.Tracker`: answers each frame with what the recording shows at its time.

    The recording begins with the first frame.  What the frames show is not looked at.  A recording may be shared by
    several of these: nothing of it is changed.

    Args:
        recording: what to answer with.
        loops: begin again at the end; otherwise nobody is seen any more.
    """

    def __init__(self, recording: Recording, *, loops: bool = True) -> None:
        self._recording = recording
        self._times_s = [moment.time_s for moment in recording.moments]
        self._loops = loops
        self._began_s: float | None = None
        self._closed = False

    def track(self, frame: Frame) -> tuple[PersonObservation, ...]:
        """Return who was seen at the frame's time, main person first.

        Raises:
            TrackerError: the tracker was closed.
        """
        if self._closed:
            raise TrackerError("track: the tracker is closed; make a new one")
        if self._began_s is None:
            self._began_s = frame.captured_s
        return self.people_at(frame.captured_s - self._began_s)

    def people_at(self, time_s: float) -> tuple[PersonObservation, ...]:
        """Return who was seen at a time in seconds since the beginning; before it, who was seen first."""
        duration_s = self._recording.duration_s
        if time_s >= duration_s:
            if not self._loops:
                return ()
            time_s %= duration_s
        at = bisect_right(self._times_s, time_s + _ROUNDING_S) - 1
        return self._recording.moments[max(at, 0)].people

    def close(self) -> None:
        """Forget the recording's place.  Idempotent."""
        self._closed = True
