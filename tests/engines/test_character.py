"""Characters on disk: what is written is read back, and damage is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engines.character import Character, list_cards, load_character, save_character
from engines.errors import CharacterError, SpecMismatchError
from tests.fakes.character import ball_character


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Character]:
    """Return a folder of characters with one in it, and that one."""
    folder = tmp_path_factory.mktemp("weights")
    character = ball_character()
    save_character(folder / "characters" / "balls", character)
    return folder, character


@pytest.fixture
def copy(saved: tuple[Path, Character], tmp_path: Path) -> Path:
    """Return a character's folder that a test may damage."""
    for path in (saved[0] / "characters" / "balls").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_character_read_back_is_the_one_written(saved: tuple[Path, Character]) -> None:
    """Card, proportions, style and points survive exactly or within their stored precision."""
    folder, character = saved
    again = load_character(folder / "characters" / "balls")
    assert again.card.title == character.card.title
    assert np.allclose(again.w, character.w, atol=1e-6)
    assert np.allclose(again.proportions.joints, character.proportions.joints, atol=1e-6)
    assert again.proportions.eye_gain == pytest.approx(character.proportions.eye_gain)
    points, before = again.sheet.points, character.sheet.points
    assert np.abs(points.position - before.position).max() < 5e-5
    assert np.abs(points.weights - before.weights).max() < 0.01
    assert np.array_equal(points.visible, before.visible)
    assert np.abs(again.sheet.pose_views.astype(int) - character.sheet.pose_views).mean() < 1


def test_cards_are_listed_with_their_thumbnail(saved: tuple[Path, Character]) -> None:
    """A folder of characters lists each with what a person is told."""
    (card,) = list_cards(saved[0])
    assert (card.name, card.credit, card.licence) == ("balls", "nobody", "CC0")
    assert card.thumbnail is not None
    assert card.thumbnail.exists()


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


@pytest.mark.parametrize("name", ["pose_0.webp", "face_3.webp", "points.npz"])
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
