"""Sheets of key views: drawn, saved, read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engines.errors import ViewsError
from engines.studio.avatar import Avatar
from engines.studio.renderer import Renderer
from engines.studio.view_sheet import ViewSheet, draw_views
from engines.studio.views import KeyView

VIEWS = (
    KeyView(name="front", camera="portrait", size_px=96),
    KeyView(name="front_full", camera="full", size_px=64),
    KeyView(name="wink", camera="face", controls={"blink_left": 1.0}, size_px=64),
    KeyView(name="bare", camera="portrait", layer="no_arms", size_px=96),
)


@pytest.fixture(scope="module")
def sheet(boxes: Avatar, renderer: Renderer) -> ViewSheet:
    """Return a small sheet of the synthetic avatar."""
    return draw_views(renderer, boxes, VIEWS)


def test_draw_views_gives_a_picture_per_view(sheet: ViewSheet) -> None:
    """Every view has its size and shows something; a layer shows less than the whole."""
    assert [picture.shape for picture in sheet.pictures] == [(view.size_px, view.size_px, 4) for view in VIEWS]
    shown = [int((picture[..., 3] > 0).sum()) for picture in sheet.pictures]
    assert min(shown) > 0
    assert shown[3] < shown[0]


def test_view_sheet_lossless_comes_back_as_it_was(sheet: ViewSheet, tmp_path: Path) -> None:
    """At quality 100 views and visible pixels are the same after a round through files."""
    size = sheet.save(tmp_path / "sheet", quality=100)
    again = ViewSheet.load(tmp_path / "sheet")
    assert again.views == sheet.views
    assert size == sum(path.stat().st_size for path in (tmp_path / "sheet").iterdir())
    for before, after in zip(sheet.pictures, again.pictures, strict=True):
        np.testing.assert_array_equal(before[..., 3], after[..., 3])
        visible = before[..., 3] > 0
        np.testing.assert_array_equal(before[visible], after[visible])


def test_view_sheet_compressed_stays_close(sheet: ViewSheet, tmp_path: Path) -> None:
    """At the usual quality opaque pixels keep their colours within a few steps on average."""
    sheet.save(tmp_path / "sheet")
    again = ViewSheet.load(tmp_path / "sheet")
    opaque = sheet.pictures[0][..., 3] == 255
    difference = np.abs(sheet.pictures[0][opaque].astype(int) - again.pictures[0][opaque])
    assert difference.mean() < 4


def test_view_sheet_of_another_spec_or_damaged_is_refused(sheet: ViewSheet, tmp_path: Path) -> None:
    """A sheet whose description or picture is not what it should be is named with what to do."""
    folder = tmp_path / "sheet"
    sheet.save(folder)
    (folder / "front.webp").write_bytes(b"RIFF")
    with pytest.raises(ViewsError, match="cannot be read as a sheet"):
        ViewSheet.load(folder)
    description = json.loads((folder / "views.json").read_text())
    (folder / "views.json").write_text(json.dumps(description | {"spec_hash": "0" * 16}))
    with pytest.raises(ViewsError, match="made for control spec 0000000000000000"):
        ViewSheet.load(folder)
    with pytest.raises(ViewsError, match="cannot be read as a sheet"):
        ViewSheet.load(tmp_path / "nothing")
