"""The cast: sampled characters that somebody chose, written down so that they can be made again.

The file is TOML; one table per character, by its name::

    [mio]
    title = "Mio"
    base = "vita"
    seed = 17
    palette = {hair = "#2f3b66", iris_left = "#c98a2b"}
    swaps = {clothes = "vivi"}
    build = {head = 0.94, legs = 1.08}
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines.build import BUILD_NAMES, Build
from engines.characters.palettes import lab_hex, paints_said
from engines.characters.sampling import Credits, Idea
from engines.errors import CharacterError
from engines.studio.identity import Swap
from engines.studio.swap import Slot


def read_cast(path: Path) -> tuple[Idea, ...]:
    """Return the characters of a cast's file, in its order.

    Raises:
        CharacterError: it cannot be read, or says something that there is not.
    """
    return tuple(_idea(path, name, row) for name, row in _tables(path).items())


def read_credits(path: Path) -> dict[str, Credits]:
    """Return avatar's name -> whom to thank, of a TOML file with `credit` and `licence` per avatar.

    Raises:
        CharacterError: it cannot be read.
    """
    try:
        return {
            name: Credits(credit=str(row["credit"]), licence=str(row["licence"])) for name, row in _tables(path).items()
        }
    except KeyError as error:
        raise CharacterError(f"{path}: an avatar has no {error}; expected credit and licence for each") from error


def idea_toml(idea: Idea) -> str:
    """Return an idea as a cast's file says it."""
    palette = ", ".join(f'{paint.name.lower()} = "{lab_hex(lab)}"' for paint, lab in sorted(idea.colours.items()))
    swaps = ", ".join(f'{swap.slot.name.lower()} = "{swap.donor}"' for swap in idea.swaps)
    factors = {name: getattr(idea.build, name) for name in BUILD_NAMES}
    build = ", ".join(f"{name} = {factor:g}" for name, factor in factors.items() if factor != 1)
    lines = [f"[{idea.name}]", f'title = "{idea.title}"', f'base = "{idea.base}"', f"seed = {idea.seed}"]
    lines += [f"{key} = {{{text}}}" for key, text in (("palette", palette), ("swaps", swaps), ("build", build)) if text]
    return "\n".join(lines) + "\n"


def _tables(path: Path) -> Mapping[str, dict[str, Any]]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CharacterError(f"{path}: cannot be read ({error})") from error
    odd = [name for name, row in tables.items() if not isinstance(row, dict)]
    if odd:
        raise CharacterError(f"{path}: {odd[0]!r} is no table; expected [name] for each")
    return tables


def _idea(path: Path, name: str, row: Mapping[str, Any]) -> Idea:
    try:
        return Idea(
            name=name,
            title=str(row["title"]),
            base=str(row["base"]),
            seed=int(row["seed"]),
            colours=paints_said({str(key): str(value) for key, value in row.get("palette", {}).items()}),
            swaps=tuple(
                Swap(slot=Slot[slot.upper()], donor=str(donor)) for slot, donor in row.get("swaps", {}).items()
            ),
            build=Build(**{str(key): float(value) for key, value in row.get("build", {}).items()}),
        )
    except CharacterError as error:
        raise CharacterError(f"{path}, {name}: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CharacterError(f"{path}, {name}: cannot be understood ({error!r})") from error
