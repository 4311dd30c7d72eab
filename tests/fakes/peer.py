"""A browser's part: a camera, a peer connection, a data channel, and what came back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from fractions import Fraction
from types import TracebackType
from typing import Any, Self

import av
import httpx
import numpy as np
import numpy.typing as npt
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import VIDEO_CLOCK_RATE, MediaStreamError

U8 = npt.NDArray[np.uint8]
Paint = Callable[[int, float], U8]

#: A connection that does not close within this, s, is taken apart by hand.
CLOSE_TIMEOUT_S = 5.0


def spot_picture(x: float, size: tuple[int, int] = (320, 240)) -> U8:
    """Return a grey picture, (H, W, 3), with a bright spot at x in 0..1 of its width."""
    width, height = size
    image = np.full((height, width, 3), 110, np.uint8)
    centre, radius = int(x * width), height // 8
    image[height // 2 - radius : height // 2 + radius, max(centre - radius, 0) : centre + radius] = 255
    return image


async def until(condition: Callable[[], bool], timeout_s: float) -> float:
    """Wait for something to become true, wherever it happens, and return how long that took in seconds."""
    began_s = time.perf_counter()
    while not condition():
        if time.perf_counter() - began_s > timeout_s:
            raise TimeoutError
        await asyncio.sleep(0.02)
    return time.perf_counter() - began_s


class SyntheticCamera(MediaStreamTrack):
    """Paints pictures in real time.

    Args:
        paint: called with the picture's number and its time in seconds.
        fps: pictures a second.
    """

    kind = "video"

    def __init__(self, paint: Paint, fps: int = 30) -> None:
        super().__init__()
        self._paint = paint
        self._fps = fps
        self._began_s: float | None = None
        self.count = 0

    async def recv(self) -> av.VideoFrame:
        """Return the next picture when its time has come."""
        if self.readyState != "live":
            raise MediaStreamError
        self._began_s = self._began_s or time.perf_counter()
        at_s = self.count / self._fps
        await asyncio.sleep(max(0.0, self._began_s + at_s - time.perf_counter()))
        frame = av.VideoFrame.from_ndarray(self._paint(self.count, at_s), format="rgb24").reformat(format="yuv420p")
        frame.pts = round(at_s * VIDEO_CLOCK_RATE)
        frame.time_base = Fraction(1, VIDEO_CLOCK_RATE)
        self.count += 1
        return frame


class Peer:
    """An aiortc peer that does what the page does.

    Args:
        client: HTTP client whose base address is the server's.
        paint: what the camera sees.
        fps: how often it looks.
        codec: prefer this one, e.g. "VP8"; default: aiortc's order.
    """

    def __init__(
        self, client: httpx.AsyncClient, paint: Paint | None = None, fps: int = 30, codec: str | None = None
    ) -> None:
        self._client = client
        self.camera = SyntheticCamera(paint or (lambda number, at_s: spot_picture(0.5)), fps)
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._codec = codec
        self.frames: list[av.VideoFrame] = []
        self.messages: list[dict[str, Any]] = []
        self.location = ""
        self.answer = ""
        self._watcher: asyncio.Task[None] | None = None
        self.ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def offer(self) -> str:
        """Return a complete SDP offer: one sendrecv video and a data channel."""
        transceiver = self.connection.addTransceiver(self.camera, "sendrecv")
        if self._codec:
            codecs = RTCRtpSender.getCapabilities("video").codecs
            transceiver.setCodecPreferences([codec for codec in codecs if codec.name == self._codec])
        self.channel = self.connection.createDataChannel("control")
        self.channel.on("message", lambda text: self.messages.append(json.loads(text)))
        self.connection.on("track", self._take)
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def join(self, query: str = "") -> httpx.Response:
        """Offer a session and, if the server takes it, answer."""
        response = await self._client.post(
            f"/api/sessions{query}", content=await self.offer(), headers={"Content-Type": "application/sdp"}
        )
        if response.status_code == 201:
            self.location, self.answer = response.headers["location"], response.text
            await self.connection.setRemoteDescription(RTCSessionDescription(sdp=response.text, type="answer"))
        return response

    def send(self, message: dict[str, Any]) -> None:
        """Say something over the data channel."""
        self.channel.send(json.dumps(message))

    def said(self, kind: str) -> list[dict[str, Any]]:
        """Return the server's messages of a type."""
        return [message for message in self.messages if message["type"] == kind]

    async def until(self, condition: Callable[[], bool], timeout_s: float = 15.0) -> None:
        """Wait for something to become true."""
        try:
            await until(condition, timeout_s)
        except TimeoutError as error:
            raise TimeoutError(f"{len(self.frames)} frames, messages {self.messages[-3:]}") from error

    async def close(self) -> None:
        """Hang up politely: DTLS says goodbye."""
        self.camera.stop()
        try:
            await asyncio.wait_for(self.connection.close(), CLOSE_TIMEOUT_S)
        except TimeoutError:
            # aiortc's sender waits for ever for a task that died with the sockets; the receiver is not reached.
            for transceiver in self.connection.getTransceivers():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(transceiver.receiver.stop(), CLOSE_TIMEOUT_S)
        if self._watcher:
            self._watcher.cancel()  # a track that never started never ends either
            await asyncio.wait([self._watcher])
            self._watcher = None

    async def vanish(self) -> None:
        """Be gone without a word, as if the cable were pulled: the sockets close before anything can be said."""
        for transport in {
            transceiver.receiver.transport.transport for transceiver in self.connection.getTransceivers()
        }:
            for protocol in transport._connection._protocols:
                protocol.transport.abort()
        await self.close()

    def _take(self, track: MediaStreamTrack) -> None:
        self._watcher = asyncio.create_task(self._watch(track))

    async def _watch(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.VideoFrame)
                self.frames.append(frame)
        except MediaStreamError:
            self.ended.set()


def disc_x(frame: av.VideoFrame) -> float | None:
    """Return where the painting engine's disc is, 0..1 of the width, or None without one."""
    image = frame.to_ndarray(format="rgb24").astype(np.int16)
    # The disc's blue is 200 over at most 120 of green and 200 of red; the background's green is as high as its blue.
    columns = np.nonzero(image[..., 2] - image[..., 1] > 60)[1]
    return float(columns.mean()) / image.shape[1] if len(columns) else None
