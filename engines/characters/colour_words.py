"""Colours as people write and say them: `#rrggbb`, and "dark violet"."""

from __future__ import annotations

import colorsys
import re

from engines.errors import CharacterError

#: Hue in degrees up to which each word holds.
_HUES = (
    (15, "red"), (43, "orange"), (66, "yellow"), (158, "green"), (195, "teal"), (252, "blue"), (292, "violet"),
    (343, "pink"), (360, "red"),
)  # fmt: skip
#: Below this chroma (the largest channel minus the smallest) a colour has no hue.
_GREY = 0.07
#: Orange and red that are less light than this are called brown.
_BROWN = 0.56
_DARK, _PALE = 0.3, 0.75


def hex_of(rgb: tuple[float, float, float]) -> str:
    """Return `#rrggbb` of sRGB 0..1."""
    return "#" + "".join(f"{round(min(max(value, 0.0), 1.0) * 255):02x}" for value in rgb)


def rgb_of(text: str) -> tuple[float, float, float]:
    """Return sRGB 0..1 of `#rrggbb`.

    Raises:
        CharacterError: it is no such text.
    """
    if not re.fullmatch(r"#?[0-9a-fA-F]{6}", text.strip()):
        raise CharacterError(f"colour {text!r}: expected #rrggbb, such as #3a4b5c")
    red, green, blue = bytes.fromhex(text.strip().removeprefix("#"))
    return red / 255, green / 255, blue / 255


def word_of(text: str) -> str:
    """Return what a person calls the colour `#rrggbb`."""
    rgb = rgb_of(text)
    hue, lightness, _ = colorsys.rgb_to_hls(*rgb)
    if max(rgb) - min(rgb) < _GREY:
        return next(word for most, word in ((0.16, "black"), (0.4, "dark grey"), (0.8, "grey"), (0.93, "light grey"),
                                            (2.0, "white")) if lightness < most)  # fmt: skip
    word = next(word for most, word in _HUES if hue * 360 <= most)
    if word in {"orange", "red"} and lightness < _BROWN and max(rgb) - min(rgb) < 0.5:
        word = "brown"
    prefix = "dark " if lightness < _DARK else "pale " if lightness > _PALE else ""
    return prefix + word
