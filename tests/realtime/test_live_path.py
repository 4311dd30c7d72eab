"""The live path with its real tracker and motion: footage of a person in, a character that moves along out."""

from __future__ import annotations

import asyncio
import dataclasses
from itertools import pairwise

import cv2
import httpx
import numpy as np
import pytest

from benchmarks.footage import person
from engines import controls
from engines.condition import Condition
from engines.errors import EnginesError
from realtime.assembly import build_application, load_parts
from realtime.motion import Motion
from realtime.tracking.mediapipe_tracker import MediaPipeTracker
from tests.fakes.engine import PaintingEngine
from tests.fakes.peer import U8, Peer, disc_x
from tests.fakes.serving import Serving, fake_application, fake_parts, settings_of

#: The person is tilted to either side by this much, deg, once in this time, s: fast enough for a short test.
TILT_DEG, PERIOD_S = 18.0, 4.0


def tilted(picture: U8, angle_deg: float) -> U8:
    """Return the picture turned about its middle, anticlockwise, without black corners."""
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def tilt_deg(at_s: float) -> float:
    return TILT_DEG * float(np.sin(2 * np.pi * at_s / PERIOD_S))


class TiltEngine(PaintingEngine):
    """Paints its disc where the person tilts to: head and torso together."""

    def generate(self, condition: Condition) -> U8:
        """Paint a disc that leaves the middle by three times the tilt."""
        values = controls.as_dict(condition.controls)
        roll_deg = values["head_roll"] + values["torso_roll"]
        moved = controls.controls({"head_yaw": 3 * roll_deg})
        return super().generate(dataclasses.replace(condition, controls=moved))


@pytest.mark.slow
async def test_person_who_tilts_makes_the_character_tilt_along() -> None:
    """Real tracker, real motion: the roll that comes back follows the person's, in order, the same way round."""
    portrait = person(1)[0]
    parts = fake_parts(engine=TiltEngine(), make_tracker=MediaPipeTracker, make_motion=Motion)

    def paint(number: int, at_s: float) -> U8:
        return tilted(portrait, tilt_deg(at_s))

    with Serving(fake_application(parts)) as serving:
        async with httpx.AsyncClient(base_url=serving.address, timeout=20) as client, Peer(client, paint, 15) as peer:
            await peer.join()
            await peer.until(lambda: any(said["tracked"] for said in peer.said("stats")), 40)
            await asyncio.sleep(1)
            first, first_s = len(peer.frames), peer.camera.count / 15
            await asyncio.sleep(2 * PERIOD_S)
            frames = peer.frames[first:]
            landmarks = peer.said("landmarks")[-1]["points"]
    assert len(frames) > 2 * PERIOD_S * 5
    stamps = np.array([frame.pts or 0 for frame in frames])
    assert all(later > earlier for earlier, later in pairwise(stamps))
    assert landmarks
    places = np.array([disc_x(frame) or 0.5 for frame in frames]) - 0.5
    # An anticlockwise turn tips the crown to the subject's right: positive roll, so the disc goes right.
    times = first_s + (stamps - stamps[0]) / 90_000
    follows = max(
        float(np.corrcoef(places, [tilt_deg(at_s - late_s) for at_s in times])[0, 1])
        for late_s in np.arange(0, 0.8, 0.05)
    )
    assert follows > 0.85
    assert places.max() - places.min() > 0.1


@pytest.mark.slow
async def test_trained_character_moves_with_the_person() -> None:
    """Everything real: the pictures that come back show a character over the background, and it moves."""
    settings = settings_of(pipeline__background="#00ff00")
    try:
        parts = await asyncio.to_thread(load_parts, settings)
    except EnginesError as error:
        pytest.skip(f"no trained weights here: {error}")
    clip = person(60)
    with Serving(build_application(settings, parts, page=None)) as serving:
        async with (
            httpx.AsyncClient(base_url=serving.address, timeout=20) as client,
            Peer(client, lambda number, at_s: clip[number % len(clip)], 15) as peer,
        ):
            await peer.join()
            await peer.until(lambda: any(said["tracked"] for said in peer.said("stats")), 40)
            first = len(peer.frames)
            await peer.until(lambda: len(peer.frames) > first + 40, 40)
            frames = peer.frames[first:]
    assert all(later > earlier for earlier, later in pairwise([frame.pts or 0 for frame in frames]))
    images = np.stack([frame.to_ndarray(format="rgb24")[::4, ::4] for frame in frames]).astype(np.int16)
    behind = (images[..., 1] > 200) & (images[..., 0] < 60) & (images[..., 2] < 60)  # (N, H, W)
    assert 0.1 < behind.mean() < 0.9
    assert behind[:, 2, 2].all()
    character = ~behind.any(axis=0)
    assert images[:, character].std(axis=0).mean() > 1.5
