"""Contact sheets are what they are made of, side by side."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch

from engines.training.contact_sheet import sheet, tiles


def test_tiles_of_transparent_pictures_show_the_background() -> None:
    """Premultiplied colour is laid over it; what is opaque hides it."""
    pictures = torch.zeros(1, 4, 1, 3)
    pictures[0, :, 0, 1] = torch.tensor([1.0, 0.5, 0.0, 1.0])
    pictures[0, :, 0, 2] = torch.tensor([0.5, 0.0, 0.0, 0.5])
    (tile,) = tiles(pictures, background=(100, 200, 50))
    assert tile.tolist() == [[[100, 200, 50], [255, 128, 0], [178, 100, 25]]]


def test_tiles_cut_off_what_no_screen_shows() -> None:
    """Networks may leave 0..1."""
    (tile,) = tiles(torch.tensor([-3.0, 0.5, 7.0]).view(1, 3, 1, 1))
    assert tile.tolist() == [[[0, 128, 255]]]


def test_sheet_puts_rows_below_each_other() -> None:
    """Tiles keep their pixels, gaps and missing tiles are white."""
    red, blue = np.full((2, 3, 3), (255, 0, 0), np.uint8), np.full((2, 3, 3), (0, 0, 255), np.uint8)
    whole = sheet([[red, blue], [blue]], gap_px=1)
    assert whole.shape == (5, 7, 3)
    assert (whole[:2, :3] == red).all()
    assert (whole[:2, 4:] == blue).all()
    assert (whole[3:, :3] == blue).all()
    assert (whole[3:, 4:] == 255).all()
    assert (whole[2] == 255).all()


def test_sheet_of_unequal_tiles_is_refused() -> None:
    """Tiles of different sizes have no common grid."""
    with pytest.raises(ValueError, match="expected one"):
        sheet([[np.zeros((2, 2, 3), np.uint8), np.zeros((3, 2, 3), np.uint8)]])
    with pytest.raises(ValueError, match="3 or 4"):
        tiles(torch.zeros(1, 2, 4, 4))
