"""Recording the neutral face on the page, and what it says about the camera's picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenMirror, Serve
from tests.browser.mirror_page import LIVE_LIMIT_MS, MirrorPage
from tests.fakes.peer import U8, spot_picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RANDOM = np.random.default_rng(2)
#: Turns the head by 24 degrees.
ASIDE = 0.7


def write_clip(path: Path, pictures: list[U8]) -> Path:
    """Write a video file that a browser plays and return its path."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=30, options={"crf": "10", "b": "4M"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))
    return path


def living(picture: U8) -> U8:
    """Return a picture with noise that codecs let through."""
    blocks = RANDOM.integers(0, 24, (picture.shape[0] // 16, picture.shape[1] // 16, 1), np.uint8)
    return np.asarray(np.minimum(picture, 230) + blocks.repeat(16, 0).repeat(16, 1), np.uint8)


@pytest.fixture(scope="module")
def still_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a video of somebody who holds still, aside of the middle."""
    pictures = [living(spot_picture(ASIDE)) for _ in range(60)]
    return write_clip(tmp_path_factory.mktemp("clips") / "still.webm", pictures)


def play(mirror: MirrorPage, clip: Path) -> MirrorPage:
    """Take a video file for the camera."""
    mirror.page.locator("[data-file]").set_input_files(clip)
    return mirror.live()


def stored(mirror: MirrorPage) -> dict[str, Any] | None:
    """Return the neutral that the browser keeps."""
    return json.loads(mirror.page.evaluate("localStorage.animirror"))["neutral"]  # type: ignore[no-any-return]


def test_key_records_the_neutral_face_and_the_browser_keeps_it(
    serve: Serve, open_mirror: OpenMirror, still_clip: Path
) -> None:
    """C: a ring, a word when it is done; after a reload the next session gets it, and it can be forgotten."""
    serving = serve()
    mirror = play(open_mirror(serving).open(), still_clip)
    page = mirror.page
    chip, words = page.locator("[data-recording]"), page.locator("[data-recording-words]")
    expect(page.locator("[data-neutral-note]")).to_contain_text("Learnt as you go")
    expect(page.get_by_role("button", name="Forget it")).to_be_hidden()
    page.keyboard.press("c")
    expect(chip).to_have_attribute("data-mood", "recording")
    expect(words).to_have_text("Look straight ahead, face relaxed")
    expect(chip).to_have_attribute("data-mood", "done", timeout=LIVE_LIMIT_MS)
    expect(words).to_have_text("Got it. This is your neutral face.")
    expect(chip).to_be_hidden()
    kept = stored(mirror)
    assert kept is not None and kept["version"] == 1
    assert kept["head_yaw"] == pytest.approx(24, abs=2)

    said: list[str] = []
    page.add_init_script(
        """const send = RTCDataChannel.prototype.send;
        window.sent = [];
        RTCDataChannel.prototype.send = function (text) { window.sent.push(text); return send.call(this, text); };"""
    )
    play(mirror.open(), still_clip)
    said = page.evaluate("window.sent")
    assert any(json.loads(text).get("neutral") == kept for text in said)
    assert not any("neutral" in url for _, url in mirror.requests), "a face's measures do not belong into addresses"
    expect(page.locator("[data-neutral-note]")).to_have_text("Recorded, and kept in this browser.")
    page.get_by_role("button", name="Forget it").click()
    expect(words).to_contain_text("Forgotten")
    expect(page.locator("[data-neutral-note]")).to_contain_text("Learnt as you go")
    assert stored(mirror) is None


def test_button_records_and_says_why_it_failed(serve: Serve, open_mirror: OpenMirror) -> None:
    """The person of the other tests never holds still."""
    mirror = open_mirror(serve()).open().start().live()
    mirror.page.get_by_role("button", name="This is my neutral face").click()
    expect(mirror.page.locator("[data-recording]")).to_have_attribute("data-mood", "failed", timeout=LIVE_LIMIT_MS)
    expect(mirror.page.locator("[data-recording-words]")).to_contain_text("Hold still for a second and try again")
    assert stored(mirror) is None


def test_neutral_survives_a_reconnect(serve: Serve, open_mirror: OpenMirror, still_clip: Path) -> None:
    """The server forgets the session; the page begins another with what was recorded in the first."""
    serving = serve()
    mirror = play(open_mirror(serving).open(), still_clip)
    mirror.page.keyboard.press("c")
    expect(mirror.page.locator("[data-recording]")).to_have_attribute("data-mood", "done", timeout=LIVE_LIMIT_MS)
    straight = mirror.picture().astype(int)
    session = next(iter(serving.sessions._sessions.values()))
    serving.loop.call_soon_threadsafe(session._request_end, "a test")
    mirror.page.wait_for_function("() => document.querySelector('[data-studio]').dataset.phase !== 'live'")
    mirror.live()
    mirror.page.wait_for_timeout(1000)
    assert mirror.sessions_opened() == 2
    assert np.abs(mirror.picture().astype(int) - straight).mean() < 3, "the head is straight again"


def test_neutral_of_another_version_is_dropped_with_a_word(
    serve: Serve, open_mirror: OpenMirror, still_clip: Path
) -> None:
    """Nothing breaks; the person may record anew."""
    mirror = open_mirror(serve()).open()
    mirror.page.evaluate("""() => { localStorage.animirror = '{"neutral": {"version": 99, "soul": 1}}'; }""")
    play(mirror.open(), still_clip)
    expect(mirror.page.locator("[data-recording-words]")).to_contain_text("Record it again", timeout=LIVE_LIMIT_MS)
    assert stored(mirror) is None


def test_key_does_nothing_before_the_start_and_in_a_list(serve: Serve, open_mirror: OpenMirror) -> None:
    """A letter typed to find a camera is no wish to be recorded."""
    mirror = open_mirror(serve()).open()
    expect(mirror.page.locator("[data-calibrate-here]")).to_be_disabled()
    mirror.page.keyboard.press("c")
    mirror.start().live()
    mirror.page.locator("[data-cameras]").focus()
    mirror.page.keyboard.press("c")
    mirror.page.keyboard.press("Control+c")
    mirror.page.wait_for_timeout(500)
    expect(mirror.page.locator("[data-recording]")).to_be_hidden()


@pytest.mark.parametrize(("luma", "words"), [(16, "Turn on a light in front of you."), (110, "Step into the picture.")])
def test_hint_says_what_to_do(serve: Serve, open_mirror: OpenMirror, tmp_path: Path, luma: int, words: str) -> None:
    """In a calm line that screen readers speak."""
    empty = [living(np.full((240, 320, 3), luma, np.uint8)) for _ in range(60)]
    mirror = play(open_mirror(serve()).open(), write_clip(tmp_path / "empty.webm", empty))
    hint = mirror.page.locator("[data-hint]")
    expect(hint).to_contain_text(words, timeout=LIVE_LIMIT_MS)
    expect(hint).to_have_attribute("role", "status")


def test_camera_that_works_is_not_commented_on(serve: Serve, open_mirror: OpenMirror) -> None:
    """Four seconds of somebody who moves."""
    mirror = open_mirror(serve()).open().start().live()
    for _ in range(8):
        mirror.page.wait_for_timeout(500)
        expect(mirror.page.locator("[data-hint]")).to_be_hidden()
