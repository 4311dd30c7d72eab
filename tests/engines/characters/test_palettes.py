"""Palettes as users and files write them."""

from __future__ import annotations

import numpy as np
import pytest

from engines.characters.palettes import hex_lab, lab_hex, palette_hex, parse_palette
from engines.errors import CharacterError
from engines.studio.paint import Paint
from engines.studio.palette import PALETTE, Palette


@pytest.mark.parametrize("text", ["#000000", "#ffffff", "#8a2be2", "#f5deb3"])
def test_lab_and_back(text: str) -> None:
    """Colours that a screen shows come back the same."""
    assert lab_hex(hex_lab(text)) == text


def test_iris_means_both() -> None:
    """One word dyes both eyes."""
    said = parse_palette("hair=#aa3344, iris=#3366cc")
    assert set(said) == {Paint.HAIR, Paint.IRIS_LEFT, Paint.IRIS_RIGHT}
    assert parse_palette("") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [("hair", "is not name=#rrggbb"), ("tail=#000000", "nothing is called 'tail'"), ("hair=red", "expected #rrggbb"),
     ("nothing=#000000", "nothing is called")],
)  # fmt: skip
def test_bad_palette_is_refused(text: str, message: str) -> None:
    """The message says what is wrong with which item."""
    with pytest.raises(CharacterError, match=message):
        parse_palette(text)


def test_absent_colours_are_left_out() -> None:
    """A character without a scarf has no scarf's colour."""
    present = np.zeros(len(PALETTE), bool)
    present[0] = True
    lab = np.zeros((len(PALETTE), 3), np.float32)
    lab[0] = hex_lab("#102030")
    assert palette_hex(Palette(lab=lab, present=present)) == {"hair": "#102030"}
