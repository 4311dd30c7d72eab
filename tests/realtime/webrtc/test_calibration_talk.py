"""Calibration and hints end to end: aiortc peers against the real application with a painting engine."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest

from tests.fakes.peer import U8, Peer, disc_x, spot_picture
from tests.fakes.serving import Serving, fake_application
from tests.fakes.tracker import YAW_DEG

RANDOM = np.random.default_rng(3)
#: Where the spot is, and how far the head is turned there.
ASIDE, TURNED_DEG = 0.7, (0.7 - 0.5) * 2 * YAW_DEG


def aside(number: int, at_s: float) -> U8:
    """Paint a spot that stays aside, as a camera with noise shows it."""
    return living(spot_picture(ASIDE))


def living(image: U8) -> U8:
    """Return a picture with noise that codecs let through."""
    blocks = RANDOM.integers(0, 24, (image.shape[0] // 16, image.shape[1] // 16, 1), np.uint8)
    return np.asarray(np.minimum(image, 230) + blocks.repeat(16, 0).repeat(16, 1), np.uint8)


@contextlib.asynccontextmanager
async def meeting(camera: Any = aside, query: str = "") -> AsyncIterator[tuple[Peer, httpx.AsyncClient]]:
    """Have a peer talk with a server of its own."""
    with Serving(fake_application()) as serving:
        async with (
            httpx.AsyncClient(base_url=serving.address, timeout=20) as client,
            Peer(client, camera) as peer,
        ):
            response = await peer.join(query)
            assert response.status_code == 201, response.text
            await peer.until(lambda: bool(peer.said("state") and len(peer.frames) >= 5))
            yield peer, client


async def turned(peer: Peer) -> float:
    """Return by how many degrees the drawn head is turned, from the next picture but ten."""
    count = len(peer.frames)
    await peer.until(lambda: len(peer.frames) > count + 10)
    place = disc_x(peer.frames[-1])
    assert place is not None
    return (place - 0.5) * 180  # what the painting engine makes of head_yaw


async def until_calibration(peer: Peer, state: str, count: int = 1) -> dict[str, Any]:
    """Wait for the n-th message that calibration has come to a state and return it."""
    await peer.until(lambda: sum(one["state"] == state for one in peer.said("calibration")) >= count)
    return [one for one in peer.said("calibration") if one["state"] == state][-1]


async def test_calibration_is_recorded_used_and_given_to_the_peer() -> None:
    """The peer hears when it begins and what was recorded, and the head is straight from then on."""
    async with meeting() as (peer, _):
        assert await turned(peer) == pytest.approx(TURNED_DEG, abs=4)
        peer.send({"type": "calibrate"})
        recording = await until_calibration(peer, "recording")
        assert recording["duration_s"] == 1.5
        done = await until_calibration(peer, "done")
        assert done["neutral"]["version"] == 1
        assert done["neutral"]["head_yaw"] == pytest.approx(TURNED_DEG, abs=1)
        assert [one["state"] for one in peer.said("calibration")] == ["recording", "done"]
        assert await turned(peer) == pytest.approx(0, abs=4)


async def test_neutral_that_the_peer_kept_is_used_by_the_next_session() -> None:
    """What one session gave straightens the head of another, sent over the channel, by PATCH or with the offer."""
    kept = {"version": 1, "head_yaw": TURNED_DEG, "left_opening": 0.3, "torso_yaw": None}
    async with meeting() as (peer, client):
        peer.send({"type": "set", "neutral": kept})
        await until_calibration(peer, "used")
        assert await turned(peer) == pytest.approx(0, abs=4)
        peer.send({"type": "forget"})
        await until_calibration(peer, "forgotten")
        assert await turned(peer) == pytest.approx(TURNED_DEG, abs=4)
        assert (await client.patch(peer.location, json={"neutral": kept})).status_code == 200
        await until_calibration(peer, "used", 2)
    async with meeting(query=f"?{httpx.QueryParams({'neutral': json.dumps(kept)})}") as (peer, _):
        assert (await until_calibration(peer, "used"))["reason"] is None
        assert await turned(peer) == pytest.approx(0, abs=4)


@pytest.mark.parametrize(
    ("neutral", "reason"),
    [
        ({"version": 99, "soul": 1.0}, "version"),
        ({"head_yaw": 3.0}, "version"),
        ({"version": 1, "soul": 1.0}, "values"),
        ({"version": 1, "head_yaw": 400.0}, "values"),
    ],
)
async def test_neutral_that_is_of_no_use_is_ignored_and_the_peer_told(neutral: dict[str, float], reason: str) -> None:
    """The session goes on without it, however it came."""
    async with meeting(query=f"?{httpx.QueryParams({'neutral': json.dumps(neutral)})}") as (peer, _):
        assert (await until_calibration(peer, "ignored"))["reason"] == reason
        peer.send({"type": "set", "neutral": neutral})
        await until_calibration(peer, "ignored", 2)
        assert not peer.said("error")
        assert await turned(peer) == pytest.approx(TURNED_DEG, abs=4)


async def test_recording_without_a_face_fails_in_a_word() -> None:
    """Nobody there: the peer is told why, and may try again."""
    async with meeting(lambda number, at_s: living(np.full((240, 320, 3), 90, np.uint8))) as (peer, _):
        peer.send({"type": "calibrate"})
        assert (await until_calibration(peer, "failed"))["reason"] == "no_face"
        peer.send({"type": "calibrate"})
        await until_calibration(peer, "failed", 2)


async def test_neutral_that_is_no_object_is_an_error() -> None:
    """What is not even a neutral's shape is refused like any other nonsense."""
    async with meeting() as (peer, client):
        peer.send({"type": "set", "neutral": [1, 2]})
        peer.send({"type": "set", "neutral": {"version": 1, "head_yaw": "left"}})
        await peer.until(lambda: len(peer.said("error")) == 2)
        response = await client.post(
            "/api/sessions?neutral=%7B", content="v=0", headers={"Content-Type": "application/sdp"}
        )
        assert response.status_code == 422
        assert "neutral" in response.json()["detail"]


async def test_camera_that_hangs_is_told_and_shows_nobody_until_it_moves() -> None:
    """Through a codec that keeps improving the still picture; when the camera lives again, so does the character."""
    still = living(spot_picture(ASIDE))

    def hanging(number: int, at_s: float) -> U8:
        return still if 2.0 < at_s < 7.0 else living(spot_picture(ASIDE))

    async with meeting(hanging) as (peer, _):
        await peer.until(lambda: bool(peer.said("stats")) and peer.said("stats")[-1]["tracked"])
        await peer.until(lambda: peer.said("stats")[-1]["hint"] == "frozen", 15)
        await peer.until(lambda: not peer.said("stats")[-1]["tracked"])
        await peer.until(lambda: peer.said("stats")[-1]["hint"] is None, 15)
        await peer.until(lambda: peer.said("stats")[-1]["tracked"])


async def test_dark_camera_is_told() -> None:
    """A code that stays the same, for the page to put into words."""
    async with meeting(lambda number, at_s: living(np.full((240, 320, 3), 8, np.uint8))) as (peer, _):
        await peer.until(lambda: bool(peer.said("stats")) and peer.said("stats")[-1]["hint"] == "dark", 10)
