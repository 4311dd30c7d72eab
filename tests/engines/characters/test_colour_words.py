"""Colours as text."""

from __future__ import annotations

import pytest

from engines.characters.colour_words import hex_of, rgb_of, word_of
from engines.errors import CharacterError


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("#101012", "black"), ("#fafafa", "white"), ("#808284", "grey"), ("#d02030", "red"), ("#5a3a22", "dark brown"),
        ("#f0c8b0", "pale orange"), ("#30a050", "green"), ("#3050d0", "blue"), ("#8040c0", "violet"),
        ("#f080b0", "pink"), ("#20a0a0", "teal"), ("#16264a", "dark blue"),
    ],
)  # fmt: skip
def test_colour_has_the_word_that_people_use(text: str, word: str) -> None:
    """Hue, lightness and greyness decide."""
    assert word_of(text) == word


def test_hex_and_back() -> None:
    """What is written reads back."""
    assert hex_of(rgb_of("#0aFf80")) == "#0aff80"
    assert rgb_of("ffffff") == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("text", ["", "red", "#12345", "#1234567", "#gg0000"])
def test_no_colour_is_refused(text: str) -> None:
    """The message says how one is written."""
    with pytest.raises(CharacterError, match="expected #rrggbb"):
        rgb_of(text)
