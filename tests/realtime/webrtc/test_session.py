"""Sessions end to end: aiortc peers against the real application with a painting engine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from itertools import pairwise

import httpx
import numpy as np
import pytest

from engines.condition import Condition
from realtime.webrtc.session import State
from tests.fakes.engine import PaintingEngine
from tests.fakes.peer import U8, Peer, disc_x, spot_picture, until
from tests.fakes.serving import Serving, fake_application, fake_parts
from tests.fakes.tracker import SpotTracker


def swing(number: int, at_s: float) -> U8:
    """Paint a spot that swings from side to side every two seconds."""
    return spot_picture(0.5 + 0.3 * float(np.sin(at_s * np.pi)))


@contextlib.asynccontextmanager
async def client_of(serving: Serving) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=serving.address, timeout=20) as client:
        yield client


async def gone(serving: Serving, timeout_s: float) -> float:
    """Wait until the server has no session left and return how long that took."""
    return await until(lambda: len(serving.sessions) == 0, timeout_s)


async def test_session_with_a_moving_person_sends_back_frames_in_order_that_move_along() -> None:
    """The character turns its head to where the person is, and time stamps only grow."""
    with Serving(fake_application()) as serving:
        async with client_of(serving) as client, Peer(client, swing) as peer:
            response = await peer.join()
            assert response.status_code == 201
            assert response.headers["content-type"] == "application/sdp"
            await peer.until(lambda: len(peer.frames) >= 90)
    places = np.array([x for frame in peer.frames if (x := disc_x(frame)) is not None])
    assert len(places) >= 85
    # 60 degrees at the picture's edge, of the engine's 180 across: a third of the spot's own way.
    assert places.max() - places.min() == pytest.approx(0.6 * 120 / 180, abs=0.06)
    turns = np.count_nonzero(np.diff(np.sign(np.diff(places[::5]))))
    assert 2 <= turns <= 6, "the disc swings as the spot does, forwards in time"
    stamps = [frame.pts for frame in peer.frames if frame.pts is not None]
    assert all(later > earlier for earlier, later in pairwise(stamps))


@pytest.mark.parametrize(("codec", "expected"), [(None, "H264"), ("VP8", "VP8")])
async def test_answer_prefers_h264_whatever_the_offers_order(codec: str | None, expected: str) -> None:
    """Aiortc offers VP8 first and still gets H264; an offer of VP8 alone gets VP8."""
    with Serving(fake_application()) as serving:
        async with client_of(serving) as client, Peer(client, codec=codec) as peer:
            await peer.join()
            first = next(line for line in peer.answer.splitlines() if line.startswith("a=rtpmap:"))
            assert expected in first
            assert "x-google-start-bitrate=1500" in peer.answer
            await peer.until(lambda: len(peer.frames) >= 5)


async def test_data_channel_speaks_the_protocol() -> None:
    """State on opening and after a change, statistics, landmarks, pong, and an error for what is not understood."""
    with Serving(fake_application()) as serving:
        async with client_of(serving) as client, Peer(client, swing) as peer:
            await peer.join("?character=bob&background=%23102030")
            await peer.until(lambda: bool(peer.said("state") and peer.said("landmarks") and peer.said("stats")))
            assert peer.said("state")[0] == {
                "type": "state", "character": "bob", "mirror": False, "background": "#102030",
            }  # fmt: skip
            assert 0 <= peer.said("landmarks")[0]["points"][0][0] <= 1
            peer.send({"type": "ping", "t": 12.5})
            await peer.until(lambda: bool(peer.said("pong")))
            assert peer.said("pong") == [{"type": "pong", "t": 12.5}]
            peer.send({"type": "set", "character": "ada", "mirror": True})
            await peer.until(lambda: len(peer.said("state")) == 2)
            assert peer.said("state")[1]["character"] == "ada"
            assert peer.said("state")[1]["mirror"] is True
            for nonsense in (
                {"type": "set", "character": "eve"},
                {"type": "fly"},
                {"type": "set", "background": "red"},
            ):
                peer.send(nonsense)
            peer.channel.send("not json")
            peer.channel.send(b"bytes")
            peer.channel.send("x" * 5000)
            await peer.until(lambda: len(peer.said("error")) == 6)
            await peer.until(lambda: bool(peer.said("stats")) and peer.said("stats")[-1]["fps_out"] > 15)
            stats = peer.said("stats")[-1]
            assert stats["fps_in"] > 15
            assert stats["tracked"] is True
            assert 0 < stats["latency_ms"] < 1000
            assert {"track", "generate", "composite"} <= stats["stage_ms"].keys()


async def test_set_changes_the_picture_without_a_break() -> None:
    """A new background shows in the running stream."""
    with Serving(fake_application()) as serving:
        async with client_of(serving) as client, Peer(client) as peer:
            await peer.join("?background=%23000000")
            await peer.until(lambda: len(peer.frames) >= 10)
            peer.send({"type": "set", "background": "#ffffff"})

            def corner_is_white() -> bool:
                return bool(peer.frames[-1].to_ndarray(format="rgb24")[:20, :20].mean() > 230)

            await peer.until(corner_is_white)
            response = await client.patch(peer.location, json={"background": "#000000"})
            assert response.json()["background"] == "#000000"
            await peer.until(lambda: bool(peer.frames[-1].to_ndarray(format="rgb24")[:20, :20].mean() < 25))


async def test_frame_size_that_changes_in_mid_stream_goes_on() -> None:
    """A camera that is turned or throttled changes its size; the character does not care."""
    tracker = SpotTracker()

    def growing(number: int, at_s: float) -> U8:
        return spot_picture(0.5, (320, 240) if number < 30 else (240, 320) if number < 60 else (640, 480))

    with Serving(fake_application(fake_parts(make_tracker=lambda: tracker))) as serving:
        async with client_of(serving) as client, Peer(client, growing) as peer:
            await peer.join()
            await peer.until(lambda: (640, 480) in tracker.sizes, 20)
            count = len(peer.frames)
            await peer.until(lambda: len(peer.frames) > count + 20)
            assert {(320, 240), (240, 320), (640, 480)} <= set(tracker.sizes)
            assert {(frame.width, frame.height) for frame in peer.frames} == {(256, 256)}
            assert not peer.said("error")


async def test_marker_rows_come_back_on_top_of_the_picture() -> None:
    """What the benchmark paints into the camera's top rows returns in the answer's."""

    def striped(number: int, at_s: float) -> U8:
        image = spot_picture(0.5)
        image[:16, :160], image[:16, 160:] = (255, 0, 0), (0, 0, 255)
        return image

    with Serving(fake_application(pipeline__marker_px=16)) as serving:
        async with client_of(serving) as client, Peer(client, striped) as peer:
            await peer.join()
            await peer.until(lambda: len(peer.frames) >= 20)
            image = peer.frames[-1].to_ndarray(format="rgb24").astype(int)
            left, right = image[4:12, 20:100].mean((0, 1)), image[4:12, 150:240].mean((0, 1))
            assert left[0] > 200
            assert left[2] < 60
            assert right[2] > 200
            assert right[0] < 60


async def test_peer_that_hangs_up_is_gone_at_once() -> None:
    """A DTLS goodbye ends the session without waiting for a time-out."""
    with Serving(fake_application()) as serving:
        async with client_of(serving) as client:
            async with Peer(client) as peer:
                await peer.join()
                await peer.until(lambda: len(peer.frames) >= 5)
            assert await gone(serving, 5) < 3


async def test_peer_that_vanishes_is_gone_after_the_time_out(caplog: pytest.LogCaptureFixture) -> None:
    """Without goodbye, silence ends the session, within the configured time."""
    caplog.set_level(logging.INFO, "realtime")
    with Serving(fake_application(server__session_idle_timeout_s=3)) as serving:
        async with client_of(serving) as client:
            peer = Peer(client)
            await peer.join()
            await peer.until(lambda: len(peer.frames) >= 5)
            await peer.vanish()
            assert await gone(serving, 10) < 4.5
    assert "the peer fell silent" in caplog.text


async def test_peer_that_never_connects_is_gone_after_the_time_out() -> None:
    """An offer whose peer takes no answer frees its place."""
    with Serving(fake_application(server__connect_timeout_s=1)) as serving:
        async with client_of(serving) as client, Peer(client) as peer:
            response = await client.post(
                "/api/sessions", content=await peer.offer(), headers={"Content-Type": "application/sdp"}
            )
            assert response.status_code == 201
            assert await gone(serving, 10) < 4


async def test_peer_without_camera_frames_is_told_and_ended() -> None:
    """A living peer whose camera is off loses its place after a while, and learns why."""

    def paused(number: int, at_s: float) -> U8:
        if number > 5:
            peer.camera._fps = 1
            peer.camera._began_s = time.perf_counter() + 3600
        return spot_picture(0.5)

    with Serving(fake_application(server__no_frames_timeout_s=2)) as serving:
        async with client_of(serving) as client, Peer(client, paused) as peer:
            await peer.join()
            await peer.until(lambda: bool(peer.said("error")), 10)
            assert "No camera picture" in peer.said("error")[0]["message"]
            await gone(serving, 5)


async def test_delete_ends_the_session_and_a_second_delete_finds_nothing() -> None:
    """DELETE answers when nothing of the session is left."""
    with Serving(fake_application()) as serving:
        async with client_of(serving) as client, Peer(client) as peer:
            await peer.join()
            await peer.until(lambda: len(peer.frames) >= 5)
            assert (await client.delete(peer.location)).status_code == 204
            assert len(serving.sessions) == 0
            assert (await client.delete(peer.location)).status_code == 404
            await asyncio.wait_for(peer.ended.wait(), 5)


class BreakingEngine(PaintingEngine):
    """Draws ten pictures and breaks."""

    count = 0

    def generate(self, condition: Condition) -> U8:
        """Paint, or break."""
        self.count += 1
        if self.count > 10:
            raise RuntimeError("the device is on fire")
        return super().generate(condition)


@pytest.mark.parametrize("broken", ["engine", "tracker"])
async def test_worker_that_fails_is_logged_once_and_the_peer_is_told(
    broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken worker thread ends its session cleanly, with the reason, and nobody else's."""
    parts = (
        fake_parts(engine=BreakingEngine())
        if broken == "engine"
        else fake_parts(make_tracker=lambda: SpotTracker(fail_after=10))
    )
    with Serving(fake_application(parts)) as serving:
        async with client_of(serving) as client, Peer(client) as peer:
            await peer.join()
            await peer.until(lambda: bool(peer.said("error")))
            words = "the device is on fire" if broken == "engine" else "the tracker broke"
            assert words in peer.said("error")[0]["message"]
            await gone(serving, 5)
            assert (await client.get("/healthz")).status_code == 200
    failures = [record for record in caplog.records if record.exc_info and "failed" in record.getMessage()]
    assert len(failures) == 1


async def test_slow_tracker_does_not_slow_the_pictures_down() -> None:
    """With a tracker at 5 frames a second the character still moves at the camera's rate, within reason."""
    parts = fake_parts(make_tracker=lambda: SpotTracker(delay_s=0.2))
    with Serving(fake_application(parts)) as serving:
        async with client_of(serving) as client, Peer(client, swing) as peer:
            await peer.join()
            await peer.until(lambda: bool(peer.said("stats")) and peer.said("stats")[-1]["fps_out"] > 12)


async def test_two_sessions_share_the_engine_fairly() -> None:
    """Two peers of a slow engine get about the same number of pictures."""

    class SlowEngine(PaintingEngine):
        def generate(self, condition: Condition) -> U8:
            time.sleep(0.05)
            return super().generate(condition)

    with Serving(fake_application(fake_parts(engine=SlowEngine()))) as serving:
        async with client_of(serving) as client, Peer(client) as one, Peer(client) as two:
            await one.join()
            await two.join("?character=bob")
            await one.until(lambda: bool(one.frames) and bool(two.frames))
            before = len(one.frames), len(two.frames)
            await asyncio.sleep(3)
            first, second = len(one.frames) - before[0], len(two.frames) - before[1]
            assert min(first, second) > 0.7 * max(first, second) > 10


async def test_stop_is_idempotent_and_frees_everything() -> None:
    """Ending a session twice, or the whole server with sessions open, leaves engine and tracker closed."""
    engine, tracker = PaintingEngine(), SpotTracker()
    with Serving(fake_application(fake_parts(engine=engine, make_tracker=lambda: tracker))) as serving:
        async with client_of(serving) as client, Peer(client) as peer:
            await peer.join()
            await peer.until(lambda: len(peer.frames) >= 5)
            session = serving.sessions.find(peer.location.rpartition("/")[2])

            async def stop_twice() -> None:
                await asyncio.gather(session.stop(), session.stop())
                await session.stop()

            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(stop_twice(), serving.loop))
            assert session.state is State.ENDED
            assert tracker.closed
    assert engine.closed
