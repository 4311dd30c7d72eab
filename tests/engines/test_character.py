"""Characters on disk: what is written is read back, and damage is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines import controls
from engines.character import THUMBNAIL_PX, Character, list_cards, load_character, save_character
from engines.errors import CharacterError, SpecMismatchError
from engines.structure import CharacterStructure
from tests.fakes.character import PORTRAIT_PX
from tests.fakes.pictures import psnr


@pytest.fixture(scope="module")
def saved(balls: Character, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of characters with one in it."""
    folder = tmp_path_factory.mktemp("weights")
    save_character(folder / "characters" / "balls", balls, effort=0)
    return folder


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Path:
    """Return a character's folder that a test may damage."""
    shutil.copytree(saved / "characters" / "balls", tmp_path / "balls")
    return tmp_path / "balls"


def test_character_read_back_is_the_one_written(saved: Path, balls: Character) -> None:
    """Card, proportions, style, figure and sheet survive exactly or within their stored precision."""
    again = load_character(saved / "characters" / "balls")
    assert again.card.title == balls.card.title
    assert np.allclose(again.w, balls.w, atol=1e-6)
    assert again.w.dtype == np.float32
    assert np.allclose(again.proportions.joints, balls.proportions.joints, atol=1e-6)
    assert again.proportions.eye_gain == pytest.approx(balls.proportions.eye_gain)
    assert np.abs(again.figure.places - balls.figure.places).max() < 1e-4
    assert np.array_equal(again.figure.triangles, balls.figure.triangles)
    assert np.array_equal(again.figure.region, balls.figure.region)
    assert again.sheet.views == balls.sheet.views
    for after, before in zip(again.sheet.pictures, balls.sheet.pictures, strict=True):
        opaque = before[..., 3] == 255
        assert np.abs(after[opaque].astype(int) - before[opaque]).mean() < 4


def test_character_read_back_is_drawn_the_same(saved: Path, balls: Character) -> None:
    """What storing loses is not seen."""
    again = load_character(saved / "characters" / "balls")
    pose = controls.controls({"head_yaw": 20.0, "aa": 0.5})
    pictures = [
        CharacterStructure(one.proportions, one.figure, one.sheet).structure(pose, "portrait", PORTRAIT_PX).picture
        for one in (balls, again)
    ]
    assert psnr(pictures[1], pictures[0]) > 30


def test_cards_are_listed_with_their_thumbnail(saved: Path) -> None:
    """A folder of characters lists each with what a person is told."""
    (card,) = list_cards(saved)
    assert (card.name, card.credit, card.licence) == ("balls", "nobody", "CC0")
    assert card.thumbnail is not None
    with Image.open(card.thumbnail) as image:
        assert image.size == (THUMBNAIL_PX, THUMBNAIL_PX)
        assert np.array(image.convert("RGBA"))[..., 3].max() == 255


def test_folder_without_characters_says_what_it_should_hold(tmp_path: Path) -> None:
    """The error says what is missing."""
    with pytest.raises(CharacterError, match=r"no characters; the folder must hold"):
        list_cards(tmp_path)


def test_other_spec_is_refused_with_both_hashes(copy: Path) -> None:
    """A character of another control spec is refused by name."""
    path = copy / "character.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"spec_hash": "0123456789abcdef"}))
    with pytest.raises(SpecMismatchError, match="0123456789abcdef"):
        load_character(copy)


@pytest.mark.parametrize("name", ["sheet/front.webp", "sheet/face.webp", "sheet/views.json", "figure.npz"])
@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_damaged_file_is_a_character_error(copy: Path, name: str, damage: str) -> None:
    """Every file that is missing or cut short gives one error that says what to do."""
    path = copy / name
    content = path.read_bytes()
    path.unlink()
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    with pytest.raises(CharacterError, match="damaged or incomplete"):
        load_character(copy)


def test_json_that_is_none_is_a_character_error(copy: Path) -> None:
    """Text that is no JSON is named with its path."""
    (copy / "character.json").write_text("{")
    with pytest.raises(CharacterError, match=r"character\.json"):
        load_character(copy)
