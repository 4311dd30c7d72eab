"""What direct synthesis sees is geometry alone."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="direct synthesis needs the train extra")

import numpy as np
import torch

from engines.baseline.structure import (
    STRUCTURE_CHANNELS,
    SURFACE_CHANNELS,
    fine_structure,
    structure_of,
    structure_pyramid,
)
from engines.controls import controls
from engines.structure import CHANNELS, CharacterStructure
from tests.fakes.character import ball_character
from tests.fakes.pictures import premultiplied_fine


def test_structure_has_no_colours_of_views() -> None:
    """Other colours, and views that are trusted otherwise, change nothing."""
    maps = torch.rand(1, CHANNELS, 8, 8)
    other = maps.clone()
    other[:, :12] = torch.rand(1, 12, 8, 8)
    other[:, 16:20] = torch.rand(1, 4, 8, 8)
    assert torch.equal(structure_of(maps), structure_of(other))


def test_structure_of_other_maps_is_refused() -> None:
    """Maps with other channels are no maps of this kind."""
    with pytest.raises(AssertionError, match="channels"):
        structure_of(torch.zeros(1, CHANNELS - 1, 8, 8))


def test_fine_structure_has_the_picture_s_coverage() -> None:
    """Its first channel is the alpha of what views alone make of a character, cell by cell; the rest is repeated."""
    one = ball_character()
    maps = CharacterStructure(one.proportions, one.figure, one.sheet).structure(controls(), size=64).maps
    structure = structure_of(torch.from_numpy(maps)[None])
    assert structure.shape == (1, STRUCTURE_CHANNELS, 16, 16)
    fine = fine_structure(structure)
    assert fine.shape == (1, 2 + SURFACE_CHANNELS, 32, 32)
    np.testing.assert_array_equal(fine[0, 0].numpy(), premultiplied_fine(maps)[3])
    assert 0.05 < float(fine[0, 0].mean()) < 0.95
    assert float(fine[0, 1].max()) > 0  # there is ink
    assert torch.equal(fine[0, 2:, ::2, ::2], fine[0, 2:, 1::2, 1::2])
    np.testing.assert_array_equal(fine[0, 2:, ::2, ::2].numpy(), maps[24:])


def test_coarse_structure_is_the_fine_one_averaged() -> None:
    """The discriminators' second scale sees what the first one sees, at half its resolution."""
    fine, coarse = structure_pyramid(torch.rand(1, STRUCTURE_CHANNELS, 8, 8))
    assert torch.allclose(coarse, torch.nn.functional.avg_pool2d(fine, 2))
