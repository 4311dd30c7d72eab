"""Characters that no avatar is: other colours, exchanged textures, and another build; drawn from a seed.

An :class:`Idea` says in words and numbers what a character is; it is what :mod:`engines.characters.cast` keeps, and it
gives the same character again from the same avatars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engines.build import Build
from engines.character import CharacterCard, card_from_avatar
from engines.characters.folders import check_free
from engines.characters.making import Made, draw, finish
from engines.characters.palettes import palette_hex
from engines.errors import AvatarError, CharacterError
from engines.key_view import KeyView
from engines.sheet import SHEET_VIEWS
from engines.studio.avatar import Avatar
from engines.studio.colour import Lab
from engines.studio.identity import Appearance, Cast, Identity, Swap, sample_identity
from engines.studio.paint import Paint, paints_of
from engines.studio.proportions import reproportioned, sample_build
from engines.studio.renderer import Renderer

#: Sampled characters' second source of randomness, so that builds do not move with what colours draw.
_BUILD = 7
#: What is added to the credit of the avatar.
CHANGED = "recoloured and reproportioned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Idea:
    """A character that is to be made of an avatar.

    Args:
        name: of its folder.
        title: name to show.
        base: the avatar's name.
        seed: what it was drawn from.
        colours: CIELAB of the new main colours; what is absent keeps its own.
        swaps: textures taken from other avatars, applied before the colours.
        build: against the avatar's.
    """

    name: str
    title: str
    base: str
    seed: int
    colours: Mapping[Paint, Lab] = field(default_factory=dict)
    swaps: tuple[Swap, ...] = ()
    build: Build = field(default_factory=Build)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """Whom to thank for an avatar, and its terms, where they are known better than its file says."""

    credit: str
    licence: str


def sample_idea(cast: Cast, seed: int, palette: Mapping[Paint, Lab] | None = None, name: str = "") -> Idea:
    """Return the idea of a seed: the same for the same avatars and seed.

    Args:
        cast: the avatars; seeds take turns among them.
        seed: not negative.
        palette: colours that are said; the rest is drawn.
        name: empty for one made of avatar and seed.

    Raises:
        CharacterError: the avatar has nothing that is dyed so.
    """
    base = cast.names[seed % len(cast.names)]
    identity = sample_identity(cast, base, seed)
    colours = dict(identity.colours)
    own = cast.colours(base, identity.swaps)
    for paint, lab in (palette or {}).items():
        if paint not in own:
            known = ", ".join(sorted(one.name.lower() for one in own))
            raise CharacterError(f"{base}: has no {paint.name.lower()} to colour; it has {known}")
        colours[paint] = lab
    return Idea(
        name=name or f"{base}-{seed}",
        title=name or f"{base.replace('_', ' ').title()} {seed}",
        base=base,
        seed=seed,
        colours=colours,
        swaps=identity.swaps,
        build=sample_build(np.random.default_rng([seed, _BUILD])),
    )


def appear(cast: Cast, idea: Idea) -> tuple[Appearance, Avatar]:
    """Return an idea's appearance, and the avatar to draw.

    Raises:
        CharacterError: the avatars at hand cannot give it.
    """
    identity = Identity(
        name=idea.name, base=idea.base, seed=idea.seed, colours=tuple(sorted(idea.colours.items())), swaps=idea.swaps
    )
    try:
        appearance = cast.apply(identity)
    except AvatarError as error:
        raise CharacterError(f"{idea.name}: {error}") from error
    return appearance, reproportioned(appearance.avatar, idea.build)


def make_sampled(
    renderer: Renderer,
    cast: Cast,
    idea: Idea,
    out: Path,
    credits_of: Mapping[str, Credits] | None = None,
    weights: Path | None = None,
    views: Sequence[KeyView] = SHEET_VIEWS,
) -> Made:
    """Make the character of an idea: its folder in `out`.

    Args:
        renderer: draws it.
        cast: the avatars.
        idea: what to make.
        out: folder that the character's folder goes into.
        credits_of: avatar's name -> whom to thank, instead of what the file says.
        weights: folder with the encoder; None for the weights that ship.
        views: the sheet's key views.

    Raises:
        CharacterError: one of that name is there, or the avatars cannot give it.
    """
    target = check_free(out, idea.name)
    appearance, avatar = appear(cast, idea)
    drawn = draw(renderer, avatar, paints_of(avatar, appearance.parts), views)
    return finish(target, card_of(cast, idea, appearance, credits_of or {}), avatar, drawn, weights)


def card_of(cast: Cast, idea: Idea, appearance: Appearance, credits_of: Mapping[str, Credits]) -> CharacterCard:
    """Return a sampled character's card: everybody whose work is in it is thanked."""
    makers = [idea.base, *(swap.donor for swap in idea.swaps if swap.donor != idea.base)]
    makers = list(dict.fromkeys(makers))
    known = [credits_of.get(one) or _of_file(cast.avatar(one)) for one in makers]
    thanks = "; ".join(dict.fromkeys(one.credit for one in known if one.credit))
    return CharacterCard(
        name=idea.name,
        title=idea.title,
        credit=f"{thanks}; {CHANGED}" if thanks else CHANGED,
        licence=strictest([one.licence for one in known]),
        kind="sampled",
        parents=tuple(makers),
        seed=idea.seed,
        palette=palette_hex(appearance.palette),
    )


def _of_file(avatar: Avatar) -> Credits:
    card = card_from_avatar(avatar.name, avatar)
    return Credits(credit=card.credit or card.title, licence=card.licence)


def strictest(licences: list[str]) -> str:
    """Return the terms of what was made of several works: the strictest where one covers all, else all of them."""

    def rank(licence: str) -> int:
        plain = licence.upper().replace("_", " ").replace("-", " ")
        if any(word in plain for word in ("NC", "ND", "PROHIBITED", "OTHER")):
            return -1
        if plain.startswith("CC BY SA"):
            return 2
        return 1 if plain.startswith("CC BY") else 0 if plain.startswith("CC0") else -1

    different = list(dict.fromkeys(one for one in licences if one))
    if all(rank(one) >= 0 for one in different) and different:
        return max(different, key=rank)
    return "; ".join(different)
