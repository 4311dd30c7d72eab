"""Recolouring in texture space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engines.errors import AvatarError
from engines.studio.avatar import Avatar
from engines.studio.colour import difference, lab_of_lch
from engines.studio.paint import Paint
from engines.studio.palette import mean_colours
from engines.studio.recolour import Recolourer
from tests.fakes import painted as fake

PINK = lab_of_lch(70, 35, 355)
BROWN_SKIN = lab_of_lch(48, 27, 56)


def test_recoloured_hair_leaves_a_top_on_the_same_texture(boxes: Avatar) -> None:
    """Hair and top share a texture; only the hair's material gets another."""
    avatar = fake.painted(boxes)
    new = Recolourer(avatar).recolour({Paint.HAIR: PINK})
    assert new.materials[2].lit_texture != fake.SHARED
    assert new.materials[0] == avatar.materials[0]
    np.testing.assert_array_equal(new.textures[fake.SHARED], avatar.textures[fake.SHARED])


def test_recolouring_arrives_at_its_target(boxes: Avatar) -> None:
    """The measured colour is the wanted one."""
    recolourer = Recolourer(fake.painted(boxes))
    wanted = {Paint.HAIR: PINK, Paint.SKIN: BROWN_SKIN, Paint.TOP: lab_of_lch(30, 20, 280)}
    found = mean_colours(recolourer.recolour(wanted), recolourer.parts, recolourer.paints)
    for paint, lab in wanted.items():
        assert difference(found[paint], np.array(lab)) < 2.5, paint


def test_skin_is_recoloured_beside_a_sleeve_on_one_texture(boxes: Avatar) -> None:
    """The body's skin half changes, the sleeve's half keeps its blue."""
    avatar = fake.painted(boxes)
    new = Recolourer(avatar).recolour({"skin": BROWN_SKIN})
    texture = new.materials[3].lit_texture
    assert texture is not None
    old, dyed = avatar.textures[fake.BODY_TEXTURE], new.textures[texture]
    assert np.abs(dyed[:, 40:56].astype(int) - old[:, 40:56]).max() <= 3
    assert dyed[:, 8:24, :3].mean() < old[:, 8:24, :3].mean() - 40


def test_odd_eyes_are_possible_on_halves_of_one_texture(boxes: Avatar) -> None:
    """Each iris takes its own colour."""
    recolourer = Recolourer(fake.painted(boxes))
    wanted = {Paint.IRIS_LEFT: lab_of_lch(50, 50, 30), Paint.IRIS_RIGHT: lab_of_lch(50, 45, 150)}
    found = mean_colours(recolourer.recolour(wanted), recolourer.parts, recolourer.paints)
    assert difference(found[Paint.IRIS_LEFT], found[Paint.IRIS_RIGHT]) > 30


def test_odd_eyes_on_one_part_of_a_texture_are_refused(boxes: Avatar) -> None:
    """Both irises show the same texels: one colour for both is possible, two are not."""
    recolourer = Recolourer(fake.painted(boxes, shared_iris=True))
    assert recolourer.shares_irises
    recolourer.recolour({Paint.IRIS_LEFT: PINK})
    with pytest.raises(AvatarError, match="give them one colour"):
        recolourer.recolour({Paint.IRIS_LEFT: PINK, Paint.IRIS_RIGHT: BROWN_SKIN})


def test_a_colour_factor_is_multiplied_into_the_new_texture(boxes: Avatar) -> None:
    """A grey texture under a coloured factor arrives too, and the shade stays no lighter than the light."""
    avatar = fake.painted(boxes)
    materials = list(avatar.materials)
    materials[2] = replace(materials[2], lit_colour=(0.9, 0.5, 0.6, 1.0), shade_colour=(0.2, 0.1, 0.5, 1.0))
    recolourer = Recolourer(replace(avatar, materials=tuple(materials)))
    new = recolourer.recolour({Paint.HAIR: PINK})
    found = mean_colours(new, recolourer.parts, recolourer.paints)
    assert difference(found[Paint.HAIR], np.array(PINK)) < 2.5
    assert new.materials[2].lit_colour == (1.0, 1.0, 1.0, 1.0)
    assert max(new.materials[2].shade_colour[:3]) <= 1.0


def test_a_material_without_texture_takes_the_colour_itself(boxes: Avatar) -> None:
    """Its lit colour is dyed."""
    avatar = fake.painted(boxes)
    materials = list(avatar.materials)
    materials[0] = replace(materials[0], lit_texture=None, shade_texture=None, lit_colour=(0.2, 0.3, 0.8, 1.0))
    recolourer = Recolourer(replace(avatar, materials=tuple(materials)))
    found = mean_colours(recolourer.recolour({Paint.TOP: PINK}), recolourer.parts, recolourer.paints)
    assert difference(found[Paint.TOP], np.array(PINK)) < 1


def test_recolouring_keeps_the_mesh_and_the_original(boxes: Avatar) -> None:
    """Triangles are the same objects; the first avatar's textures are untouched."""
    avatar = fake.painted(boxes)
    before = [texture.copy() for texture in avatar.textures]
    new = Recolourer(avatar).recolour({Paint.HAIR: PINK, Paint.SKIN: BROWN_SKIN})
    assert new.triangles is avatar.triangles
    for texture, copy in zip(avatar.textures, before, strict=True):
        np.testing.assert_array_equal(texture, copy)


@pytest.mark.parametrize(
    ("target", "message"),
    [("beard", "nothing is called 'beard'; recolour one of hair"), ("shoes", "no triangle is shoes")],
)
def test_what_is_not_there_cannot_be_recoloured(boxes: Avatar, target: str, message: str) -> None:
    """The message says what can."""
    with pytest.raises(AvatarError, match=message):
        Recolourer(fake.painted(boxes)).recolour({target: PINK})


@pytest.mark.parametrize("name", ["gene", "seedsan", "victoria_rubin", "unitykun"])
def test_eyes_of_a_real_avatar_stay_when_its_skin_changes(name: str, real_avatar: Callable[[str], Avatar]) -> None:
    """Skin arrives at its target; irises, hair and brows keep their colours, whatever textures they share."""
    recolourer = Recolourer(real_avatar(name))
    found = mean_colours(recolourer.recolour({Paint.SKIN: BROWN_SKIN}), recolourer.parts, recolourer.paints)
    assert difference(found[Paint.SKIN], np.array(BROWN_SKIN)) < 3
    for paint in (Paint.IRIS_LEFT, Paint.IRIS_RIGHT, Paint.HAIR, Paint.BROWS, Paint.TOP):
        assert difference(found[paint], recolourer.colours[paint]) < 2, paint
