"""What a person does with the page when all goes well."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenMirror, Serve
from tests.browser.mirror_page import LIVE_LIMIT_MS
from tests.fakes.peer import spot_picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_start_with_a_camera_shows_a_character_that_moves(serve: Serve, open_mirror: OpenMirror) -> None:
    """One click: the remote video has a size, its time goes on, and its pixels change as the camera's do."""
    mirror = open_mirror(serve()).open().start().live()
    before = mirror.video()
    pictures = []
    for _ in range(6):
        mirror.page.wait_for_timeout(300)
        pictures.append(mirror.picture().astype(int))
    after = mirror.video()
    assert (after["width"], after["height"]) == (256, 256)
    assert after["time"] - before["time"] > 1
    assert pictures[0].std() > 10, "the picture is blank"
    assert max(np.abs(one - pictures[0]).mean() for one in pictures[1:]) > 3, "the picture stands still"


def test_another_character_is_swapped_in_without_a_new_connection(serve: Serve, open_mirror: OpenMirror) -> None:
    """The data channel carries the wish; the running video shows it."""
    mirror = open_mirror(serve()).open().start().live()
    first = mirror.picture()[..., 0].astype(int)
    mirror.pick("Bob")
    mirror.page.wait_for_function("() => !document.querySelector('[data-pending]')")
    mirror.page.wait_for_timeout(700)
    second = mirror.picture()[..., 0].astype(int)
    blue = mirror.picture()[..., 2]
    assert (blue < 230).any(), "the disc is in the picture"
    assert second.min() > first.min() + 60, "Bob's disc is redder than Ada's"
    assert mirror.sessions_opened() == 1


def test_characters_are_picked_by_the_arrow_keys(serve: Serve, open_mirror: OpenMirror) -> None:
    """The strip is a group of radio buttons."""
    mirror = open_mirror(serve()).open()
    mirror.page.locator("[data-cast] input").first.focus()
    mirror.page.keyboard.press("ArrowRight")
    expect(mirror.page.get_by_role("radio", name="Bob")).to_be_checked()
    expect(mirror.page.get_by_role("radio", name="Ada")).not_to_be_checked()


def test_the_page_can_be_started_and_stopped_by_keyboard_alone(serve: Serve, open_mirror: OpenMirror) -> None:
    """Tab reaches the button, Enter starts, and the way out can be reached as well."""
    serving = serve()
    mirror = open_mirror(serving).open()
    for _ in range(6):
        mirror.page.keyboard.press("Tab")
        if mirror.page.evaluate("document.activeElement.matches('[data-start]')"):
            break
    mirror.page.keyboard.press("Enter")
    mirror.live()
    mirror.page.get_by_role("button", name="Stop").focus()
    mirror.page.keyboard.press("Enter")
    mirror.page.wait_for_function("() => document.querySelector('[data-studio]').dataset.phase === 'idle'")
    for _ in range(50):
        if len(serving.sessions) == 0:
            break
        mirror.page.wait_for_timeout(100)
    assert len(serving.sessions) == 0, "the server was told goodbye"


def test_status_tells_frames_per_second_and_latency(serve: Serve, open_mirror: OpenMirror) -> None:
    """The line has both figures, and the panel has the engine's own words."""
    mirror = open_mirror(serve()).open().start().live()
    expect(mirror.page.locator("[data-status-words]")).to_have_text("Live")
    expect(mirror.page.locator("[data-figures]")).to_contain_text("fps", timeout=LIVE_LIMIT_MS)
    expect(mirror.page.locator("[data-figures]")).to_contain_text(" ms", timeout=LIVE_LIMIT_MS)
    mirror.page.get_by_text("What runs where").last.click()
    panel = mirror.page.locator("[data-runs-body]")
    expect(panel).to_contain_text("fake 0")
    expect(panel).to_contain_text("tests")
    expect(panel).to_contain_text("Where the time goes", timeout=LIVE_LIMIT_MS)
    expect(panel).to_contain_text("H264")


def test_stage_takes_the_colour_that_the_picture_has(serve: Serve, open_mirror: OpenMirror) -> None:
    """Whatever a codec makes of the backdrop, no border shows between picture and stage."""
    mirror = open_mirror(serve()).open().start().live()
    mirror.page.get_by_title("Green screen").click()
    mirror.page.wait_for_timeout(2500)
    corner = mirror.picture()[2, 2].astype(int)
    assert np.abs(corner - (0, 177, 64)).max() < 32
    stage = mirror.page.locator("[data-stage]").evaluate("stage => getComputedStyle(stage).backgroundColor")
    red, green, blue = (int(part) for part in stage.removeprefix("rgb(").removesuffix(")").split(","))
    assert np.abs(np.array([red, green, blue]) - corner).max() <= 2


def test_backdrop_arrives_in_the_colour_that_was_asked_for(serve: Serve, open_mirror: OpenMirror) -> None:
    """What a keying program looks for is what it gets."""
    mirror = open_mirror(serve()).open().start().live()
    mirror.page.get_by_title("Green screen").click()
    mirror.page.wait_for_timeout(1500)
    assert np.abs(mirror.picture()[2, 2].astype(int) - (0, 177, 64)).max() < 8


def test_mirror_turns_the_picture_around(serve: Serve, open_mirror: OpenMirror) -> None:
    """A mirror by default; the button shows it as others see it."""
    mirror = open_mirror(serve()).open().start().live()
    video = mirror.page.locator("video[data-picture]")
    assert video.evaluate("video => getComputedStyle(video).scale").startswith("-1")
    mirror.page.get_by_role("button", name="Mirror").click()
    assert video.evaluate("video => getComputedStyle(video).scale") == "1"


def test_landmarks_are_drawn_over_the_self_view(serve: Serve, open_mirror: OpenMirror) -> None:
    """What the tracker saw is visible, and can be hidden."""
    mirror = open_mirror(serve()).open().start().live()
    painted = """() => {
      const canvas = document.querySelector("[data-landmarks]");
      return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
    }"""
    mirror.page.wait_for_function(painted)
    mirror.page.get_by_role("button", name="Points").click()
    mirror.page.wait_for_timeout(300)
    assert not mirror.page.evaluate(painted)


def test_video_file_takes_the_cameras_place(serve: Serve, open_mirror: OpenMirror, tmp_path: Path) -> None:
    """A chosen file plays in a loop and drives the character."""
    clip = tmp_path / "spot.webm"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libvpx", rate=30)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for at in range(45):
            picture = spot_picture(0.5 + 0.3 * float(np.sin(2 * np.pi * at / 45)))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))
    mirror = open_mirror(serve()).open()
    mirror.page.locator("[data-file]").set_input_files(clip)
    mirror.live()
    pictures = []
    for _ in range(6):
        mirror.page.wait_for_timeout(400)
        pictures.append(mirror.picture().astype(int))
    assert max(np.abs(one - pictures[0]).mean() for one in pictures[1:]) > 3, "the picture stands still"
    expect(mirror.page.locator("[data-cameras] option:checked")).to_have_text("spot.webm")


def test_choices_outlive_the_page(serve: Serve, open_mirror: OpenMirror) -> None:
    """Character and backdrop are where they were when the page is opened again."""
    mirror = open_mirror(serve()).open()
    mirror.pick("Bob")
    mirror.page.get_by_title("Mint").click()
    mirror.open()
    expect(mirror.page.get_by_role("radio", name="Bob")).to_be_checked()
    expect(mirror.page.get_by_role("radio", name="Mint")).to_be_checked()


def test_nothing_is_fetched_from_elsewhere(serve: Serve, open_mirror: OpenMirror) -> None:
    """Every request of the page goes to the server that it came from."""
    mirror = open_mirror(serve()).open().start().live()
    foreign = [url for _, url in mirror.requests if not url.startswith((mirror.address, "blob:", "data:"))]
    assert foreign == []


def test_token_in_the_address_opens_the_session(serve: Serve, open_mirror: OpenMirror) -> None:
    """The page passes on the token that it was opened with."""
    token = "open-sesame-open-sesame"
    open_mirror(serve(server__token=token)).open(f"/?token={token}").start().live()
