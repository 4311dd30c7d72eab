"""Sessions end to end: aiortc peers against the real application with a painting engine."""

from __future__ import annotations

from itertools import pairwise

import httpx
import numpy as np
import pytest

from tests.fakes.peer import Peer, disc_x, spot_picture
from tests.fakes.serving import Serving, fake_application


async def test_session_with_a_moving_person_sends_back_frames_in_order_that_move_along() -> None:
    """The character turns its head to where the person is, and time stamps only grow."""

    def swing(number: int, at_s: float) -> np.ndarray:
        return spot_picture(0.5 + 0.3 * np.sin(at_s * 3))

    with Serving(fake_application(server__port=0)) as serving:
        async with httpx.AsyncClient(base_url=serving.address) as client, Peer(client, swing) as peer:
            response = await peer.join()
            assert response.status_code == 201
            await peer.until(lambda: len(peer.frames) >= 75)
            places = [x for frame in peer.frames if (x := disc_x(frame)) is not None]
            assert len(places) >= 70
            assert max(places) - min(places) > 0.2
            stamps = [frame.pts for frame in peer.frames if frame.pts is not None]
            assert all(later > earlier for earlier, later in pairwise(stamps))
