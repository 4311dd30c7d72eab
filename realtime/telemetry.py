"""What a session's pipeline is doing right now: rates, stage times, latency, drops."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from realtime.frame import AnimeFrame

#: Rates are counted over this many seconds: long enough to be steady, short enough to show a stall at once.
RATE_WINDOW_S = 2.0
#: Quantiles are taken over this many values: about four seconds at 30 frames a second.
QUANTILE_WINDOW = 120
#: Nothing is counted faster than this, so that the windows are bounded.
MAX_RATE_HZ = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """Median and 95th percentile, in milliseconds."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The state of a session at one moment.

    Args:
        fps_in: camera frames that came, per second.
        fps_out: pictures that were finished, per second.
        drops: camera frames that a newer one replaced before they were tracked, since the beginning.
        tracked: whether a person was seen in the newest picture's source.
        hint: what the person could do about the camera's picture, as `realtime.camera_watch.Hint`, or None.
        latency: from a camera frame's arrival to its finished picture, at the server.
        stages: time per stage, by stage name.
        frames_in: camera frames since the beginning.
        frames_out: pictures since the beginning.
    """

    fps_in: float
    fps_out: float
    drops: int
    tracked: bool
    hint: str | None = None
    latency: Quantiles | None
    stages: Mapping[str, Quantiles] = field(default_factory=dict)
    frames_in: int
    frames_out: int


class Telemetry:
    """Counts and times of one session.  Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrivals: deque[float] = deque(maxlen=int(RATE_WINDOW_S * MAX_RATE_HZ))
        self._finishes: deque[float] = deque(maxlen=int(RATE_WINDOW_S * MAX_RATE_HZ))
        self._latency_ms: deque[float] = deque(maxlen=QUANTILE_WINDOW)
        self._stage_ms: dict[str, deque[float]] = {}
        self._tracked = False
        self._hint: str | None = None
        self._frames_in = 0
        self._frames_out = 0
        self._last_arrival_s: float | None = None

    @property
    def last_arrival_s(self) -> float | None:
        """When the last camera frame came, on the session's clock; None before the first."""
        return self._last_arrival_s

    def arrived(self, now_s: float) -> None:
        """Count a camera frame."""
        with self._lock:
            self._frames_in += 1
            self._last_arrival_s = now_s
            self._arrivals.append(now_s)

    def hinted(self, hint: str | None) -> None:
        """Take the newest hint, or that there is none."""
        with self._lock:
            self._hint = hint

    def finished(self, frame: AnimeFrame) -> None:
        """Count a picture and its times."""
        with self._lock:
            self._frames_out += 1
            self._tracked = frame.tracked
            self._finishes.append(frame.generated_s)
            self._latency_ms.append((frame.generated_s - frame.source.captured_s) * 1000)
            for stage, milliseconds in frame.stage_ms.items():
                self._stage_ms.setdefault(stage, deque(maxlen=QUANTILE_WINDOW)).append(milliseconds)

    def stage_p50_ms(self, stage: str, otherwise: float = 0.0) -> float:
        """Return a stage's median, or `otherwise` while nothing is known."""
        with self._lock:
            values = self._stage_ms.get(stage)
            return float(np.median(values)) if values else otherwise

    def snapshot(self, now_s: float, drops: int = 0) -> Snapshot:
        """Return everything at one moment."""
        with self._lock:
            return Snapshot(
                fps_in=_rate(self._arrivals, now_s),
                fps_out=_rate(self._finishes, now_s),
                drops=drops,
                tracked=self._tracked,
                hint=self._hint,
                latency=_quantiles(self._latency_ms),
                stages={stage: found for stage, values in self._stage_ms.items() if (found := _quantiles(values))},
                frames_in=self._frames_in,
                frames_out=self._frames_out,
            )


def _rate(times_s: deque[float], now_s: float) -> float:
    recent = [time_s for time_s in times_s if now_s - time_s <= RATE_WINDOW_S]
    if len(recent) < 2:
        return 0.0
    # Intervals, not events, so that the first seconds are right; the end is now, so that a stall shows.
    return (len(recent) - 1) / max(now_s - recent[0], 1e-6)


def _quantiles(values: deque[float]) -> Quantiles | None:
    if not values:
        return None
    p50, p95 = np.percentile(values, (50, 95))
    return Quantiles(p50=float(p50), p95=float(p95))
