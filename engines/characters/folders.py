"""Folders of characters: finding one by its name, listing them, and putting a new one in place whole."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from engines.character import Character, CharacterCard, characters_folder, read_card, save_character
from engines.errors import CharacterError

#: Names are those of folders and stand in addresses.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
#: WebP's method for what is written: 6 saves a thirtieth and takes four times as long.
EFFORT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A character's card, its folder, and how many bytes that holds."""

    card: CharacterCard
    folder: Path
    size: int


def root_of(folder: Path | None) -> Path:
    """Return the folder whose sub-folders are characters: `folder`, or what it keeps beside weights."""
    if folder is None:
        return characters_folder()
    return characters_folder(folder) if characters_folder(folder).is_dir() else folder


def entries(folder: Path | None = None) -> tuple[Entry, ...]:
    """Return all characters of a folder (default: those that ship), sorted by name.

    Raises:
        CharacterError: there are none, or one cannot be read.
    """
    root = root_of(folder)
    paths = sorted(path for path in root.glob("*/character.json") if not path.parent.name.startswith("."))
    if not paths:
        raise CharacterError(f"{root}: no characters; it must hold one sub-folder with character.json each")
    return tuple(
        Entry(
            card=read_card(path),
            folder=path.parent,
            size=sum(one.stat().st_size for one in path.parent.rglob("*") if one.is_file()),
        )
        for path in paths
    )


def find(name: str, folder: Path | None = None) -> Path:
    """Return the folder of a character, given by its name in `folder` or by its own path.

    Raises:
        CharacterError: there is none.
    """
    if (Path(name) / "character.json").is_file():
        return Path(name)
    found = root_of(folder) / name
    if not (found / "character.json").is_file():
        known = ", ".join(entry.card.name for entry in entries(folder))
        raise CharacterError(f"no character named {name!r}; there are {known}")
    return found


def check_name(name: str) -> str:
    """Return the name.

    Raises:
        CharacterError: it cannot be a folder's.
    """
    if not _NAME.fullmatch(name):
        raise CharacterError(f"--name {name!r}: expected up to 64 letters, digits, '-' and '_', such as 'my_avatar'")
    return name


def check_free(out: Path, name: str) -> Path:
    """Return where a new character goes.

    Raises:
        CharacterError: something is there, or the name cannot be a folder's.
    """
    target = out / check_name(name)
    if target.exists():
        raise CharacterError(f"{target}: is there already; give another --name, or remove it")
    return target


def put(target: Path, character: Character, *, again: bool = False) -> None:
    """Write a character's folder beside its place and move it there when it is complete.

    Args:
        target: its place.
        character: what to write.
        again: in the place of what is there.

    Raises:
        OSError: it cannot be written, or something is in its place.
    """
    partial = target.with_name(f".{target.name}.new")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        save_character(partial, character, effort=EFFORT)
        if again:
            shutil.rmtree(target)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
