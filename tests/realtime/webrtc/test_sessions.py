"""Many sessions: places, and that nothing is left of those that went."""

from __future__ import annotations

import asyncio
import gc
import threading
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.fakes.peer import Peer, until
from tests.fakes.serving import Serving, fake_application

SESSIONS = 50
AT_A_TIME = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the process holds.

    Args:
        threads: names of its threads, without those of thread pools and without their numbers.
        tasks: tasks on the server's loop.
        files: open file descriptors, sockets among them.
        rss_mib: resident memory.
    """

    threads: tuple[str, ...]
    tasks: int
    files: int
    rss_mib: float


def holdings(serving: Serving) -> Holdings:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    names = [thread.name for thread in threading.enumerate()]
    return Holdings(
        threads=tuple(sorted(name for name in names if not name.startswith(("asyncio_", "ThreadPoolExecutor")))),
        tasks=len(serving.tasks()),
        files=len(list(Path("/proc/self/fd").iterdir())),
        rss_mib=pages * 4096 / 2**20,
    )


async def settled(serving: Serving) -> Holdings:
    """Wait until the sessions are gone and what they held with them."""
    await until(lambda: len(serving.sessions) == 0, 15)
    await asyncio.sleep(1.0)
    return holdings(serving)


async def one_session(client: httpx.AsyncClient, number: int) -> None:
    """Come, see a few pictures, and go: politely, over HTTP, by vanishing, or before anything was connected."""
    peer = Peer(client, fps=15)
    assert (await peer.join()).status_code == 201
    if number % 4 == 3:
        await peer.vanish()  # while ICE and DTLS are under way
        return
    await peer.until(lambda: len(peer.frames) >= 3)
    if number % 4 == 0:
        await client.delete(peer.location)
        await peer.close()
    elif number % 4 == 2:
        await peer.close()
    else:
        await peer.vanish()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads memory and descriptors from /proc")
async def test_fifty_sessions_half_of_them_abrupt_leave_nothing_behind() -> None:
    """Threads, tasks, descriptors and memory are where they were after fifty sessions came and went."""
    app = fake_application(
        server__max_sessions=AT_A_TIME * 4, server__session_idle_timeout_s=2, server__connect_timeout_s=2
    )
    with Serving(app) as serving:
        async with httpx.AsyncClient(base_url=serving.address, timeout=20) as client:
            for _ in range(2):  # codecs, pools and allocators take what they keep
                await asyncio.gather(*(one_session(client, number) for number in range(8)))
            before = await settled(serving)
            for first in range(0, SESSIONS, AT_A_TIME):
                await asyncio.gather(*(one_session(client, first + number) for number in range(AT_A_TIME)))
            after = await settled(serving)
    assert after.threads == before.threads
    assert after.tasks <= before.tasks
    assert after.files <= before.files + 2
    assert after.rss_mib < before.rss_mib + 25


async def test_session_beyond_the_limit_is_told_to_come_back() -> None:
    """A full house answers 503 with Retry-After, and takes the next one when somebody left."""
    with Serving(fake_application(server__max_sessions=1)) as serving:
        async with (
            httpx.AsyncClient(base_url=serving.address, timeout=20) as client,
            Peer(client) as first,
            Peer(client) as second,
            Peer(client) as third,
        ):
            await first.join()
            response = await second.join()
            assert response.status_code == 503
            assert int(response.headers["retry-after"]) > 0
            assert response.headers["content-type"] == "application/problem+json"
            assert (await client.delete(first.location)).status_code == 204
            assert (await third.join()).status_code == 201


async def test_session_that_is_deleted_while_it_connects_leaves_no_task() -> None:
    """Whatever moment of ICE and DTLS the end hits, aiortc's tasks and threads end too."""
    with Serving(fake_application(server__max_sessions=64)) as serving:
        async with httpx.AsyncClient(base_url=serving.address, timeout=20) as client:
            before = holdings(serving)
            for number in range(30):
                async with Peer(client) as peer:
                    await peer.join()
                    await asyncio.sleep(number * 0.003)
                    assert (await client.delete(peer.location)).status_code == 204
            after = await settled(serving)
    assert after.tasks <= before.tasks
    assert after.threads == before.threads
