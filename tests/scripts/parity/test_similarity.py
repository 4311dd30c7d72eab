"""Tests of how alike two pictures are."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.parity.similarity import GREY, over_grey, similarity


def test_over_grey_shows_grey_where_nothing_is() -> None:
    """A transparent pixel is grey whatever its colour; an opaque one keeps its colour; half lies between."""
    picture = np.array([[[255, 0, 9, 0], [10, 20, 30, 255], [0, 0, 0, 127]]], np.uint8)
    seen = over_grey(picture)
    assert seen[0, 0].tolist() == [GREY] * 3
    assert seen[0, 1].tolist() == [10, 20, 30]
    assert seen[0, 2].tolist() == pytest.approx([64] * 3, abs=1)


def test_similarity_of_a_picture_with_itself_is_one_and_falls_with_noise() -> None:
    """Noise makes pictures less alike."""
    rng = np.random.default_rng(0)
    picture = np.kron(rng.integers(0, 255, (8, 8, 3), np.uint8), np.ones((8, 8, 1), np.uint8)).astype(np.uint8)
    noisy = np.clip(picture + rng.normal(0, 25, picture.shape), 0, 255).astype(np.uint8)
    assert similarity(picture, picture) == pytest.approx(1.0)
    assert similarity(picture, noisy) < 0.95
