"""Tests of contact sheets."""

from __future__ import annotations

import numpy as np

from scripts.contact_sheet import BACKGROUND, TILE_PX, sheet


def test_sheet_puts_tiles_in_rows_and_a_tiles_pictures_below_each_other() -> None:
    """Three tiles in two columns make two rows; each has room for its tallest tile and a caption."""
    red = np.full((64, 64, 4), (255, 0, 0, 255), np.uint8)
    nothing = np.zeros((64, 64, 4), np.uint8)
    picture = sheet([("one", [red, nothing]), ("two", [red]), ("three", [red])], columns=2)
    height, width, _ = picture.shape
    assert width == 2 * TILE_PX
    caption = height // 2 - 2 * TILE_PX
    assert 0 < caption < TILE_PX // 4
    assert picture[caption + TILE_PX // 2, TILE_PX // 2].tolist() == [255, 0, 0]
    assert picture[caption + TILE_PX + TILE_PX // 2, TILE_PX // 2].tolist() == list(BACKGROUND)
