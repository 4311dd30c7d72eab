"""Identities: one avatar's geometry under other colours and with other textures, as if it were another character.

An identity is a few numbers and names, drawn from a seed; a :class:`Cast` of loaded avatars turns it into an avatar
with its parts and its palette.  Applying one takes about half a second, so data sets change it every few hundred
pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.studio.avatar import Avatar
from engines.studio.colour import Lab
from engines.studio.paint import GARMENTS, Paint
from engines.studio.palette import PALETTE, Palette, palette_distances, palette_of
from engines.studio.part_names import Part
from engines.studio.parts import Parts, parts_of
from engines.studio.recolour import Recolourer
from engines.studio.swap import Slot, slots_between, swapped
from engines.studio.taste import sample_colours, ugly

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: Two identities of one avatar differ clearly: at least this much in one colour, and in the mean of all (CIEDE2000).
LEAST_LARGEST, LEAST_MEAN = 24.0, 10.0
#: How often an avatar takes something from another of its layout.
_SWAP = 0.45
#: How often the clothes, or only the skin, keep their own colours.
_OWN_CLOTHES, _OWN_SKIN = 0.18, 0.2
_TRIES = 80
#: Avatars with exchanged textures are kept this long: making one takes a quarter of a second.
_KEPT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """What is taken from which other avatar."""

    slot: Slot
    donor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Another character made of an avatar.

    Args:
        name: unique in its set.
        base: the avatar's name.
        seed: what it was drawn from; -1 where somebody wrote it.
        colours: CIELAB of the new main colours; what is absent keeps its own.
        swaps: applied before the colours.
    """

    name: str
    base: str
    seed: int = -1
    colours: tuple[tuple[Paint, Lab], ...] = ()
    swaps: tuple[Swap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Appearance:
    """An identity, applied.

    Args:
        identity: which.
        avatar: to draw; the base's mesh, so that triangle numbers are the same.
        parts: of its triangles, found before the recolouring: use these and not those of the new colours.
        palette: measured on the avatar: the label.
    """

    identity: Identity
    avatar: Avatar
    parts: Parts
    palette: Palette


class Cast:
    """Loaded avatars that identities are made of.

    Args:
        avatars: with names that differ.
        user: avatar's name -> what :func:`engines.studio.parts.parts_of` shall be told about its materials.

    Raises:
        AvatarError: two avatars have one name.
    """

    def __init__(self, avatars: Iterable[Avatar], user: Mapping[str, Mapping[str, Part | str]] | None = None) -> None:
        self._user = dict(user or {})
        self._avatars: dict[str, Avatar] = {}
        for avatar in avatars:
            if avatar.name in self._avatars:
                raise AvatarError(f"{avatar.name}: two avatars have this name; rename one of the files")
            self._avatars[avatar.name] = avatar
        self._kept: dict[tuple[str, tuple[Swap, ...]], Recolourer] = {}
        self._gifts: dict[str, tuple[Swap, ...]] = {}
        self._colours: dict[tuple[str, tuple[Swap, ...]], dict[Paint, F32]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The avatars' names, in the order given."""
        return tuple(self._avatars)

    def gifts(self, base: str) -> tuple[Swap, ...]:
        """Return everything that an avatar can take from the others."""
        if base not in self._gifts:
            own = self.avatar(base)
            self._gifts[base] = tuple(
                Swap(slot=slot, donor=donor)
                for donor, avatar in self._avatars.items()
                if donor != base
                for slot in slots_between(own, avatar)
            )
        return self._gifts[base]

    def recolourer(self, base: str, swaps: tuple[Swap, ...] = ()) -> Recolourer:
        """Return the recolourer of an avatar after exchanging textures; the unchanged ones are kept for good.

        Raises:
            AvatarError: there is no such avatar, or two do not share a layout.
        """
        key = base, swaps
        if key not in self._kept:
            avatar = self.avatar(base)
            for swap in swaps:
                donor = self.avatar(swap.donor)
                if swap.slot.has_skin:
                    # Face and body must meet at the neck: the gift comes in the taker's skin.
                    own = self.recolourer(base).colours.get(Paint.SKIN)
                    giver = self.recolourer(swap.donor)
                    if own is not None and Paint.SKIN in giver.colours:
                        donor = giver.recolour({Paint.SKIN: _lab(own)})
                avatar = swapped(avatar, donor, swap.slot)
            for old in [kept for kept in self._kept if kept[1]][: -_KEPT + 1 or None]:
                del self._kept[old]
            self._kept[key] = Recolourer(avatar, parts_of(avatar, self._user.get(base)))
            self._colours[key] = self._kept[key].colours
        return self._kept[key]

    def colours(self, base: str, swaps: tuple[Swap, ...] = ()) -> dict[Paint, F32]:
        """Return an avatar's own main colours, CIELAB (3,) each, after exchanging textures; remembered for good."""
        if (base, swaps) not in self._colours:
            self.recolourer(base, swaps)
        return dict(self._colours[base, swaps])

    def apply(self, identity: Identity) -> Appearance:
        """Return an identity's avatar, parts and palette.

        Raises:
            AvatarError: an avatar is missing, layouts differ, or the avatar has nothing of a colour's kind.
        """
        recolourer = self.recolourer(identity.base, identity.swaps)
        avatar = replace(recolourer.recolour(dict(identity.colours)), name=identity.name)
        palette = palette_of(avatar, recolourer.parts, recolourer.paints)
        return Appearance(identity=identity, avatar=avatar, parts=recolourer.parts, palette=palette)

    def predicted(self, identity: Identity) -> Palette:
        """Return about what an identity's palette will be, without making it."""
        colours = self.colours(identity.base, identity.swaps)
        colours |= {paint: np.asarray(lab, np.float32) for paint, lab in identity.colours}
        lab = np.stack([colours.get(paint, np.zeros(3, np.float32)) for paint in PALETTE])
        return Palette(lab=lab, present=np.array([paint in colours for paint in PALETTE]))

    def avatar(self, name: str) -> Avatar:
        """Return a loaded avatar by its name.

        Raises:
            AvatarError: there is no such avatar.
        """
        if name not in self._avatars:
            raise AvatarError(f"{name}: no such avatar is loaded; loaded are {', '.join(self._avatars) or 'none'}")
        return self._avatars[name]


def sample_identity(cast: Cast, base: str, seed: int, earlier: Sequence[Identity] = ()) -> Identity:
    """Return the identity of a seed: the same for the same cast, seed and earlier identities.

    Args:
        cast: the avatars.
        base: which of them.
        seed: the only source of randomness.
        earlier: identities from which it must differ clearly where they are of the same base.

    Raises:
        AvatarError: nothing clearly different was found: there are too many identities of this base.
    """
    rng = np.random.default_rng([seed, list(cast.names).index(base) if base in cast.names else 0])
    taken = [cast.predicted(other) for other in earlier if other.base == base]
    for _ in range(_TRIES):
        swaps = _sample_swaps(rng, cast, base)
        own = cast.colours(base, swaps)
        drawn = sample_colours(rng, own.keys(), own)
        if rng.random() < _OWN_CLOTHES:
            drawn = {paint: lab for paint, lab in drawn.items() if paint not in GARMENTS}
        if rng.random() < _OWN_SKIN:
            drawn.pop(Paint.SKIN, None)
        if drawn.get(Paint.IRIS_LEFT) != drawn.get(Paint.IRIS_RIGHT) and cast.recolourer(base, swaps).shares_irises:
            drawn[Paint.IRIS_RIGHT] = drawn[Paint.IRIS_LEFT]
        if ugly({**own, **{paint: np.asarray(lab, np.float32) for paint, lab in drawn.items()}}):
            continue
        identity = Identity(
            name=f"{base}-{seed}", base=base, seed=seed, colours=tuple(sorted(drawn.items())), swaps=swaps
        )
        palette = cast.predicted(identity)
        if all(_clearly(*pair) for pair in palette_distances(palette, taken)):
            return identity
    raise AvatarError(
        f"{base}: no identity unlike the {len(taken)} earlier ones was found; ask for fewer or add avatars"
    )


def sample_identities(cast: Cast, count: int, seed: int = 0) -> list[Identity]:
    """Return identities that differ clearly within each base; bases take turns.

    Raises:
        AvatarError: there are not so many.
    """
    identities: list[Identity] = []
    for number in range(count):
        base = cast.names[number % len(cast.names)]
        identities.append(sample_identity(cast, base, seed * 100_000 + number, identities))
    return identities


def nearest(palettes: Sequence[tuple[str, Palette]]) -> list[tuple[float, float]]:
    """Return each palette's distance to the nearest other one of the same base: (largest, mean) CIEDE2000.

    Nearest is by the mean; a base with one palette has infinite distances.
    """
    found = []
    for number, (base, palette) in enumerate(palettes):
        others = [other for index, (theirs, other) in enumerate(palettes) if index != number and theirs == base]
        apart = palette_distances(palette, others)
        found.append(min(apart, key=lambda pair: pair[1], default=(np.inf, np.inf)))
    return found


def _sample_swaps(rng: np.random.Generator, cast: Cast, base: str) -> tuple[Swap, ...]:
    gifts = cast.gifts(base)
    if not gifts or rng.random() > _SWAP:
        return ()
    swaps: dict[Slot, Swap] = {}
    for _ in range(int(rng.integers(1, 4))):
        swap = gifts[int(rng.integers(len(gifts)))]
        swaps[swap.slot] = swap
    return tuple(swaps[slot] for slot in Slot if slot in swaps)


def _clearly(largest: float, mean: float) -> bool:
    return largest >= LEAST_LARGEST and mean >= LEAST_MEAN


def _lab(values: F32) -> Lab:
    return float(values[0]), float(values[1]), float(values[2])
