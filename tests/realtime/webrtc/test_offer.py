"""Offers before they become sessions, and the last word in our answers.  Bad ones: `test_application`."""

from __future__ import annotations

import httpx
import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import OfferError
from realtime.webrtc.offer import check_offer, with_camera_bitrate
from tests.fakes.peer import Peer

ANSWER = "\r\n".join(
    ["v=0", "m=video 9 UDP/TLS/RTP/SAVPF 99 100 97", "a=rtpmap:99 H264/90000", "a=fmtp:99 profile-level-id=42001f",
     "a=rtpmap:100 rtx/90000", "a=fmtp:100 apt=99", "a=rtpmap:97 VP8/90000", ""]
)  # fmt: skip


async def test_offer_of_a_browser_passes() -> None:
    """A sendrecv video and a data channel are what we want."""
    async with httpx.AsyncClient() as client, Peer(client) as peer:
        check_offer(await peer.offer())


@given(st.text(max_size=300))
def test_text_of_any_kind_is_an_offer_error_at_worst(text: str) -> None:
    """Nothing that a stranger writes gets past the check as another exception."""
    with pytest.raises(OfferError):
        check_offer(text)


async def test_offer_with_any_line_damaged_is_an_offer_error_at_worst() -> None:
    """Each line in turn is cut in half: fine or refused, never a crash."""
    async with httpx.AsyncClient() as client, Peer(client) as peer:
        lines = (await peer.offer()).splitlines()
    for number, line in enumerate(lines):
        damaged = [*lines[:number], line[: len(line) // 2], *lines[number + 1 :]]
        try:
            check_offer("\r\n".join(damaged))
        except OfferError:
            continue


def test_browser_is_asked_for_a_start_bitrate_per_codec() -> None:
    """The word joins an existing fmtp line, makes one where there is none, and leaves rtx alone."""
    answer = with_camera_bitrate(ANSWER, 1500)
    assert "a=fmtp:99 profile-level-id=42001f;x-google-start-bitrate=1500\r\n" in answer
    assert "a=rtpmap:97 VP8/90000\r\na=fmtp:97 x-google-start-bitrate=1500\r\n" in answer
    assert "a=fmtp:100 apt=99\r\n" in answer
    assert len(SessionDescription.parse("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" + answer[5:]).media) == 1


def test_nought_asks_for_nothing() -> None:
    """A start bit rate of 0 leaves the answer as it is."""
    assert with_camera_bitrate(ANSWER, 0) == ANSWER
