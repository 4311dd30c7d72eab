"""When the next picture starts: pure rules, and the place where the generating thread waits for its turn.

The generator draws at most one picture per camera frame, at most so many a second, and never waits for a tracker
that is behind.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realtime.clock import Clock
from realtime.frame import Frame
from realtime.latest_slot import SlotClosed

#: How many camera intervals the generator waits for a fresh observation before it predicts instead.  A tracker
#: that keeps up delivers one per interval; half an interval more forgives its jitter.
PATIENCE = 1.5
#: Weight of the newest interval in the running mean of the camera's interval.
INTERVAL_WEIGHT = 0.2
#: A camera's interval is taken to lie between these, whatever the network does to its frames.
MIN_INTERVAL_S, MAX_INTERVAL_S = 1 / 120, 1 / 5
#: A picture that starts late by up to this part of its interval does not put the next one off, so that 30 fps in
#: stay 30 fps out, without waiting, in spite of jitter.
SLACK = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A frame that went through the tracker.

    Args:
        frame: the camera frame.
        tracked: whether a person was seen.
        landmarks: float32 (N, 2) in 0..1, or None.
        stage_ms: time per stage so far.
    """

    frame: Frame
    tracked: bool
    landmarks: npt.NDArray[np.float32] | None
    stage_ms: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What decides when the next picture starts.

    Args:
        last_start_s: when the last picture was started.
        due_s: when the rate allows the next one.
        unanswered: whether a camera frame came since.
        fresh: whether an observation came since.
        camera_interval_s: seconds between camera frames, running mean.
    """

    last_start_s: float
    due_s: float
    unanswered: bool
    fresh: bool
    camera_interval_s: float


def next_start_s(pace: Pace) -> float | None:
    """Return when the next picture may start, or None: not before something new arrives.

    No new camera frame, no picture: a paused camera costs nothing.  With one, a fresh observation is drawn at once;
    without, the tracker gets `PATIENCE` intervals and then the pose is predicted.
    """
    if not pace.unanswered:
        return None
    if pace.fresh:
        return pace.due_s
    return max(pace.due_s, pace.last_start_s + PATIENCE * pace.camera_interval_s)


def next_due_s(due_s: float, start_s: float, min_interval_s: float) -> float:
    """Return when the rate allows the picture after the one that was due and started at these times."""
    return max(due_s, start_s - SLACK * min_interval_s) + min_interval_s


class Agenda:
    """Where the tracking thread leaves its newest result, and the generating thread waits for its next start.

    Size one, newest wins, like `LatestSlot`; but the same result may be drawn again, with a predicted pose.
    """

    def __init__(self, clock: Clock, min_interval_s: float) -> None:
        self._clock = clock
        self._min_interval_s = min_interval_s
        self._condition = threading.Condition()
        self._newest: Tracked | None = None
        self._fresh = False
        self._unanswered = False
        self._last_start_s = self._due_s = float("-inf")
        self._last_arrival_s: float | None = None
        self._camera_interval_s = min_interval_s
        self._closed = False

    def camera_frame_arrived(self, now_s: float) -> None:
        """Note that there is something new to answer."""
        with self._condition:
            if self._last_arrival_s is not None:
                interval_s = min(max(now_s - self._last_arrival_s, MIN_INTERVAL_S), MAX_INTERVAL_S)
                self._camera_interval_s += INTERVAL_WEIGHT * (interval_s - self._camera_interval_s)
            self._last_arrival_s = now_s
            self._unanswered = True
            self._condition.notify()

    def put(self, tracked: Tracked) -> None:
        """Leave the newest tracked frame."""
        with self._condition:
            self._newest = tracked
            self._fresh = True
            self._condition.notify()

    def take(self) -> Tracked:
        """Wait until a picture may start and return the newest tracked frame for it.

        Raises:
            SlotClosed: nothing will be started any more.
        """
        with self._condition:
            while True:
                if self._closed:
                    raise SlotClosed
                start_s = next_start_s(self._pace()) if self._newest is not None else None
                now_s = self._clock.now_s()
                if start_s is not None and start_s <= now_s:
                    assert self._newest is not None
                    self._last_start_s = now_s
                    self._due_s = next_due_s(self._due_s, now_s, self._min_interval_s)
                    self._fresh = self._unanswered = False
                    return self._newest
                self._condition.wait(None if start_s is None else start_s - now_s)

    def close(self) -> None:
        """Let the generating thread go.  Idempotent."""
        with self._condition:
            self._closed = True
            self._newest = None
            self._condition.notify_all()

    def _pace(self) -> Pace:
        return Pace(
            last_start_s=self._last_start_s,
            due_s=self._due_s,
            unanswered=self._unanswered,
            fresh=self._fresh,
            camera_interval_s=self._camera_interval_s,
        )
