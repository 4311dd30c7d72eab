"""The real application on a real port, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from fastapi import FastAPI

from realtime.assembly import Parts, build_application
from realtime.pipeline import MotionSource
from realtime.server.application import CharacterEntry
from realtime.settings import Settings, load_settings
from realtime.tracker import Tracker
from realtime.webrtc.sessions import Sessions
from tests.fakes.engine import PaintingEngine
from tests.fakes.tracker import SpotMotion, SpotTracker


def fake_parts(
    engine: PaintingEngine | None = None,
    make_tracker: Callable[[], Tracker] = SpotTracker,
    make_motion: Callable[[], MotionSource] = SpotMotion,
    thumbnail: Path | None = None,
) -> Parts:
    """Return a server's parts, none of which needs a model."""
    engine = engine or PaintingEngine()
    return Parts(
        engine=engine,
        characters=tuple(
            CharacterEntry(name=name, title=name.title(), credit="nobody", licence="CC0-1.0", thumbnail=thumbnail)
            for name in engine.characters
        ),
        make_tracker=make_tracker,
        make_motion=make_motion,
        tracker={"name": "spot"},
    )


def fake_application(parts: Parts | None = None, page: Path | None = None, **settings: Any) -> FastAPI:
    """Return the real application around fake parts; settings are written server__port=0."""
    return build_application(settings_of(**settings), parts or fake_parts(), page=page)


def settings_of(**settings: Any) -> Settings:
    """Return settings, written server__port=0."""
    return load_settings({name.replace("__", ".", 1): value for name, value in settings.items()})


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: threading.Event) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started.set()


class Serving:
    """A server that runs while the context lasts.

    Args:
        app: what it serves.
    """

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", ws="none", loop="asyncio")
        self._started = threading.Event()
        self._server = _Server(config, self._started)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="serving")
        self.loop: asyncio.AbstractEventLoop

    @property
    def sessions(self) -> Sessions:
        """The server's sessions; look, do not touch: they belong to the server's loop."""
        sessions = self.app.state.backstage.sessions
        assert isinstance(sessions, Sessions)
        return sessions

    def tasks(self) -> set[str]:
        """Return the names of the tasks on the server's loop."""
        return {task.get_name() for task in asyncio.all_tasks(self.loop)}

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._started.wait(20):
            raise TimeoutError("the server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self._listener.close()
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[self._listener])
