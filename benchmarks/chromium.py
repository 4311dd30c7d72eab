"""A Chromium under our control, for benchmarks and browser tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from benchmarks.installed_chromium import find_chromium

#: No sandbox: it cannot be had as root in a container, and only our own page is opened.
FLAGS = ("--no-sandbox", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required")


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Run a headless Chromium that grants every camera, and close it.

    Args:
        flags: further command line flags, e.g. which file is the camera.

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
