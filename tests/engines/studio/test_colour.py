"""Colours: CIELAB and back, CIEDE2000."""

from __future__ import annotations

import numpy as np
import pytest

from engines.studio.colour import difference, lab_of_lch, to_lab, to_srgb


def test_srgb_through_lab_and_back_is_unchanged() -> None:
    """Every colour comes back to within half a step of eight bits."""
    colours = np.random.default_rng(0).random((500, 3)).astype(np.float32)
    np.testing.assert_allclose(to_srgb(to_lab(colours)), colours, atol=1 / 510)


def test_white_has_full_lightness_and_no_chroma() -> None:
    """White is (100, 0, 0)."""
    np.testing.assert_allclose(to_lab([1.0, 1.0, 1.0]), [100, 0, 0], atol=0.01)


def test_a_colour_that_no_screen_shows_keeps_lightness_and_hue() -> None:
    """What is out of the gamut loses chroma only."""
    wanted = np.array(lab_of_lch(50, 140, 140), np.float32)
    shown = to_lab(to_srgb(wanted))
    assert shown[0] == pytest.approx(50, abs=1)
    assert np.degrees(np.arctan2(shown[2], shown[1])) == pytest.approx(140, abs=2)
    assert np.hypot(shown[1], shown[2]) < 100


def test_difference_agrees_with_the_published_table() -> None:
    """Pairs 1 and 7 of Sharma's supplementary data."""
    one = np.array([[50, 2.6772, -79.7751], [50, 0, 0]])
    other = np.array([[50, 0, -82.7485], [50, -1, 2]])
    np.testing.assert_allclose(difference(one, other), [2.0425, 2.3669], atol=1e-4)


def test_difference_of_one_to_many_is_one_each() -> None:
    """One colour is compared with each of several."""
    assert difference(np.zeros((4, 3)), [0, 0, 0]).shape == (4,)


def test_lab_of_something_else_than_colours_is_refused() -> None:
    """The last axis must be three."""
    with pytest.raises(ValueError, match=r"expected \(\.\.\., 3\)"):
        to_lab(np.zeros((4, 4)))
