"""The encoders as we set them up: rates, key frames, size changes."""

from __future__ import annotations

import aiortc.codecs.h264
import aiortc.codecs.vpx
import aiortc.rtcrtpsender
import av
import httpx
import numpy as np
import pytest
from aiortc.codecs import CODECS
from aiortc.mediastreams import VIDEO_TIME_BASE

from realtime.settings import MediaSettings
from realtime.webrtc.codecs import LiveH264Encoder, configure_codecs
from tests.fakes.peer import Peer
from tests.fakes.serving import Serving, fake_application


@pytest.fixture(autouse=True)
def configured() -> None:
    configure_codecs(MediaSettings())


def noise(number: int, size: int = 256) -> av.VideoFrame:
    """Return a picture that no encoder can make small: half motion, half grain."""
    random = np.random.default_rng(number)
    base = np.random.default_rng(0).integers(0, 128, (size, size, 3), dtype=np.uint8)
    image = np.roll(base, number * 7, 0) + random.integers(0, 60, (size, size, 3), dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
    frame.pts, frame.time_base = number * 3000, VIDEO_TIME_BASE
    return frame


def encode(encoder: LiveH264Encoder, numbers: range, size: int = 256) -> float:
    """Return the bit rate of some pictures at 30 a second, in kbit/s."""
    data = sum(len(payload) for number in numbers for payload in encoder.encode(noise(number, size))[0])
    return data * 8 * 30 / len(numbers) / 1000


def is_key_frame(payloads: list[bytes]) -> bool:
    """Return whether an IDR slice (NAL type 5) is in there, whole, aggregated or fragmented."""
    decoder = av.CodecContext.create("h264", "r")
    data = b"".join(aiortc.codecs.h264.h264_depayload(payload) for payload in payloads)
    return any(frame.key_frame for frame in decoder.decode(av.Packet(data)))


def test_bitrates_reach_the_encoders() -> None:
    """Settings become aiortc's constants, which encoders and estimates obey."""
    configure_codecs(MediaSettings(start_bitrate_kbps=3000, min_bitrate_kbps=2000, max_bitrate_kbps=4000))
    for codec in CODECS["video"]:
        if codec.name == "rtx":
            continue
        encoder = vars(aiortc.rtcrtpsender)["get_encoder"](codec)
        assert encoder.target_bitrate == 3_000_000
        encoder.target_bitrate = 1
        assert encoder.target_bitrate == 2_000_000
        encoder.target_bitrate = 10**9
        assert encoder.target_bitrate == 4_000_000
        assert isinstance(encoder, LiveH264Encoder) is (codec.name == "H264")


def test_bitrate_moves_up_and_down_without_a_key_frame() -> None:
    """The receiver's estimate is followed inside the running encoder."""
    encoder = LiveH264Encoder()
    encode(encoder, range(30))
    assert encode(encoder, range(30, 60)) == pytest.approx(2500, rel=0.15)
    codec = encoder.codec
    for rate_kbps in (1000, 5000, 1500):
        encoder.target_bitrate = rate_kbps * 1000
        first = encoder.encode(noise(99))[0]
        assert not is_key_frame_header(first)
        encode(encoder, range(100, 130))
        assert encode(encoder, range(130, 160)) == pytest.approx(rate_kbps, rel=0.2)
    assert encoder.codec is codec


def is_key_frame_header(payloads: list[bytes]) -> bool:
    """Return whether the first packet brings parameter sets or an IDR slice: STAP-A (24), SPS (7), IDR (5)."""
    return payloads[0][0] & 0x1F in (24, 7, 5)


def test_key_frame_comes_when_asked_for_and_only_then() -> None:
    """The first picture is a key frame, and then only those that a receiver asks for."""
    encoder = LiveH264Encoder()
    assert is_key_frame(encoder.encode(noise(0))[0])
    for number in range(1, 60):
        assert not is_key_frame_header(encoder.encode(noise(number))[0])
    assert is_key_frame(encoder.encode(noise(60), force_keyframe=True)[0])


def test_another_size_opens_another_encoder() -> None:
    """A picture of another size is a key frame of that size."""
    encoder = LiveH264Encoder()
    encode(encoder, range(5))
    payloads, _ = encoder.encode(noise(5, 128))
    assert is_key_frame(payloads)
    assert encoder.codec is not None
    assert encoder.codec.width == 128


def test_time_stamps_are_the_pictures_own() -> None:
    """The encoder changes a picture's time base; the stamp that goes out is from before."""
    assert LiveH264Encoder().encode(noise(11))[1] == 33_000


async def test_receivers_estimate_does_not_starve_the_picture() -> None:
    """Receiver estimates begin low; the encoder never goes below its minimum because of them."""
    with Serving(fake_application()) as serving:
        async with httpx.AsyncClient(base_url=serving.address, timeout=20) as client, Peer(client) as peer:
            await peer.join()
            await peer.until(lambda: len(peer.frames) >= 60)
            session = serving.sessions.find(peer.location.rpartition("/")[2])
            sender = session._peer.getSenders()[0]
            encoder = vars(sender)["_RTCRtpSender__encoder"]
            assert isinstance(encoder, LiveH264Encoder)
            assert encoder.target_bitrate >= 1_000_000
            assert encoder.codec is not None
            assert encoder.codec.bit_rate is not None
            assert encoder.codec.bit_rate >= 900_000
