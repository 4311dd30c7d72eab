"""Paints: what has a colour of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engines.studio.avatar import Avatar
from engines.studio.paint import Paint, paints_of
from engines.studio.parts import parts_of
from tests.fakes import painted as fake


def test_irises_are_painted_by_the_subjects_side(boxes: Avatar) -> None:
    """The iris at +X is the left one."""
    avatar = fake.painted(boxes)
    paints = paints_of(avatar, parts_of(avatar))
    assert (paints[fake.triangles_of(fake.LEFT_EYE)] == Paint.IRIS_LEFT).all()
    assert (paints[fake.triangles_of(fake.RIGHT_EYE)] == Paint.IRIS_RIGHT).all()


def test_hands_and_face_share_one_paint(boxes: Avatar) -> None:
    """Skin is dyed as one."""
    avatar = fake.painted(boxes)
    paints = paints_of(avatar, parts_of(avatar))
    assert (paints[fake.triangles_of(fake.FACE)] == Paint.SKIN).all()
    assert (paints[fake.triangles_of(fake.LEFT_HAND)] == Paint.SKIN).all()


def test_accessories_keep_their_colour(boxes: Avatar) -> None:
    """Glasses have no paint."""
    avatar = fake.painted(boxes)
    assert (paints_of(avatar, parts_of(avatar))[fake.triangles_of(fake.GLASSES)] == Paint.NOTHING).all()


def test_a_scarf_over_a_coat_is_an_extra(real_avatar: Callable[[str], Avatar]) -> None:
    """Gene's dark scarf and white coat are one material, and two garments."""
    avatar = real_avatar("gene")
    paints = paints_of(avatar, parts_of(avatar))
    assert (paints == Paint.TOP).sum() > 1000
    assert (paints == Paint.EXTRA).sum() > 1000


def test_vest_shirt_tie_and_trousers_are_four_garments(real_avatar: Callable[[str], Avatar]) -> None:
    """Unity-kun wears one of each."""
    avatar = real_avatar("unitykun")
    found = set(np.unique(paints_of(avatar, parts_of(avatar))).tolist())
    assert {Paint.TOP, Paint.EXTRA, Paint.NECKWEAR, Paint.BOTTOM, Paint.SHOES} <= found
