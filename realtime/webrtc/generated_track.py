"""The track that carries the character: always the newest picture, in order."""

from __future__ import annotations

import asyncio

import av
import cv2
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import VIDEO_CLOCK_RATE, VIDEO_TIME_BASE, MediaStreamError

from realtime.frame import AnimeFrame


class GeneratedTrack(MediaStreamTrack):
    """A sink on the pipeline's side, a media track on the loop's; between them one place where the newest wins.

    A picture's time stamp is when it was finished.  That is the moment its pose was predicted for, and it keeps
    the pipeline's varying delay out of the stamps: with the camera's own stamps the browser would take that
    variation for network jitter and buffer against it, which only adds delay.
    """

    kind = "video"

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._home = loop
        self._newest: av.VideoFrame | None = None
        self._arrived = asyncio.Event()
        self._last_pts = -1
        self._origin_s: float | None = None
        self._drops = 0

    @property
    def drops(self) -> int:
        """How many pictures were replaced before the encoder took them."""
        return self._drops

    def write(self, frame: AnimeFrame) -> None:
        """Take a picture on the generating thread, where it is also turned into the encoder's pixel format."""
        if self._origin_s is None:
            self._origin_s = frame.generated_s
        # I420 with BT.601 limited range, as the encoder marks it; 0.2 ms where swscale takes 0.9 ms.
        yuv = np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2YUV_I420), np.uint8)
        picture = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        self._last_pts = max(self._last_pts + 1, round((frame.generated_s - self._origin_s) * VIDEO_CLOCK_RATE))
        picture.pts = self._last_pts
        picture.time_base = VIDEO_TIME_BASE
        self._home.call_soon_threadsafe(self._offer, picture)

    def close(self) -> None:
        """Nothing to let go of; `stop` ends the track, on the loop."""

    async def recv(self) -> av.VideoFrame:
        """Wait for a picture that was not sent yet.

        Raises:
            MediaStreamError: the track was stopped.
        """
        while self._newest is None:
            if self.readyState != "live":
                raise MediaStreamError
            self._arrived.clear()
            await self._arrived.wait()
        picture, self._newest = self._newest, None
        return picture

    def stop(self) -> None:
        """End the track and wake whoever waits for a picture.  Idempotent."""
        super().stop()
        self._newest = None
        self._arrived.set()

    def _offer(self, picture: av.VideoFrame) -> None:
        if self.readyState != "live":
            return
        if self._newest is not None:
            self._drops += 1
        self._newest = picture
        self._arrived.set()
