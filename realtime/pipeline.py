"""One session's way from camera frame to anime frame, on two overlapped threads.

    put -> [LatestSlot] -> tracking: decode, track, observe -> [Agenda] -> generating: pose, draw, composite -> sink

Neither thread waits for the other to finish the newest frame: the newest camera frame replaces an untracked one,
and the generator asks the motion for the pose of *now*, predicting when the tracker is behind.  When it starts a
picture is the agenda's matter (`realtime.agenda`): at most one per camera frame.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engines import controls as control_spec
from engines.condition import Condition
from engines.controls import ControlVector
from realtime.agenda import Agenda, Tracked
from realtime.camera_watch import CameraWatch
from realtime.clock import Clock
from realtime.compositing import Colour, copy_marker, over_colour
from realtime.frame import AnimeFrame, Frame
from realtime.latest_slot import LatestSlot, SlotClosed
from realtime.observation import PersonObservation
from realtime.retargeting.calibration import Calibration
from realtime.retargeting.neutral import Neutral
from realtime.settings import PipelineSettings
from realtime.shared_engine import SharedEngine
from realtime.sink import Sink
from realtime.telemetry import Telemetry
from realtime.tracker import Tracker

logger = logging.getLogger(__name__)

#: A thread that has not ended this long after it was asked to is reported.
JOIN_TIMEOUT_S = 10.0


class CameraPicture(Protocol):
    """A camera picture as it comes from the decoder: still to be turned into RGB, which is not the loop's work."""

    @property
    def captured_s(self) -> float:
        """When it reached us, on the session's clock."""

    def frame(self) -> Frame:
        """Return it as a frame.  Called once, on the tracking thread."""


class MotionSource(Protocol):
    """What the pipeline needs of `realtime.motion.Motion`, which is called from several threads."""

    @property
    def tracked(self) -> bool:
        """Whether a person was seen in the last observation."""

    def observe(self, observations: tuple[PersonObservation, ...], captured_s: float) -> None:
        """Take what the tracker saw in one frame."""

    def controls_at(self, time_s: float) -> ControlVector:
        """Return the pose at a moment, predicted or idle where nothing was seen."""

    def landmarks(self) -> npt.NDArray[np.float32] | None:
        """Return what to draw over the self-view, (N, 2) in 0..1, or None."""

    def calibrate(self, now_s: float) -> None:
        """Begin to record the neutral face and posture of the person in front."""

    def calibration(self, now_s: float) -> Calibration:
        """Return the newest recording of a neutral."""

    def use_neutral(self, neutral: Neutral | None) -> None:
        """Take a neutral that was recorded before, or forget it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a session wants to see; replaced as a whole, so that no picture mixes two.

    Args:
        character: name of a character that the engine knows.
        background: red, green, blue, 0-255.
        mirror: move as the person's mirror image.
    """

    character: str
    background: Colour
    mirror: bool = False


@dataclass(slots=True)
class _Stopwatch:
    clock: Clock
    stage_ms: dict[str, float]
    since_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.since_s = self.clock.now_s()

    def lap(self, stage: str) -> None:
        now_s = self.clock.now_s()
        self.stage_ms[stage] = (now_s - self.since_s) * 1000
        self.since_s = now_s


class Pipeline:
    """Tracks, poses, draws and composites for one session.

    Args:
        name: goes into the threads' names.
        make_tracker: called once, on the tracking thread, which also closes the tracker.
        motion: what turns observations into poses.
        engine: shared with other sessions.
        sink: gets every picture, on the generating thread; the pipeline closes it.
        look: what to show at first.
        settings: frame rate, prediction, marker.
        clock: the session's clock.
        telemetry: where counts and times go.
        on_failure: called at most once, from a worker thread, when one of them failed and the pipeline ended.
        watch_camera: look for what the person should be told about the camera's picture, and take a camera that
            hangs for one that shows nobody.  Off where the tracker does not follow the camera.
    """

    def __init__(
        self,
        *,
        name: str,
        make_tracker: Callable[[], Tracker],
        motion: MotionSource,
        engine: SharedEngine,
        sink: Sink,
        look: Look,
        settings: PipelineSettings,
        clock: Clock,
        telemetry: Telemetry,
        on_failure: Callable[[Exception], None],
        watch_camera: bool = True,
    ) -> None:
        self._name = name
        self._make_tracker = make_tracker
        self._motion = motion
        self._engine = engine
        self._sink = sink
        self._look = look
        self._settings = settings
        self._clock = clock
        self._telemetry = telemetry
        self._on_failure = on_failure
        self._camera = CameraWatch() if watch_camera else None
        self._incoming: LatestSlot[CameraPicture] = LatestSlot()
        self._agenda = Agenda(clock, 1 / settings.fps)
        self._failure_lock = threading.Lock()
        self._failed = False
        self._threads: tuple[threading.Thread, ...] = ()

    @property
    def look(self) -> Look:
        """What is being shown."""
        return self._look

    @look.setter
    def look(self, look: Look) -> None:
        self._look = look

    @property
    def drops(self) -> int:
        """How many camera frames a newer one replaced before they were tracked."""
        return self._incoming.drops

    def calibrate(self) -> None:
        """Begin to record the neutral face and posture of the person in front; `calibration` tells how it goes."""
        self._motion.calibrate(self._clock.now_s())

    def calibration(self) -> Calibration:
        """Return the newest recording of a neutral."""
        return self._motion.calibration(self._clock.now_s())

    def use_neutral(self, neutral: Neutral | None) -> None:
        """Take a neutral that was recorded before, or forget it."""
        self._motion.use_neutral(neutral)

    def start(self) -> None:
        """Start both threads."""
        self._threads = tuple(
            threading.Thread(target=self._guard, args=(work,), name=f"{work.__name__.strip('_')}-{self._name}")
            for work in (self._tracking, self._generating)
        )
        for thread in self._threads:
            thread.start()

    def put(self, picture: CameraPicture) -> None:
        """Take a camera picture.  From any thread; never blocks; does nothing once stopped."""
        now_s = self._clock.now_s()
        self._telemetry.arrived(now_s)
        self._incoming.put(picture)
        self._agenda.camera_frame_arrived(now_s)

    def stop(self) -> None:
        """End both threads and wait for them.  Idempotent; blocks, so never on the event loop."""
        self._close()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(JOIN_TIMEOUT_S)
                if thread.is_alive():
                    logger.error("thread %s has not ended after %.0f s", thread.name, JOIN_TIMEOUT_S)
        self._sink.close()

    def _close(self) -> None:
        self._incoming.close()
        self._agenda.close()

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except SlotClosed:
            pass
        except Exception as error:  # the supervised border of a worker thread
            self._close()
            with self._failure_lock:
                first, self._failed = not self._failed, True
            if first:
                logger.exception("session %s: %s failed", self._name, threading.current_thread().name)
                self._on_failure(error)

    def _tracking(self) -> None:
        tracker = self._make_tracker()
        try:
            while True:
                picture = self._incoming.take()
                assert picture is not None  # without a time-out the slot waits
                stage_ms: dict[str, float] = {}
                watch = _Stopwatch(self._clock, stage_ms)
                stage_ms["queue"] = (watch.since_s - picture.captured_s) * 1000
                frame = picture.frame()
                watch.lap("convert")
                observations = self._seen_in(frame, tracker)
                watch.lap("track")
                self._motion.observe(observations, frame.captured_s)
                tracked, landmarks = self._motion.tracked, self._motion.landmarks()
                watch.lap("retarget")
                self._agenda.put(Tracked(frame=frame, tracked=tracked, landmarks=landmarks, stage_ms=stage_ms))
        finally:
            tracker.close()

    def _seen_in(self, frame: Frame, tracker: Tracker) -> tuple[PersonObservation, ...]:
        """Return who is in the frame; nobody in one that the camera repeats, so that the character idles."""
        if self._camera is None:
            return tracker.track(frame)
        self._camera.see(frame.image, frame.captured_s)
        observations = () if self._camera.frozen else tracker.track(frame)
        if not self._camera.frozen:
            self._camera.meet(observations)
        self._telemetry.hinted(self._camera.hint)
        return observations

    def _generating(self) -> None:
        swing, swinging = None, ""
        while True:
            tracked = self._agenda.take()
            look = self._look
            stage_ms = dict(tracked.stage_ms)
            watch = _Stopwatch(self._clock, stage_ms)
            lead_ms = min(self._telemetry.stage_p50_ms("generate"), self._settings.max_lead_ms)
            at_s = watch.since_s + lead_ms / 1000
            pose = self._motion.controls_at(at_s)
            if look.mirror:
                pose = control_spec.mirrored(pose)
            watch.lap("pose")
            if look.character != swinging:
                swing, swinging = self._engine.swing(look.character), look.character
            turns = swing.turns(pose, at_s) if swing else None
            framing = self._settings.framing
            condition = Condition(character=look.character, controls=pose, framing=framing, turns=turns)
            rgba = self._engine.generate(condition)
            watch.lap("generate")
            image = over_colour(rgba, look.background)
            copy_marker(tracked.frame.image, image, self._settings.marker_px)
            watch.lap("composite")
            picture = AnimeFrame(
                image=image,
                source=tracked.frame,
                tracked=tracked.tracked,
                stage_ms=stage_ms,
                generated_s=watch.since_s,
                landmarks=tracked.landmarks,
            )
            self._telemetry.finished(picture)
            self._sink.write(picture)
