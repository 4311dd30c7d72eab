"""One peer: its connection, its pipeline, its words, and the end of all three."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcrtpparameters import RTCRtpCodecCapability
from aiortc.stats import RTCTransportStats
from av import VideoFrame

from realtime.clock import Clock
from realtime.compositing import format_colour
from realtime.errors import OfferError
from realtime.frame import AnimeFrame
from realtime.pipeline import Look, Pipeline
from realtime.settings import MediaSettings, ServerSettings
from realtime.sink import Sink
from realtime.telemetry import Telemetry
from realtime.webrtc.calibration_talk import CalibrationTalk
from realtime.webrtc.conversation import Conversation
from realtime.webrtc.decoded_picture import DecodedPicture
from realtime.webrtc.generated_track import GeneratedTrack
from realtime.webrtc.landmark_feed import LandmarkFeed
from realtime.webrtc.messages import CalibrateMessage, ForgetMessage, LookChange, StateMessage, StatsMessage
from realtime.webrtc.offer import check_offer, with_camera_bitrate

logger = logging.getLogger(__name__)

#: How often statistics go to the peer.
STATS_INTERVAL_S = 0.25
#: How often the session looks whether its peer still lives.
PULSE_INTERVAL_S = 1.0
#: How long aiortc may take to close a connection before the session lets go of it.
CLOSE_TIMEOUT_S = 5.0


class State(enum.Enum):
    """Where a session is in its life; it only ever goes down this list."""

    NEW = "new"
    CONNECTING = "connecting"
    LIVE = "live"
    ENDING = "ending"
    ENDED = "ended"


class MakePipeline(Protocol):
    """Builds a session's pipeline; the composition root knows with what."""

    def __call__(
        self,
        *,
        name: str,
        look: Look,
        sink: Sink,
        telemetry: Telemetry,
        on_failure: Callable[[Exception], None],
    ) -> Pipeline:
        """Return a pipeline that was not started."""


@dataclass(frozen=True, slots=True)
class _PeerSink:
    track: GeneratedTrack
    landmarks: LandmarkFeed

    def write(self, frame: AnimeFrame) -> None:
        self.track.write(frame)
        self.landmarks.offer(frame)

    def close(self) -> None:
        self.track.close()


class Session:
    """A peer connection with its pipeline.  Lives on the event loop; `open` once, `stop` as often as you like.

    Everything that runs for a session is owned by one supervisor task, which begins in `open` and whose end is the
    session's end, however that comes: goodbye over HTTP, a closed or failed connection, silence, or a worker's
    failure.

    Args:
        id: unguessable; whoever knows it may change and end the session.
        look: what to show at first.
        change_look: checks a wished change and returns the new look; raises `SessionError`.
        make_pipeline: builds the pipeline.
        server: time-outs.
        media: codecs, bit rates, ICE servers.
        clock: shared with the pipeline.
        on_ended: called once, on the loop, when nothing of the session is left.
    """

    def __init__(
        self,
        *,
        id: str,
        look: Look,
        change_look: Callable[[Look, LookChange], Look],
        make_pipeline: MakePipeline,
        server: ServerSettings,
        media: MediaSettings,
        clock: Clock,
        on_ended: Callable[[Session], None],
    ) -> None:
        self.id = id
        self._server = server
        self._media = media
        self._clock = clock
        self._change_look = change_look
        self._on_ended = on_ended
        self._loop = asyncio.get_running_loop()
        self._state = State.NEW
        self._since_s = clock.now_s()
        self._telemetry = Telemetry()
        self._outgoing = GeneratedTrack(self._loop)
        self._conversation = Conversation(self._change_in_words, self._state_in_words, self._calibrate_in_words)
        self._pipeline = make_pipeline(
            name=self.label,
            look=look,
            sink=_PeerSink(self._outgoing, LandmarkFeed(self._loop, self._conversation.say_unless_busy)),
            telemetry=self._telemetry,
            on_failure=lambda error: _post(self._loop, self._pipeline_failed, error),
        )
        self._calibration = CalibrationTalk(self._pipeline, self._conversation.say_calibration)
        self._peer = RTCPeerConnection(
            RTCConfiguration(iceServers=[RTCIceServer(urls=address) for address in media.ice_servers])
        )
        self._camera: MediaStreamTrack | None = None
        self._ending = asyncio.Event()
        self._settled = asyncio.Event()
        self._reason = ""
        self._last_words: str | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def label(self) -> str:
        """What logs and threads call the session: the beginning of its id, which alone opens nothing."""
        return self.id[:6]

    @property
    def state(self) -> State:
        """Where the session is in its life."""
        return self._state

    @property
    def look(self) -> Look:
        """What the session shows."""
        return self._pipeline.look

    async def open(self, offer: str) -> str:
        """Take a peer's offer and return our answer, both SDP, with every candidate of ours in it.

        Raises:
            OfferError: the offer cannot become a session; nothing is left of this one then.
        """
        try:
            check_offer(offer)
            answer = await self._negotiate(offer)
        except BaseException:
            self._enter(State.ENDING)
            await self._close_peer()
            self._enter(State.ENDED)
            raise
        self._pipeline.start()
        self._enter(State.CONNECTING)
        self._supervisor = asyncio.create_task(self._supervise(), name=f"session-{self.label}")
        return with_camera_bitrate(answer, self._media.camera_start_bitrate_kbps)

    def change(self, change: LookChange) -> None:
        """Change the look and the neutral from the next picture on.

        Raises:
            UnknownCharacter: no such character.
        """
        self._change_in_words(change)
        self._conversation.say_state()

    def take_neutral(self, words: Mapping[str, float | None]) -> None:
        """Take a neutral that the peer kept; one that is of no use is ignored, and the peer is told."""
        self._calibration.take(words)

    async def stop(self, reason: str = "stopped") -> None:
        """End the session and wait until nothing of it is left.  Idempotent."""
        self._request_end(reason)
        if self._supervisor is not None:
            await asyncio.shield(self._supervisor)

    # -- negotiation

    async def _negotiate(self, offer: str) -> str:
        peer = self._peer
        peer.on("track", self._take_camera)
        peer.on("datachannel", self._conversation.begin)
        peer.on("connectionstatechange", self._connection_changed)
        transceiver = peer.addTransceiver(self._outgoing, "sendrecv")
        transceiver.setCodecPreferences(_preferred_codecs(self._media))
        try:
            await peer.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
        except OperationError as error:
            raise OfferError(f"the offer has no codec in common with {', '.join(self._media.codecs)}") from error
        except (ValueError, InternalError, InvalidStateError) as error:
            raise OfferError(f"the offer cannot be used: {error}") from error
        for other in peer.getTransceivers():
            if other is not transceiver:
                # Nobody would read a second camera or a microphone, and aiortc queues what is not read.
                other.direction = "inactive"
        await peer.setLocalDescription(await peer.createAnswer())
        return str(peer.localDescription.sdp)

    def _take_camera(self, track: MediaStreamTrack) -> None:
        if track.kind == "video" and self._camera is None:
            self._camera = track

    def _connection_changed(self) -> None:
        state = self._peer.connectionState
        if state in ("connected", "failed", "closed"):
            self._settled.set()
        if state == "connected" and self._state is State.CONNECTING:
            self._enter(State.LIVE)
        elif state in ("failed", "closed"):
            self._request_end(f"connection {state}")

    # -- life

    async def _supervise(self) -> None:
        drain = asyncio.create_task(self._drain(), name=f"drain-{self.label}")
        try:
            await self._watch()
        except Exception:  # the supervised border of the session's task
            logger.exception("session %s: supervisor failed", self.label)
            self._request_end("internal error")
        finally:
            await self._wind_up(drain)

    async def _drain(self) -> None:
        """Read the camera as fast as it comes: aiortc's queue of received frames has no limit."""
        assert self._camera is not None
        try:
            while True:
                picture = await self._camera.recv()
                assert isinstance(picture, VideoFrame)  # a received track has been decoded
                self._pipeline.put(DecodedPicture(picture=picture, captured_s=self._clock.now_s()))
        except MediaStreamError:
            self._request_end("the peer ended its camera")

    async def _watch(self) -> None:
        """Report and feel the pulse until something asks for the end."""
        packets, heard_s, felt_s = -1, self._clock.now_s(), self._clock.now_s()
        while not self._ending.is_set():
            now_s = self._clock.now_s()
            if self._state is State.CONNECTING and now_s - self._since_s > self._server.connect_timeout_s:
                self._request_end(f"no connection after {self._server.connect_timeout_s:g} s")
            if now_s - felt_s >= PULSE_INTERVAL_S:
                felt_s = now_s
                if (received := await self._packets_received()) != packets:
                    packets, heard_s = received, now_s
            if now_s - heard_s > self._server.session_idle_timeout_s - PULSE_INTERVAL_S:
                self._request_end("the peer fell silent")
            last_frame_s = self._telemetry.last_arrival_s or self._since_s
            if now_s - last_frame_s > self._server.no_frames_timeout_s:
                self._request_end(
                    "no camera frames", f"No camera picture came for {self._server.no_frames_timeout_s:g} seconds."
                )
            self._conversation.say_unless_busy(self._statistics(now_s).model_dump_json())
            self._calibration.report()
            try:
                await asyncio.wait_for(self._ending.wait(), STATS_INTERVAL_S)
            except TimeoutError:
                continue

    async def _packets_received(self) -> int:
        """Count everything that came from the peer: media, RTCP reports, data.  A living peer is never silent."""
        report = await self._peer.getStats()
        return sum(entry.packetsReceived for entry in report.values() if isinstance(entry, RTCTransportStats))

    # -- words

    def _change_in_words(self, change: LookChange) -> None:
        self._pipeline.look = self._change_look(self._pipeline.look, change)
        if change.neutral is not None:
            self.take_neutral(change.neutral)

    def _calibrate_in_words(self, message: CalibrateMessage | ForgetMessage) -> None:
        self._calibration.hear(message)

    def _state_in_words(self) -> StateMessage:
        look = self._pipeline.look
        return StateMessage(character=look.character, mirror=look.mirror, background=format_colour(look.background))

    def _statistics(self, now_s: float) -> StatsMessage:
        snapshot = self._telemetry.snapshot(now_s, self._pipeline.drops)
        return StatsMessage(
            fps_in=round(snapshot.fps_in, 1),
            fps_out=round(snapshot.fps_out, 1),
            latency_ms=round(snapshot.latency.p50, 1) if snapshot.latency else None,
            latency_p95_ms=round(snapshot.latency.p95, 1) if snapshot.latency else None,
            stage_ms={stage: round(times.p50, 1) for stage, times in snapshot.stages.items()},
            drops=snapshot.drops,
            tracked=snapshot.tracked,
            hint=snapshot.hint,
        )

    # -- end

    def _pipeline_failed(self, error: Exception) -> None:
        self._request_end("pipeline failed", f"The server could not go on: {error or type(error).__name__}")

    def _request_end(self, reason: str, last_words: str | None = None) -> None:
        """Ask the supervisor to wind up; the first reason counts."""
        if not self._ending.is_set():
            self._reason, self._last_words = reason, last_words
            self._ending.set()

    async def _wind_up(self, drain: asyncio.Task[None]) -> None:
        self._enter(State.ENDING)
        if self._last_words is not None:
            await self._conversation.end(self._last_words)
        self._outgoing.stop()
        await self._close_peer()
        drain.cancel()
        await asyncio.wait([drain])
        if not drain.cancelled() and (error := drain.exception()) is not None:
            logger.error("session %s: draining the camera failed", self.label, exc_info=error)
        await asyncio.to_thread(self._pipeline.stop)
        self._enter(State.ENDED)
        self._on_ended(self)

    async def _close_peer(self) -> None:
        try:
            if self._peer.connectionState == "connecting":
                await self._break_off()
            await asyncio.wait_for(self._peer.close(), CLOSE_TIMEOUT_S)
        except TimeoutError:
            logger.error("session %s: the connection did not close within %.0f s", self.label, CLOSE_TIMEOUT_S)

    async def _break_off(self) -> None:
        """Make a connection that is being made fail first.

        aiortc connects in a task that nobody owns.  Closed under way, that task goes on: it raises into the void, or
        starts a sender, a decoder thread and consent checks after `close` stopped them, which then live for ever.
        """
        transports = {transceiver.receiver.transport.transport for transceiver in self._peer.getTransceivers()}
        for transport in transports:
            await transport._connection.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._settled.wait(), CLOSE_TIMEOUT_S)

    def _enter(self, state: State) -> None:
        if state is not self._state:
            reason = f" ({self._reason})" if state is State.ENDING and self._reason else ""
            logger.info("session %s: %s -> %s%s", self.label, self._state.value, state.value, reason)
            self._state = state


def _preferred_codecs(media: MediaSettings) -> list[RTCRtpCodecCapability]:
    capabilities = RTCRtpSender.getCapabilities("video").codecs
    wanted = [codec for name in media.codecs for codec in capabilities if codec.name == name]
    return [*wanted, *(codec for codec in capabilities if codec.name == "rtx")]


def _post(loop: asyncio.AbstractEventLoop, call: Callable[[Exception], None], error: Exception) -> None:
    loop.call_soon_threadsafe(call, error)
