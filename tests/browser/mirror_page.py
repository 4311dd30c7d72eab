"""The page as a person uses it: what they click and what they see."""

from __future__ import annotations

import time
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Page, expect

#: What a busy two-core machine may need until a connection stands and shows a picture.
LIVE_LIMIT_MS = 40_000

#: How much two characters' pictures differ at least, in levels of 255 on average; one that moves stays below.
OTHER_CHARACTER = 8.0

_PICTURE = """() => {
  const video = document.querySelector("video[data-picture]");
  const canvas = new OffscreenCanvas(64, 64);
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 64, 64);
  return [...context.getImageData(0, 0, 64, 64).data];
}"""


class MirrorPage:
    """Drives an open page.

    Args:
        page: a tab that nothing has been opened in.
        address: where the server listens.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.requests: list[tuple[str, str]] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append((request.method, request.url)))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str = "/") -> MirrorPage:
        """Open the page and wait until the characters are there."""
        self.page.goto(f"{self.address}{path}")
        self.page.locator("[data-cast] input").first.wait_for(state="attached")
        return self

    def start(self) -> MirrorPage:
        """Press the button that starts the camera."""
        self.page.get_by_role("button", name="Start camera").click()
        return self

    def live(self) -> MirrorPage:
        """Wait until the character is on the screen."""
        self.page.locator('[data-studio][data-phase="live"][data-picture]').wait_for(timeout=LIVE_LIMIT_MS)
        return self

    def pick(self, title: str) -> None:
        """Pick a character by clicking on it."""
        self.page.locator("[data-cast] label", has_text=title).click()

    @property
    def phase(self) -> str:
        """What the page says that it does."""
        return self.page.locator("[data-studio]").get_attribute("data-phase") or ""

    def picture(self) -> npt.NDArray[np.uint8]:
        """Return what the character's video shows: uint8, (64, 64, 3), RGB."""
        values = cast(list[int], self.page.evaluate(_PICTURE))
        return np.array(values, np.uint8).reshape(64, 64, 4)[..., :3]

    def expect_other_picture(self, before: npt.NDArray[np.int_], otherwise: str) -> None:
        """Expect the character's video to show something else than a moving person makes of one character.

        Args:
            before: int, (64, 64, 3): what it showed.
            otherwise: what to say if it does not come.
        """
        ends_s = time.monotonic() + LIVE_LIMIT_MS / 1000
        while np.abs(self.picture() - before).mean() <= OTHER_CHARACTER:
            assert time.monotonic() < ends_s, otherwise
            self.page.wait_for_timeout(100)

    def video(self) -> dict[str, Any]:
        """Return the size and the time of the character's video."""
        script = "video => ({ width: video.videoWidth, height: video.videoHeight, time: video.currentTime })"
        return cast(dict[str, Any], self.page.locator("video[data-picture]").evaluate(script))

    def sessions_opened(self) -> int:
        """Return how many sessions the page has asked for."""
        return sum(method == "POST" and "/api/sessions" in url for method, url in self.requests)

    def expect_notice(self, kind: str, words: str) -> None:
        """Expect the card that tells a failure in words."""
        notice = self.page.locator("[data-notice]")
        expect(notice).to_be_visible(timeout=LIVE_LIMIT_MS)
        expect(notice).to_have_attribute("data-kind", kind)
        expect(notice.get_by_role("heading")).to_have_text(words)
