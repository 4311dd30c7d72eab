"""A Chromium whose camera shows a swinging spot, and the real server around an engine that follows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser

from benchmarks.chromium import chromium, fake_camera
from benchmarks.footage import write_mjpeg
from benchmarks.installed_chromium import find_chromium
from realtime.assembly import PAGE, Parts
from tests.browser.mirror_page import MirrorPage
from tests.fakes.peer import spot_picture
from tests.fakes.serving import Serving, fake_application, fake_parts

#: A tab opened on a server of one's own: `open_mirror(serving)`.
OpenMirror = Callable[[Serving], MirrorPage]
Serve = Callable[..., Serving]


@pytest.fixture(scope="session")
def spot_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a spot that swings from side to side, as a camera shows it."""
    pictures = [spot_picture(0.5 + 0.3 * float(np.sin(2 * np.pi * at / 60))) for at in range(60)]
    return write_mjpeg(tmp_path_factory.mktemp("clips") / "spot.mjpeg", pictures)


# A module, not the session: as long as Playwright is open, no other test could run an event loop.
@pytest.fixture(scope="module")
def browser(spot_clip: Path) -> Iterator[Browser]:
    """Return a Chromium with a camera that nobody has to allow."""
    if find_chromium() is None:
        pytest.skip("no Chromium runs here; `make setup` sees to one")
    with chromium(*fake_camera(spot_clip)) as running:
        yield running


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers with the page, which end with the test: `serve(parts, server__max_sessions=1)`."""
    with ExitStack() as stack:

        def start(parts: Parts | None = None, **settings: Any) -> Serving:
            return stack.enter_context(Serving(fake_application(parts or fake_parts(), page=PAGE, **settings)))

        yield start


@pytest.fixture
def open_mirror(browser: Browser, serve: Serve) -> Iterator[OpenMirror]:
    """Open tabs; each has its own storage, and none may have failed when the test is over."""
    with ExitStack() as stack:
        mirrors: list[MirrorPage] = []

        def open_one(serving: Serving) -> MirrorPage:
            context = browser.new_context(viewport={"width": 1280, "height": 800}, permissions=["camera"])
            stack.callback(context.close)
            mirrors.append(MirrorPage(context.new_page(), serving.address))
            return mirrors[-1]

        yield open_one
        assert [error for mirror in mirrors for error in mirror.errors] == []
