"""Identities: the same from the same seed, clearly different from each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engines.errors import AvatarError
from engines.studio.avatar import Avatar
from engines.studio.colour import difference, lab_of_lch
from engines.studio.identity import LEAST_MEAN, Cast, Identity, Swap, nearest, sample_identities, sample_identity
from engines.studio.paint import Paint
from engines.studio.palette import PALETTE
from engines.studio.swap import Slot
from tests.fakes import painted as fake


@pytest.fixture
def cast(boxes: Avatar) -> Cast:
    """Return two painted figures of one layout."""
    avatar = fake.painted(boxes)
    pale = replace(avatar, name="pale", textures=tuple(np.maximum(texture, 60) for texture in avatar.textures))
    return Cast([avatar, pale])


def test_the_same_seed_gives_the_same_identities(cast: Cast) -> None:
    """Names, colours and exchanges agree; another seed gives others."""
    assert sample_identities(cast, 6, seed=3) == sample_identities(cast, 6, seed=3)
    assert sample_identities(cast, 6, seed=3) != sample_identities(cast, 6, seed=4)


def test_sampled_identities_of_a_base_differ_clearly(cast: Cast) -> None:
    """No two of one base are nearer than the rule, as predicted."""
    identities = sample_identities(cast, 24, seed=1)
    apart = nearest([(identity.base, cast.predicted(identity)) for identity in identities])
    assert min(mean for _, mean in apart) >= LEAST_MEAN
    assert len({identity.name for identity in identities}) == 24


def test_applied_identity_has_the_palette_it_was_drawn_with(cast: Cast) -> None:
    """The measured palette is near the wanted colours; mesh and triangle numbers are the base's."""
    identity = sample_identity(cast, "painted", 5)
    appearance = cast.apply(identity)
    for paint, lab in identity.colours:
        if paint in {Paint.HAIR, Paint.SKIN, Paint.TOP}:
            assert difference(appearance.palette.lab[PALETTE.index(paint)], np.array(lab)) < 4
    assert appearance.avatar.name == identity.name
    assert len(appearance.parts.triangles) == len(appearance.avatar.triangles)


def test_an_exchanged_face_comes_in_the_takers_skin(cast: Cast) -> None:
    """So that face and body meet at the neck."""
    own = cast.recolourer("painted").colours[Paint.SKIN]
    taken = cast.recolourer("painted", (Swap(slot=Slot.FACE, donor="pale"),)).colours[Paint.SKIN]
    assert difference(own, taken) < 2


def test_an_unknown_base_or_donor_is_refused(cast: Cast) -> None:
    """The message lists what is loaded."""
    with pytest.raises(AvatarError, match="nobody: no such avatar is loaded; loaded are painted, pale"):
        cast.apply(Identity(name="x", base="nobody"))
    with pytest.raises(AvatarError, match="loaded are"):
        cast.apply(Identity(name="x", base="painted", swaps=(Swap(slot=Slot.IRIS, donor="nobody"),)))


def test_two_avatars_of_one_name_are_refused(boxes: Avatar) -> None:
    """Identities name their base."""
    with pytest.raises(AvatarError, match="two avatars have this name"):
        Cast([boxes, boxes])


def test_an_identity_without_changes_is_the_avatar(cast: Cast) -> None:
    """Nothing named, nothing changed."""
    appearance = cast.apply(Identity(name="same", base="painted"))
    assert appearance.avatar.materials == cast.recolourer("painted").avatar.materials


def test_a_real_avatar_wears_another_ones_clothes_and_face(real_avatar: Callable[[str], Avatar]) -> None:
    """Vivi with Vita's face, clothes and irises, recoloured, has the wanted skin and hair."""
    cast = Cast([real_avatar("vivi"), real_avatar("vita")])
    swaps = tuple(Swap(slot=slot, donor="vita") for slot in (Slot.IRIS, Slot.FACE, Slot.CLOTHES))
    wanted = {Paint.HAIR: lab_of_lch(40, 40, 270), Paint.SKIN: lab_of_lch(60, 28, 60)}
    identity = Identity(name="blend", base="vivi", swaps=swaps, colours=tuple(wanted.items()))
    palette = cast.apply(identity).palette
    for paint, lab in wanted.items():
        assert difference(palette.lab[PALETTE.index(paint)], np.array(lab)) < 3
