"""The whole path as users have it: the shipped weights, the real tracker, a person as the camera."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from benchmarks.chromium import chromium, fake_camera
from benchmarks.footage import person, write_mjpeg
from benchmarks.installed_chromium import find_chromium
from engines.character import PRETRAINED
from realtime.assembly import build_application, load_parts
from tests.browser.mirror_page import LIVE_LIMIT_MS, MirrorPage
from tests.fakes.serving import Serving, settings_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def person_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a Chromium before whose camera a person moves."""
    if find_chromium() is None:
        pytest.skip("no Chromium runs here; `make setup` sees to one")
    clip = write_mjpeg(tmp_path_factory.mktemp("clips") / "person.mjpeg", person(90))
    with chromium(*fake_camera(clip)) as running:
        yield running


@pytest.fixture(scope="module")
def trained() -> Iterator[Serving]:
    """Return the server as `animirror serve` runs it."""
    settings = settings_of()
    folder = settings.engine.characters or PRETRAINED
    if not (folder / "model.json").exists():
        pytest.skip(f"no trained weights in {folder}")
    with Serving(build_application(settings, load_parts(settings))) as serving:
        yield serving


@pytest.fixture
def mirror(trained: Serving, person_browser: Browser) -> Iterator[MirrorPage]:
    """Return the page with the character on it."""
    context = person_browser.new_context(viewport={"width": 1280, "height": 800}, permissions=["camera"])
    page = MirrorPage(context.new_page(), trained.address).open().start().live()
    yield page
    context.close()
    assert page.errors == []


def test_a_person_moves_a_trained_character(mirror: MirrorPage) -> None:
    """The camera's person is seen, and the picture changes with them."""
    pictures = []
    for _ in range(8):
        mirror.page.wait_for_timeout(400)
        pictures.append(mirror.picture().astype(int))
    assert mirror.video()["width"] >= 256
    assert pictures[0].std() > 10, "the picture is blank"
    assert max(np.abs(one - pictures[0]).mean() for one in pictures[1:]) > 0.5, "the picture stands still"
    expect(mirror.page.locator("[data-hint]")).to_be_hidden()
    expect(mirror.page.locator("[data-figures]")).to_contain_text(" ms", timeout=LIVE_LIMIT_MS)


def test_every_trained_character_can_be_put_on_while_running(mirror: MirrorPage) -> None:
    """Each looks different from the one before, over one and the same connection."""
    titles = mirror.page.locator("[data-cast] label").all_inner_texts()
    for title in titles[1:]:  # the page begins with the first
        before = mirror.picture().astype(int)
        mirror.pick(title)
        mirror.expect_other_picture(before, f"{title} does not come")
    assert mirror.sessions_opened() == 1


def test_thumbnails_are_there(mirror: MirrorPage) -> None:
    """Each character in the strip has its picture."""
    script = "() => [...document.querySelectorAll('[data-cast] img')].every((img) => img.naturalWidth > 0)"
    mirror.page.wait_for_function(script)
    count = mirror.page.locator("[data-cast] label").count()
    assert mirror.page.locator("[data-cast] img").count() == count
