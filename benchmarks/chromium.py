"""A Chromium under our control, for benchmarks and browser tests: it does nothing but what it is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.installed_chromium import find_chromium

#: No sandbox: it cannot be had as root in a container, and only our own page is opened.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
)


def fake_camera(clip: Path | None = None, *, allowed: bool = True) -> tuple[str, ...]:
    """Return the flags that give Chromium a camera and answer its question for it.

    Args:
        clip: MJPEG or Y4M file that the camera shows in a loop; None: Chromium's own test picture.
        allowed: whether the page may have it.
    """
    answer = "--use-fake-ui-for-media-stream" if allowed else "--use-fake-ui-for-media-stream=deny"
    camera = ("--use-fake-device-for-media-stream", answer)
    return camera if clip is None else (*camera, f"--use-file-for-fake-video-capture={clip}")


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Run a headless Chromium and close it.

    Args:
        flags: further command line flags, e.g. those of a `fake_camera`.

    Raises:
        RuntimeError: no Chromium runs on this machine.
    """
    path = find_chromium()
    if path is None:
        raise RuntimeError("no Chromium runs here; `make setup` sees to one, or install the package `chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()
