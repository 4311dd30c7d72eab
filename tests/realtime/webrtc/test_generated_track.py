"""The outgoing track: newest picture, growing stamps, a clean end."""

from __future__ import annotations

import asyncio
import json
from fractions import Fraction

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from realtime.frame import AnimeFrame, Frame
from realtime.webrtc.generated_track import GeneratedTrack
from realtime.webrtc.landmark_feed import LandmarkFeed


def picture(generated_s: float, shade: int = 0, points: int | None = None) -> AnimeFrame:
    image = np.full((16, 16, 3), shade, np.uint8)
    return AnimeFrame(
        image=image,
        source=Frame(image=image, pts=0, time_base=Fraction(1, 30), captured_s=0.0),
        tracked=True,
        stage_ms={},
        generated_s=generated_s,
        landmarks=None if points is None else np.full((points, 2), 0.123456, np.float32),
    )


async def test_newest_picture_wins_and_the_others_are_counted() -> None:
    """A slow encoder gets the newest picture, in the encoder's pixel format."""
    track = GeneratedTrack(asyncio.get_running_loop())
    for number, shade in enumerate((0, 100, 200)):
        track.write(picture(number / 30, shade))
    await asyncio.sleep(0)
    frame = await track.recv()
    assert frame.format.name == "yuv420p"
    assert frame.to_ndarray(format="rgb24").mean() == pytest.approx(200, abs=2)
    assert track.drops == 2


async def test_stamps_grow_even_when_the_clock_does_not() -> None:
    """Time stamps are strictly increasing 90 kHz ticks since the first picture."""
    track = GeneratedTrack(asyncio.get_running_loop())
    stamps = []
    for generated_s in (5.0, 5.1, 5.1, 5.1, 5.2):
        track.write(picture(generated_s))
        await asyncio.sleep(0)
        stamps.append((await track.recv()).pts)
    assert stamps == [0, 9000, 9001, 9002, 18000]


async def test_stop_wakes_whoever_waits() -> None:
    """A reader without picture learns that none will come; later readers too."""
    track = GeneratedTrack(asyncio.get_running_loop())
    waiting = asyncio.create_task(track.recv())
    await asyncio.sleep(0)
    track.stop()
    track.stop()
    with pytest.raises(MediaStreamError):
        await waiting
    track.write(picture(1.0))
    with pytest.raises(MediaStreamError):
        await track.recv()


async def test_landmarks_go_out_at_most_fifteen_times_a_second_and_end_once() -> None:
    """Thirty pictures a second give fifteen messages; losing the person sends one empty list."""
    sent: list[str] = []
    feed = LandmarkFeed(asyncio.get_running_loop(), sent.append)
    for number in range(31):
        feed.offer(picture(number / 30, points=2))
    await asyncio.sleep(0)
    assert 10 <= len(sent) <= 16
    assert json.loads(sent[0]) == {"type": "landmarks", "points": [[0.1235, 0.1235], [0.1235, 0.1235]]}
    sent.clear()
    for number in range(40, 70):
        feed.offer(picture(number / 30))
    await asyncio.sleep(0)
    assert [json.loads(text)["points"] for text in sent] == [[]]
