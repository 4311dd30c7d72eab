"""Palettes between the studio's CIELAB and what stands in a character's folder: paint -> `#rrggbb`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engines.characters.colour_words import hex_of, rgb_of
from engines.errors import CharacterError
from engines.studio.colour import Lab, to_lab, to_srgb
from engines.studio.paint import Paint
from engines.studio.palette import PALETTE, Palette

F32 = npt.NDArray[np.float32]

#: What a user may say for several paints at once.
_BOTH: dict[str, tuple[Paint, ...]] = dict.fromkeys(("iris", "eyes"), (Paint.IRIS_LEFT, Paint.IRIS_RIGHT))


def palette_hex(palette: Palette) -> dict[str, str]:
    """Return a palette as paint's name -> `#rrggbb`, without what is absent."""
    return {
        paint.name.lower(): lab_hex(lab)
        for paint, lab, present in zip(PALETTE, palette.lab, palette.present, strict=True)
        if present
    }


def lab_hex(lab: npt.ArrayLike) -> str:
    """Return `#rrggbb` of CIELAB, (3,)."""
    red, green, blue = to_srgb(np.asarray(lab, np.float32).reshape(1, 3))[0].tolist()
    return hex_of((red, green, blue))


def hex_lab(text: str) -> Lab:
    """Return CIELAB of `#rrggbb`.

    Raises:
        CharacterError: it is no such text.
    """
    lightness, a, b = to_lab(np.array([rgb_of(text)], np.float32))[0].tolist()
    return lightness, a, b


def paints_said(said: Mapping[str, str]) -> dict[Paint, Lab]:
    """Return what a user wrote, such as ``{"hair": "#aa3344", "iris": "#3366cc"}``, as paint -> CIELAB.

    Raises:
        CharacterError: nothing is called so, or it is no colour.
    """
    found: dict[Paint, Lab] = {}
    for name, text in said.items():
        lab = hex_lab(text)
        for paint in _BOTH.get(name) or (_paint(name),):
            found[paint] = lab
    return found


def parse_palette(text: str) -> dict[Paint, Lab]:
    """Return ``hair=#aa3344,iris=#3366cc`` as paint -> CIELAB.

    Raises:
        CharacterError: it does not read so.
    """
    said: dict[str, str] = {}
    for item in filter(None, (item.strip() for item in text.split(","))):
        name, equals, colour = item.partition("=")
        if not equals:
            raise CharacterError(f"--palette: {item!r} is not name=#rrggbb, such as hair=#aa3344")
        said[name.strip().lower()] = colour
    return paints_said(said)


def _paint(name: str) -> Paint:
    try:
        paint = Paint[name.upper()]
    except KeyError:
        paint = Paint.NOTHING
    if paint is Paint.NOTHING:
        known = ", ".join(["iris", *(one.name.lower() for one in Paint if one is not Paint.NOTHING)])
        raise CharacterError(f"palette: nothing is called {name!r}; there are {known}")
    return paint
