"""Characters: everything that makes one person out of the generator, and its folder on disk.

A character folder holds ``character.json`` (card, proportions, style), ``sheet/`` (the key views' pictures and what
they show), ``figure.npz`` (the surface that carries them, quantised) and ``thumbnail.webp``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines import controls
from engines.errors import CharacterError, SpecMismatchError, ViewsError
from engines.figure import Figure
from engines.sheet import Sheet
from engines.skeleton import Proportions

if TYPE_CHECKING:
    from engines.studio.avatar import Avatar

F32 = npt.NDArray[np.float32]

#: Characters that ship with the weights.
PRETRAINED = Path(__file__).parent / "pretrained"
THUMBNAIL_PX = 512

#: Where a character comes from: an avatar that ships, a user's own, drawn from a seed, or between two others.
Kind = Literal["avatar", "made", "sampled", "mixed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterCard:
    """What a person is told about a character.

    Args:
        name: identifier, also the folder's name.
        title: name to show.
        credit: whom to thank.
        licence: terms of the character's looks.
        thumbnail: a small picture, or None where the folder has none.
        kind: where it comes from.
        parents: whom it was made of: an avatar, or two characters.
        seed: what it was drawn from, where it was sampled.
        palette: name of a paint in small letters -> its main colour, `#rrggbb`.
    """

    name: str
    title: str
    credit: str
    licence: str
    thumbnail: Path | None = None
    kind: Kind = "avatar"
    parents: tuple[str, ...] = ()
    seed: int | None = None
    palette: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """A character: card, proportions, figure, sheet, and style `w`, float32 (w_dim,)."""

    card: CharacterCard
    proportions: Proportions
    figure: Figure
    sheet: Sheet
    w: F32


def card_from_avatar(name: str, avatar: Avatar) -> CharacterCard:
    """Return the card of an avatar's character, from the terms written in the avatar."""
    credit = avatar.credit
    return CharacterCard(name=name, title=credit.title or name, credit=credit.author, licence=credit.licence)


def characters_folder(folder: Path | None = None) -> Path:
    """Return the folder of characters beside the weights in `folder` (default: the shipped ones)."""
    return (folder or PRETRAINED) / "characters"


def list_cards(folder: Path | None = None) -> tuple[CharacterCard, ...]:
    """Return the cards of all characters beside the weights in `folder`, sorted by name.

    Raises:
        CharacterError: there are none.
    """
    root = characters_folder(folder)
    paths = sorted(root.glob("*/character.json"))
    if not paths:
        raise CharacterError(f"{root}: no characters; the folder must hold one sub-folder with character.json each")
    return tuple(read_card(path) for path in paths)


def save_character(folder: Path, character: Character, effort: int = 6) -> None:
    """Write a character's folder.  Every file is written beside its place and moved there when complete.

    Args:
        folder: made if it is not there.
        character: whose.
        effort: WebP's method, 0 (fast) to 6 (small).
    """
    folder.mkdir(parents=True, exist_ok=True)
    character.sheet.save(folder / "sheet", effort=effort)
    character.figure.save(folder / "figure.npz")
    front = next(
        (view, picture)
        for view, picture in zip(character.sheet.views, character.sheet.pictures, strict=True)
        if view.camera == "portrait"
    )
    margin = round(len(front[1]) * (1 - 1 / front[0].scale) / 2)
    image = Image.fromarray(front[1][margin : len(front[1]) - margin, margin : len(front[1]) - margin])
    partial = folder / "thumbnail.partial"
    image.resize((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS).save(partial, "WEBP", quality=90)
    partial.replace(folder / "thumbnail.webp")
    card = asdict(character.card)
    del card["thumbnail"]
    proportions = {
        name: np.round(np.asarray(value, np.float64), 6).tolist()
        for name, value in asdict(character.proportions).items()
    }
    document = {
        **card,
        "spec_hash": controls.spec_hash(),
        "proportions": proportions,
        "w": np.round(character.w.astype(np.float64), 6).tolist(),
    }
    partial = folder / "character.json.partial"
    partial.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(folder / "character.json")


def load_character(folder: Path) -> Character:
    """Read a character's folder.

    Raises:
        CharacterError: a file is missing or damaged.
        SpecMismatchError: it was made for another control spec.
    """
    path = folder / "character.json"
    card = read_card(path)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["spec_hash"] != controls.spec_hash():
            raise SpecMismatchError(
                f"{path}: made for control spec {document['spec_hash']}, this program has {controls.spec_hash()}; "
                "make the character anew or install the version it belongs to"
            )
        stored = document["proportions"]
        proportions = Proportions(
            joints=np.array(stored["joints"], np.float32),
            left_eye=np.array(stored["left_eye"], np.float32),
            right_eye=np.array(stored["right_eye"], np.float32),
            mouth=np.array(stored["mouth"], np.float32),
            head_top=float(stored["head_top"]),
            eye_gain=float(stored["eye_gain"]),
        )
        sheet, figure = Sheet.load(folder / "sheet"), Figure.load(folder / "figure.npz")
        w = np.array(document["w"], np.float32)
    except SpecMismatchError:
        raise
    except (
        ViewsError,
        CharacterError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
    ) as error:
        raise CharacterError(f"{folder}: damaged or incomplete ({error}); fetch or make the character again") from error
    return Character(card=card, proportions=proportions, figure=figure, sheet=sheet, w=w)


def read_card(path: Path) -> CharacterCard:
    """Return the card in a character's `character.json`.

    Raises:
        CharacterError: it cannot be read.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        thumbnail = path.parent / "thumbnail.webp"
        return CharacterCard(
            name=document["name"],
            title=document["title"],
            credit=document["credit"],
            licence=document["licence"],
            thumbnail=thumbnail if thumbnail.exists() else None,
            kind=document.get("kind", "avatar"),
            parents=tuple(document.get("parents", ())),
            seed=document.get("seed"),
            palette=dict(document.get("palette", {})),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CharacterError(f"{path}: cannot be read ({error})") from error
