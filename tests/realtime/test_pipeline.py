"""The pipeline: when pictures start, what they show, and how its threads end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from engines.condition import Condition
from realtime.clock import MonotonicClock
from realtime.frame import AnimeFrame, Frame
from realtime.pipeline import Look, Pipeline
from realtime.settings import PipelineSettings
from realtime.shared_engine import SharedEngine
from realtime.telemetry import Telemetry
from realtime.tracker import Tracker
from tests.fakes.engine import PaintingEngine
from tests.fakes.peer import U8, spot_picture
from tests.fakes.tracker import SpotMotion, SpotTracker

CLOCK = MonotonicClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A camera picture that is RGB already."""

    captured_s: float
    image: U8

    def frame(self) -> Frame:
        return Frame(image=self.image, pts=0, time_base=Fraction(1, 30), captured_s=self.captured_s)


@dataclass
class Shelf:
    """A sink that keeps everything."""

    frames: list[AnimeFrame] = field(default_factory=list)
    closed: int = 0

    def write(self, frame: AnimeFrame) -> None:
        self.frames.append(frame)

    def close(self) -> None:
        self.closed += 1


class Running:
    """A pipeline with its surroundings."""

    def __init__(
        self, tracker: Tracker, engine: PaintingEngine, *, watch_camera: bool = True, **settings: float
    ) -> None:
        self.sink = Shelf()
        self.errors: list[Exception] = []
        self.telemetry = Telemetry()
        self.pipeline = Pipeline(
            name="test",
            make_tracker=lambda: tracker,
            motion=SpotMotion(),
            engine=SharedEngine(engine),
            sink=self.sink,
            look=Look(character="ada", background=(0, 255, 0)),
            settings=PipelineSettings.model_validate(settings),
            clock=CLOCK,
            telemetry=self.telemetry,
            on_failure=self.errors.append,
            watch_camera=watch_camera,
        )

    def feed(self, seconds: float, fps: int = 30, x: float = 0.5) -> int:
        """Put pictures in real time and return how many."""
        count = int(seconds * fps)
        began_s = CLOCK.now_s()
        for number in range(count):
            time.sleep(max(0.0, began_s + number / fps - CLOCK.now_s()))
            self.pipeline.put(Picture(captured_s=CLOCK.now_s(), image=spot_picture(x)))
        time.sleep(0.1)
        return count


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running(SpotTracker(), PaintingEngine(64))
    running.pipeline.start()
    yield running
    running.pipeline.stop()


def test_every_camera_frame_is_answered_by_at_most_one_picture(running: Running) -> None:
    """Thirty in, about thirty out, each later than the last, each naming the frame that it answers."""
    count = running.feed(1.0)
    frames = running.sink.frames
    assert 0.8 * count <= len(frames) <= count
    assert all(later.generated_s > earlier.generated_s for earlier, later in pairwise(frames))
    assert all(frame.source.captured_s < frame.generated_s for frame in frames)
    assert {"queue", "convert", "track", "retarget", "pose", "generate", "composite"} == frames[-1].stage_ms.keys()
    assert frames[-1].tracked
    assert frames[-1].landmarks is not None


def test_no_camera_frame_no_picture(running: Running) -> None:
    """After the last camera frame the pipeline falls silent."""
    running.feed(0.3)
    count = len(running.sink.frames)
    time.sleep(0.4)
    assert len(running.sink.frames) == count


def test_picture_stands_over_the_background_and_follows_the_look(running: Running) -> None:
    """The corner shows the background; another look shows in the next picture."""
    running.feed(0.2)
    assert tuple(running.sink.frames[-1].image[0, 0]) == (0, 255, 0)
    running.pipeline.look = Look(character="bob", background=(9, 9, 9))
    running.feed(0.2)
    assert tuple(running.sink.frames[-1].image[0, 0]) == (9, 9, 9)


def test_mirror_turns_the_head_the_other_way(running: Running) -> None:
    """What the person does to the left, the mirror image does to the right."""

    def disc() -> float:
        image = running.sink.frames[-1].image.astype(int)
        return float(np.nonzero(image[..., 2] > image[..., 1])[1].mean()) / image.shape[1]

    running.feed(0.2, x=0.8)
    plain = disc()
    running.pipeline.look = Look(character="ada", background=(0, 255, 0), mirror=True)
    running.feed(0.2, x=0.8)
    assert plain > 0.6
    assert disc() == pytest.approx(1 - plain, abs=0.03)


def test_slow_tracker_does_not_hold_pictures_up() -> None:
    """With 150 ms of tracking, pictures still come faster than the tracker, and camera frames are dropped."""
    running = Running(SpotTracker(delay_s=0.15), PaintingEngine(64))
    running.pipeline.start()
    running.feed(1.5)
    running.pipeline.stop()
    assert len(running.sink.frames) > 1.5 / 0.15 * 1.5
    assert running.pipeline.drops > 10


def test_slow_engine_draws_the_newest_and_drops_the_rest() -> None:
    """With 100 ms of drawing, the latency stays near what one picture takes: nothing queues up."""

    class SlowEngine(PaintingEngine):
        def generate(self, condition: Condition) -> U8:
            time.sleep(0.1)
            return super().generate(condition)

    running = Running(SpotTracker(), SlowEngine(64))
    running.pipeline.start()
    running.feed(1.5)
    running.pipeline.stop()
    latencies = [frame.generated_s - frame.source.captured_s for frame in running.sink.frames[3:]]
    assert max(latencies) < 0.1 + 0.1
    assert 10 <= len(running.sink.frames) <= 16


def test_rate_limit_holds() -> None:
    """At most so many pictures a second, whatever the camera does."""
    running = Running(SpotTracker(), PaintingEngine(64), fps=10)
    running.pipeline.start()
    running.feed(1.5)
    running.pipeline.stop()
    assert 12 <= len(running.sink.frames) <= 1.5 * 10 + 2


def test_stop_ends_the_threads_and_closes_tracker_and_sink() -> None:
    """After stop no thread of the pipeline lives; stopping again does no harm, putting neither."""
    tracker = SpotTracker()
    running = Running(tracker, PaintingEngine(64))
    running.pipeline.start()
    running.feed(0.1)
    running.pipeline.stop()
    running.pipeline.stop()
    running.pipeline.put(Picture(captured_s=0.0, image=spot_picture(0.5)))
    assert tracker.closed
    assert running.sink.closed
    assert not [thread for thread in threading.enumerate() if thread.name.endswith("-test")]
    assert not running.errors


def test_stop_without_start_is_fine() -> None:
    """A pipeline that never ran can be stopped."""
    Running(SpotTracker(), PaintingEngine(64)).pipeline.stop()


def test_worker_that_fails_reports_once_and_ends_both(caplog: pytest.LogCaptureFixture) -> None:
    """The first failure is reported with its traceback; the other thread ends as well."""
    tracker = SpotTracker(fail_after=3)
    running = Running(tracker, PaintingEngine(64))
    running.pipeline.start()
    running.feed(0.5)
    assert [str(error) for error in running.errors] == ["the tracker broke"]
    assert not [thread for thread in threading.enumerate() if thread.name.endswith("-test")]
    assert len([record for record in caplog.records if record.exc_info]) == 1
    assert tracker.closed
    running.pipeline.stop()


def test_tracker_that_cannot_start_is_reported() -> None:
    """Making the tracker happens on its thread, under the same supervision."""

    def refuse() -> Tracker:
        raise RuntimeError("no model")

    running = Running(SpotTracker(), PaintingEngine(64))
    running.pipeline._make_tracker = refuse
    running.pipeline.start()
    time.sleep(0.1)
    running.pipeline.stop()
    assert [str(error) for error in running.errors] == ["no model"]


def test_camera_that_hangs_shows_nobody_and_is_not_tracked() -> None:
    """Two seconds of one picture: the character idles, the tracker rests; the next picture is believed at once."""
    tracker = SpotTracker()
    running = Running(tracker, PaintingEngine(64))
    running.pipeline.start()
    running.feed(2.5)
    assert not running.sink.frames[-1].tracked
    assert running.telemetry.snapshot(CLOCK.now_s()).hint == "frozen"
    looked = len(tracker.sizes)
    running.feed(0.2)
    assert len(tracker.sizes) == looked
    running.feed(0.2, x=0.7)
    assert running.sink.frames[-1].tracked
    running.pipeline.stop()


def test_pipeline_that_does_not_watch_its_camera_goes_on() -> None:
    """Where the tracker follows a recording, the camera may show what it likes."""
    running = Running(SpotTracker(), PaintingEngine(64), watch_camera=False)
    running.pipeline.start()
    running.feed(2.5)
    assert running.sink.frames[-1].tracked
    assert running.telemetry.snapshot(CLOCK.now_s()).hint is None
    running.pipeline.stop()
