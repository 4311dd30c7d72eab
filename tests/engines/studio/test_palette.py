"""Palettes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.studio.avatar import Avatar
from engines.studio.colour import difference, to_lab
from engines.studio.paint import Paint
from engines.studio.palette import PALETTE, Palette, palette_distances, palette_of
from tests.fakes import painted as fake


def test_palette_of_the_painted_figure_has_its_colours(boxes: Avatar) -> None:
    """Hair, skin and top are as painted, up to the painted shading."""
    palette = palette_of(fake.painted(boxes))
    for paint, rgb in ((Paint.HAIR, fake.BROWN), (Paint.SKIN, fake.SKIN), (Paint.IRIS_LEFT, fake.IRIS)):
        colour = palette.colour(paint)
        assert colour is not None
        assert difference(colour, to_lab(np.array(rgb) / 255)) < 6
    assert palette.lab.dtype == np.float32


def test_palette_marks_what_is_absent(boxes: Avatar) -> None:
    """The figure wears no shoes."""
    palette = palette_of(fake.painted(boxes))
    assert palette.colour(Paint.SHOES) is None
    assert not palette.lab[PALETTE.index(Paint.SHOES)].any()


def test_palette_takes_the_materials_colour_into_account(boxes: Avatar) -> None:
    """A factor of a half darkens the hair."""
    avatar = fake.painted(boxes)
    materials = list(avatar.materials)
    materials[2] = replace(materials[2], lit_colour=(0.5, 0.5, 0.5, 1.0))
    bright, dark = palette_of(avatar), palette_of(replace(avatar, materials=tuple(materials)))
    assert dark.lab[0, 0] < bright.lab[0, 0] - 10


def test_distances_count_what_both_have() -> None:
    """A garment that only one wears does not count; equal palettes are 0 apart."""
    rows = len(PALETTE)
    lab = np.full((rows, 3), 50, np.float32)
    other = lab.copy()
    other[0, 0] = 80
    one = Palette(lab=lab, present=np.ones(rows, bool))
    two = Palette(lab=other, present=np.arange(rows) < 2)
    (largest, mean), (same, _) = palette_distances(one, [two, one])
    assert largest > 20
    assert mean == pytest.approx(largest / 2)
    assert same == 0


def test_a_palette_of_another_shape_is_refused() -> None:
    """Rows are those of PALETTE."""
    with pytest.raises(ValueError, match="palette: got"):
        Palette(lab=np.zeros((3, 3), np.float32), present=np.zeros(3, bool))
