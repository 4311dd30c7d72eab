"""Sends the landmarks of the person to the page, not more often than anybody can see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np

from realtime.frame import AnimeFrame
from realtime.webrtc.messages import LandmarksMessage

#: Landmarks per second: the overlay is a help for the eye, not data.
MAX_RATE_HZ = 15
#: Four digits are a tenth of a pixel at 1080p.
DIGITS = 4


class LandmarkFeed:
    """Turns pictures' landmarks into messages on the generating thread and sends them on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, send: Callable[[str], None]) -> None:
        self._loop = loop
        self._send = send
        self._last_s = float("-inf")
        self._empty = True

    def offer(self, frame: AnimeFrame) -> None:
        """Send a picture's landmarks if the last ones are old enough; an empty list once when they are lost."""
        if frame.generated_s - self._last_s < 1 / MAX_RATE_HZ:
            return
        if frame.landmarks is None or not len(frame.landmarks):
            if self._empty:
                return
            points: list[tuple[float, float]] = []
        else:
            rounded = np.round(frame.landmarks.astype(np.float64), DIGITS).tolist()
            points = [(x, y) for x, y in rounded]
        self._empty = not points
        self._last_s = frame.generated_s
        self._loop.call_soon_threadsafe(self._send, LandmarksMessage(points=points).model_dump_json())
