"""What a person reads when something goes wrong, and what the page does about it by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from benchmarks.chromium import FLAGS, fake_camera
from benchmarks.installed_chromium import find_chromium
from realtime.assembly import PAGE
from realtime.frame import Frame
from realtime.observation import PersonObservation
from tests.browser.conftest import OpenMirror, Serve
from tests.browser.mirror_page import LIVE_LIMIT_MS, MirrorPage
from tests.fakes.serving import Serving, fake_application, fake_parts

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("NotAllowedError", "permission_denied", "The camera is blocked"),
        ("NotFoundError", "no_camera", "No camera found"),
        ("NotReadableError", "camera_in_use", "The camera is busy"),
    ],
)
def test_camera_that_cannot_be_opened_says_why(
    serve: Serve, open_mirror: OpenMirror, name: str, kind: str, words: str
) -> None:
    """Each of the browser's reasons has its own words, and a file is offered instead."""
    mirror = open_mirror(serve())
    mirror.page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{name}'))"
    )
    mirror.open().start()
    mirror.expect_notice(kind, words)
    expect(mirror.page.get_by_role("button", name="Use a video file", exact=True)).to_be_visible()


def test_camera_that_the_person_denies_is_called_blocked(serve: Serve, browser: Browser) -> None:
    """The browser's own refusal, not an imitation."""
    flags = [*FLAGS, *fake_camera(allowed=False)]
    with browser.browser_type.launch(executable_path=find_chromium(), args=flags) as shy:
        mirror = MirrorPage(shy.new_page(), serve().address).open().start()
        mirror.expect_notice("permission_denied", "The camera is blocked")


def test_insecure_address_is_explained(serve: Serve, open_mirror: OpenMirror) -> None:
    """Browsers hide the camera there; the page says so instead of failing."""
    mirror = open_mirror(serve())
    mirror.page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    mirror.open().start()
    mirror.expect_notice("insecure_origin", "This address is not secure")


def test_full_server_is_waited_for(serve: Serve, open_mirror: OpenMirror) -> None:
    """The second person reads that every place is taken, and gets one as soon as the first leaves."""
    serving = serve(server__max_sessions=1)
    first = open_mirror(serving).open().start().live()
    second = open_mirror(serving).open().start()
    second.expect_notice("server_full", "Every place is taken")
    expect(second.page.locator("[data-notice-wait]")).to_contain_text("Trying again")
    first.page.get_by_role("button", name="Stop").focus()
    first.page.keyboard.press("Enter")
    second.page.wait_for_timeout(1000)
    second.page.get_by_role("button", name="Try now").click()
    second.live()


def test_server_that_is_gone_is_called_unreachable(open_mirror: OpenMirror) -> None:
    """The page was open, the server went down."""
    with Serving(fake_application(fake_parts(), page=PAGE)) as serving:
        mirror = open_mirror(serving).open()
    mirror.start()
    mirror.expect_notice("server_unreachable", "The server does not answer")


def test_lost_session_is_renewed_with_the_same_character(serve: Serve, open_mirror: OpenMirror) -> None:
    """The server drops the session; the page is back by itself and shows what was chosen."""
    serving = serve()
    mirror = open_mirror(serving).open().start().live()
    mirror.pick("Bob")
    mirror.page.wait_for_function("() => !document.querySelector('[data-pending]')")
    for session in list(serving.sessions._sessions.values()):
        asyncio.run_coroutine_threadsafe(session.stop("test"), serving.loop).result(20)
    mirror.page.locator('[data-studio][data-phase="waiting"]').wait_for(timeout=LIVE_LIMIT_MS)
    mirror.live()
    mirror.page.wait_for_timeout(500)
    assert mirror.sessions_opened() == 2
    assert [session.look.character for session in serving.sessions._sessions.values()] == ["bob"]


def test_unanswered_connection_gives_up_in_words(serve: Serve, open_mirror: OpenMirror) -> None:
    """ICE finds no way: the server's answer names an address where nobody is."""
    mirror = open_mirror(serve())
    mirror.page.add_init_script(
        """
        const take = RTCPeerConnection.prototype.setRemoteDescription;
        RTCPeerConnection.prototype.setRemoteDescription = function (description) {
          const sdp = description.sdp
            .replace(/^a=candidate:.*$/gm, "a=candidate:1 1 udp 2130706431 192.0.2.1 9 typ host")
            .replace(/a=ice-pwd:.*/g, "a=ice-pwd:" + "x".repeat(24));
          return take.call(this, { type: description.type, sdp });
        };
        """
    )
    mirror.open().start()
    mirror.expect_notice("connection_failed", "No way through the network")


class _Blind:
    """A tracker that never sees anybody."""

    def track(self, frame: Frame) -> tuple[PersonObservation, ...]:
        return ()

    def close(self) -> None:
        return


def test_person_who_is_not_seen_is_told(serve: Serve, open_mirror: OpenMirror) -> None:
    """Nobody in the picture: a hint, not a frozen character."""
    mirror = open_mirror(serve(fake_parts(make_tracker=_Blind))).open().start().live()
    expect(mirror.page.locator("[data-hint]")).to_contain_text("Step into the picture", timeout=LIVE_LIMIT_MS)


def test_file_that_is_no_video_is_refused_in_words(serve: Serve, open_mirror: OpenMirror, tmp_path: Path) -> None:
    """The browser cannot play it; another one can be chosen."""
    text = tmp_path / "poem.mp4"
    text.write_text("no video")
    mirror = open_mirror(serve()).open()
    mirror.page.locator("[data-file]").set_input_files(text)
    mirror.expect_notice("file_unsupported", "This file cannot be played")


def test_missing_token_is_asked_for(serve: Serve, open_mirror: OpenMirror) -> None:
    """Without the token the page says which link has it."""
    mirror = open_mirror(serve(server__token="open-sesame-open-sesame"))
    mirror.page.goto(mirror.address)
    mirror.expect_notice("not_allowed", "A key is needed")


def test_camera_that_goes_away_is_missed(serve: Serve, open_mirror: OpenMirror) -> None:
    """Unplugged in the middle: the page stops and says so."""
    mirror = open_mirror(serve()).open().start().live()
    mirror.page.evaluate(
        """() => document.querySelector("[data-self-picture]").srcObject.getVideoTracks()[0]
             .dispatchEvent(new Event("ended"))"""
    )
    mirror.expect_notice("camera_lost", "The camera went away")
