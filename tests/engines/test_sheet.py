"""Sheets on disk, and the views that every character has."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines import controls
from engines.character import Character
from engines.errors import ViewsError
from engines.sheet import SHEET_VIEWS, Sheet, premultiplied


@pytest.fixture
def folder(balls: Character, tmp_path: Path) -> Path:
    """Return a sheet's folder that a test may damage."""
    balls.sheet.save(tmp_path / "sheet", effort=0)
    return tmp_path / "sheet"


def test_sheet_lossless_comes_back_as_it_was(balls: Character, tmp_path: Path) -> None:
    """At quality 100 views and visible pixels are the same, and the bytes are counted."""
    size = balls.sheet.save(tmp_path, quality=100, effort=0)
    again = Sheet.load(tmp_path)
    assert again.views == balls.sheet.views
    assert size == sum(path.stat().st_size for path in tmp_path.iterdir())
    for before, after in zip(balls.sheet.pictures, again.pictures, strict=True):
        assert after.shape == before.shape
        visible = before[..., 3] > 0
        np.testing.assert_array_equal(after[..., 3], before[..., 3])
        np.testing.assert_array_equal(after[visible], before[visible])


def test_sheet_compressed_stays_close(balls: Character, folder: Path) -> None:
    """At the usual quality opaque pixels keep their colours within a few steps on average, alpha exactly."""
    for before, after in zip(balls.sheet.pictures, Sheet.load(folder).pictures, strict=True):
        opaque = before[..., 3] == 255
        assert np.abs(before[opaque].astype(int) - after[opaque]).mean() < 4
        np.testing.assert_array_equal(after[..., 3], before[..., 3])


def test_sheet_saved_leaves_nothing_half_done(folder: Path) -> None:
    """There is one picture per view and the description, nothing else."""
    names = {f"{view.name}.webp" for view in Sheet.load(folder).views}
    assert {path.name for path in folder.iterdir()} == names | {"views.json"}


def test_sheet_without_a_picture_or_description_is_refused(folder: Path, tmp_path: Path) -> None:
    """What is missing or damaged is one error that says what to do."""
    with pytest.raises(ViewsError, match="cannot be read as a sheet"):
        Sheet.load(tmp_path / "nothing")
    (folder / "front.webp").write_bytes((folder / "front.webp").read_bytes()[:200])
    with pytest.raises(ViewsError, match="cannot be read as a sheet"):
        Sheet.load(folder)
    (folder / "front.webp").unlink()
    with pytest.raises(ViewsError, match="cannot be read as a sheet"):
        Sheet.load(folder)


def test_sheet_picture_of_another_size_is_refused(folder: Path) -> None:
    """Compiled loops read pictures by the size that the description gives."""
    Image.new("RGBA", (64, 48)).save(folder / "front.webp")
    with pytest.raises(ViewsError, match=r"front\.webp: got 64 x 48"):
        Sheet.load(folder)


def test_sheet_of_another_spec_is_refused(folder: Path) -> None:
    """The message names both."""
    path = folder / "views.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"spec_hash": "0" * 16}))
    with pytest.raises(ViewsError, match=f"made for control spec 0000000000000000, this is {controls.spec_hash()}"):
        Sheet.load(folder)


@pytest.mark.parametrize(
    "change", [{"controls": {"nod": 1.0}}, {"zoom": 2}, {"size_px": "large"}, {"controls": 3}, {"name": "../front"}]
)
def test_sheet_description_with_a_mistake_is_refused(folder: Path, change: dict[str, object]) -> None:
    """A view that cannot be drawn is found when it is read, not when it is used."""
    path = folder / "views.json"
    document = json.loads(path.read_text())
    document["views"][0] |= change
    path.write_text(json.dumps(document))
    with pytest.raises(ViewsError, match="cannot be read as a sheet"):
        Sheet.load(folder)


def test_premultiplied_scales_colours_by_alpha() -> None:
    """Opaque colours stay, transparent ones vanish, half-transparent ones are halved."""
    image = np.array([[[200, 100, 50, 255], [200, 100, 50, 0], [200, 100, 50, 128]]], np.uint8)
    expected = [[[200, 100, 50, 255], [0, 0, 0, 0], [100, 50, 25, 128]]]
    np.testing.assert_array_equal(premultiplied(image), expected)


def test_sheet_views_have_names_and_poses_of_their_own() -> None:
    """No name and no picture of the characters' sheet comes twice; both framings and the face are shown."""
    assert len({view.name for view in SHEET_VIEWS}) == len(SHEET_VIEWS)
    assert len({(view.camera, view.vector().tobytes()) for view in SHEET_VIEWS}) == len(SHEET_VIEWS)
    assert {view.camera for view in SHEET_VIEWS} == {"portrait", "full", "face"}


@pytest.mark.parametrize("name", [*controls.VISEMES, *controls.EXPRESSIONS, "smile", "blink_left", "blink_right"])
def test_sheet_views_show_every_expression_alone_or_with_lids(name: str) -> None:
    """What a face can do is in some face view."""
    assert any(view.camera == "face" and view.vector()[controls.INDEX[name]] >= 0.99 for view in SHEET_VIEWS)
