"""Colours read from a picture's regions, and how far they are from the palette."""

from __future__ import annotations

import numpy as np
import pytest

from engines.evaluation.palette_error import palette_error
from engines.evaluation.region_colours import at_label_size, colour_cells, colours
from engines.studio.colour import to_lab
from engines.studio.labels import LABEL_PX
from engines.studio.paint import Paint
from engines.studio.palette import PALETTE
from engines.studio.part_names import Part
from tests.fakes.labelled import labelled_picture

HAIR, TOP, BOTTOM = (200, 40, 60), (250, 250, 245), (20, 30, 90)


def test_colours_of_flat_areas_are_found_and_agree_with_their_palette() -> None:
    """Hair, and two garments that only their colours tell apart."""
    parts = np.zeros((LABEL_PX, LABEL_PX), np.uint8)
    picture = np.zeros((LABEL_PX, LABEL_PX, 3), np.uint8)
    palette = np.full((len(PALETTE), 3), np.nan, np.float32)
    areas = ((Part.HAIR, Paint.HAIR, HAIR), (Part.CLOTHES, Paint.TOP, TOP), (Part.CLOTHES, Paint.BOTTOM, BOTTOM))
    for number, (part, paint, colour) in enumerate(areas):
        rows = slice(60 * number, 60 * number + 40)
        parts[rows], picture[rows] = part, colour
        palette[PALETTE.index(paint)] = to_lab(np.array(colour) / 255)
    sample = labelled_picture(parts, palette=palette)
    cells = colour_cells(sample, picture)
    assert set(cells) == {Paint.HAIR, Paint.TOP, Paint.BOTTOM}
    shown = colours(picture, cells)
    assert palette_error(shown[None], palette[None])["all"] == pytest.approx(0, abs=1e-3)
    picture[:40] = (40, 200, 60)
    wrong = palette_error(colours(picture, cells)[None], palette[None])
    assert wrong["hair"] > 30
    assert wrong["top"] == pytest.approx(0, abs=1e-3)
    assert "skin" not in wrong


def test_an_iris_is_named_by_its_colourful_half() -> None:
    """The pupil's black and the highlight's white are left out."""
    parts = np.zeros((LABEL_PX, LABEL_PX), np.uint8)
    parts[:8, 200:] = Part.IRIS
    picture = np.full((LABEL_PX, LABEL_PX, 3), 10, np.uint8)
    picture[:5] = (30, 90, 220)
    cells = colour_cells(labelled_picture(parts), picture)
    assert set(cells) == {Paint.IRIS_LEFT}  # the subject's left is the picture's right
    shown = colours(picture, cells)[PALETTE.index(Paint.IRIS_LEFT)]
    assert shown == pytest.approx(to_lab(np.array((30, 90, 220)) / 255), abs=1e-3)


def test_no_colour_in_common_has_no_error() -> None:
    """Unknown, not zero."""
    nothing = np.full((2, len(PALETTE), 3), np.nan, np.float32)
    assert np.isnan(palette_error(nothing, nothing)["all"])


def test_pictures_come_to_the_labels_size() -> None:
    """Averaged down or enlarged; others are refused."""
    assert at_label_size(np.zeros((512, 512, 4), np.uint8)).shape == (LABEL_PX, LABEL_PX, 4)
    assert at_label_size(np.zeros((64, 64, 4), np.uint8)).shape == (LABEL_PX, LABEL_PX, 4)
    with pytest.raises(ValueError, match="got shape"):
        colours(np.zeros((64, 64, 3), np.uint8), {})
