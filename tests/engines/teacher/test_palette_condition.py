"""Palettes as the teacher sees them."""

from __future__ import annotations

import numpy as np
import pytest

from engines.studio.palette import PALETTE
from engines.teacher.palette_condition import PALETTE_LENGTH, palette_condition, sample_palette

_LAB = np.full((len(PALETTE), 3), np.nan, np.float32)
_LAB[0], _LAB[3] = (30.0, 24.0, -30.0), (80.0, 12.0, 18.0)


def test_condition_scales_colours_and_says_what_is_there() -> None:
    """Each row is lightness, a, b and presence; what is absent is all zero."""
    rows = palette_condition(_LAB).reshape(len(PALETTE), 4)
    assert rows[0] == pytest.approx([-0.4, 0.4, -0.5, 1.0])
    assert rows[3, 3] == 1.0
    assert not rows[[1, 2, 4, 5, 6, 7, 8]].any()


def test_condition_keeps_leading_axes_and_refuses_other_shapes() -> None:
    """A batch of palettes is a batch of conditions."""
    assert palette_condition(np.stack([_LAB, _LAB])).shape == (2, PALETTE_LENGTH)
    with pytest.raises(ValueError, match="palette"):
        palette_condition(np.zeros((3, 3)))


def test_sampled_palette_has_what_the_other_has_in_new_colours() -> None:
    """Hair and skin get colours of their own; what was absent stays so; the seed decides."""
    one, again, other = (sample_palette(np.random.default_rng(seed), _LAB) for seed in (1, 1, 2))
    assert np.array_equal(np.isnan(one), np.isnan(_LAB))
    assert np.array_equal(one, again, equal_nan=True)
    assert not np.allclose(one[0], other[0])
