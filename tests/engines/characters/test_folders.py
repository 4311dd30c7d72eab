"""Folders of characters: what is in them, and how new ones come in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engines.character import Character, load_character
from engines.characters.folders import check_free, check_name, entries, find, put
from engines.errors import CharacterError


def test_entries_are_sorted_and_have_their_size(folder: Path) -> None:
    """Every character is listed with its card and its bytes."""
    found = entries(folder)
    assert [entry.card.name for entry in found] == ["balls", "orbs"]
    assert found[0].size == sum(path.stat().st_size for path in (folder / "balls").rglob("*") if path.is_file())


def test_folder_of_weights_is_looked_into(tmp_path: Path, folder: Path) -> None:
    """Characters beside weights are found in their sub-folder."""
    (tmp_path / "characters").symlink_to(folder)
    assert len(entries(tmp_path)) == 2


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    """The message says what it must hold."""
    with pytest.raises(CharacterError, match="no characters; it must hold"):
        entries(tmp_path)


def test_find_takes_names_and_paths(folder: Path) -> None:
    """A character is found by its name or by its own folder; others are named."""
    assert find("orbs", folder) == folder / "orbs"
    assert find(str(folder / "balls")) == folder / "balls"
    with pytest.raises(CharacterError, match=r"no character named 'nobody'; there are balls, orbs"):
        find("nobody", folder)


@pytest.mark.parametrize("name", ["", "a b", "../up", ".hidden", "x" * 65, "ä"])
def test_name_that_is_no_folders_is_refused(name: str) -> None:
    """Names stand in paths and addresses."""
    with pytest.raises(CharacterError, match="--name"):
        check_name(name)


def test_taken_name_is_refused(folder: Path) -> None:
    """Nothing is overwritten."""
    with pytest.raises(CharacterError, match="is there already"):
        check_free(folder, "balls")


def test_put_leaves_no_half_written_folder(tmp_path: Path, painted: Character) -> None:
    """A failure while writing leaves neither the character nor a partial folder; then it goes in whole."""
    unfinished = replace(painted, w=None)  # type: ignore[arg-type]  # it is written last
    with pytest.raises(AttributeError):
        put(tmp_path / "new", unfinished)
    assert list(tmp_path.iterdir()) == []
    put(tmp_path / "new", painted)
    assert load_character(tmp_path / "new").card.palette == painted.card.palette
    put(tmp_path / "new", painted, again=True)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
