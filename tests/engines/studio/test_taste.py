"""Which colours go together."""

from __future__ import annotations

import numpy as np

from engines.studio.colour import lab_of_lch
from engines.studio.paint import Paint
from engines.studio.palette import PALETTE
from engines.studio.taste import sample_colours, sample_skin, ugly


def test_sampled_colours_are_not_ugly() -> None:
    """Of two hundred draws with everything present, nearly all pass the rules."""
    rng = np.random.default_rng(4)
    draws = [sample_colours(rng, PALETTE, {}) for _ in range(200)]
    bad = [ugly({paint: np.array(lab, np.float32) for paint, lab in draw.items()}) for draw in draws]
    assert sum(map(bool, bad)) <= 2


def test_only_what_is_present_is_drawn() -> None:
    """A character without clothes of its own gets none."""
    drawn = sample_colours(np.random.default_rng(0), {Paint.HAIR, Paint.SKIN}, {})
    assert set(drawn) == {Paint.HAIR, Paint.SKIN}


def test_skin_runs_from_fair_to_deep_brown() -> None:
    """All of the line occurs, and its hue stays that of skin."""
    rng = np.random.default_rng(1)
    skins = np.array([sample_skin(rng) for _ in range(400)])
    assert skins[:, 0].min() < 50
    assert skins[:, 0].max() > 88
    hue = np.degrees(np.arctan2(skins[:, 2], skins[:, 1]))
    assert hue.min() > 35
    assert hue.max() < 80


def test_hair_of_the_skins_colour_is_ugly_and_says_why() -> None:
    """The reason names both."""
    colour = np.array(lab_of_lch(70, 25, 62), np.float32)
    assert ugly({Paint.HAIR: colour, Paint.SKIN: colour + 2}) == "hair is too near to skin"


def test_an_olive_brown_top_is_mud() -> None:
    """Cloth of that hue and lightness is not drawn."""
    assert "mud" in ugly({Paint.TOP: np.array(lab_of_lch(40, 30, 95), np.float32)})
