"""Telling characters apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from engines.evaluation.identity_separation import separation

F32 = npt.NDArray[np.float32]
GROUPS = [name for name in "abcd" for _ in range(10)]


def renders() -> F32:
    """Return features of four characters that lie apart, (40, 3)."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(4, 3)) * 10
    return (centres.repeat(10, axis=0) + random.normal(size=(40, 3))).astype(np.float32)


def test_characters_that_look_different_are_told_apart() -> None:
    """Renders against renders of other poses."""
    assert separation(renders(), renders(), GROUPS) == 1


def test_characters_that_look_alike_are_not() -> None:
    """If everybody looks like the first, a quarter is right."""
    first = np.tile(renders()[:10], (4, 1))
    assert separation(first, renders(), GROUPS) == pytest.approx(0.25)


def test_unknown_features_are_left_out() -> None:
    """An iris behind shut lids does not hinder, and a picture that shows nothing is one of the wrong."""
    shown = renders()
    shown[::2, 0] = np.nan
    assert separation(shown, renders(), GROUPS) > 0.9
    assert separation(np.full_like(shown, np.nan), renders(), GROUPS) <= 0.25


def test_one_character_cannot_be_told_apart() -> None:
    """There is nothing to say."""
    assert np.isnan(separation(renders()[:10], renders()[:10], ["a"] * 10))
