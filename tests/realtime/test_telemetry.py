"""Telemetry: rates, quantiles and latency from hand-made times."""

from __future__ import annotations

import threading
from fractions import Fraction

import numpy as np
import pytest

from realtime.frame import AnimeFrame, Frame
from realtime.telemetry import QUANTILE_WINDOW, Telemetry


def picture(captured_s: float, generated_s: float, track_ms: float = 5.0) -> AnimeFrame:
    image = np.zeros((2, 2, 3), np.uint8)
    source = Frame(image=image, pts=0, time_base=Fraction(1, 30), captured_s=captured_s)
    return AnimeFrame(image=image, source=source, tracked=True, stage_ms={"track": track_ms}, generated_s=generated_s)


def test_rates_and_latency_of_a_steady_stream() -> None:
    """Thirty frames a second that take 40 ms each are reported as such."""
    telemetry = Telemetry()
    for number in range(90):
        telemetry.arrived(number / 30)
        telemetry.finished(picture(number / 30, number / 30 + 0.04))
    snapshot = telemetry.snapshot(89 / 30 + 0.04, drops=3)
    assert snapshot.fps_in == pytest.approx(30, rel=0.05)
    assert snapshot.fps_out == pytest.approx(30, rel=0.05)
    assert snapshot.latency is not None
    assert snapshot.latency.p50 == pytest.approx(40)
    assert snapshot.stages["track"].p95 == pytest.approx(5)
    assert (snapshot.drops, snapshot.frames_in, snapshot.frames_out, snapshot.tracked) == (3, 90, 90, True)


def test_stalled_stream_has_no_rate() -> None:
    """Two seconds after the last frame the rate is zero, not what it was."""
    telemetry = Telemetry()
    for number in range(30):
        telemetry.arrived(number / 30)
    assert telemetry.snapshot(1.0).fps_in > 25
    assert telemetry.snapshot(3.5).fps_in == 0


def test_quantiles_forget_what_is_long_ago() -> None:
    """A slow start does not colour the figures for ever."""
    telemetry = Telemetry()
    for _ in range(10):
        telemetry.finished(picture(0, 1, track_ms=500))
    for _ in range(QUANTILE_WINDOW):
        telemetry.finished(picture(0, 1, track_ms=10))
    assert telemetry.snapshot(1).stages["track"].p95 == pytest.approx(10)
    assert telemetry.stage_p50_ms("track") == pytest.approx(10)
    assert telemetry.stage_p50_ms("unheard of", 7) == 7


def test_empty_telemetry_reports_nothing() -> None:
    """Before the first frame there are no rates and no times."""
    snapshot = Telemetry().snapshot(0)
    assert snapshot.fps_in == snapshot.fps_out == 0
    assert snapshot.latency is None
    assert not snapshot.stages


def test_threads_may_write_and_read_at_once() -> None:
    """Counts from several threads are all there."""
    telemetry = Telemetry()

    def write() -> None:
        for number in range(500):
            telemetry.arrived(number / 100)
            telemetry.finished(picture(0, number / 100))
            telemetry.snapshot(number / 100)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert telemetry.snapshot(5).frames_in == telemetry.snapshot(5).frames_out == 2000
