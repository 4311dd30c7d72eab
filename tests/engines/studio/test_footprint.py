"""Footprints: triangles drawn into texture space."""

from __future__ import annotations

import numpy as np

from engines.studio.footprint import MARGIN_TEXELS, footprint

_QUAD = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def _square(left: float, right: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array([[left, 0.25], [right, 0.25], [right, 0.75], [left, 0.75]], np.float32)


def test_footprint_of_a_square_covers_it_and_a_margin() -> None:
    """The square's texels have its label, those beyond the margin none."""
    labels = footprint(_square(0.25, 0.5), _QUAD, np.array([3, 3], np.uint8), 64, 64)
    assert (labels[16:48, 16:32] == 3).all()
    assert (labels[: 16 - MARGIN_TEXELS - 1] == 0).all()
    assert labels[16 - MARGIN_TEXELS + 1, 20] == 3


def test_footprint_beyond_the_texture_repeats() -> None:
    """Coordinates above 1 lie where the texture repeats."""
    one = footprint(_square(0.25, 0.5), _QUAD, np.array([1, 1], np.uint8), 32, 32)
    two = footprint(_square(0.25, 0.5) + np.float32(2), _QUAD, np.array([1, 1], np.uint8), 32, 32)
    np.testing.assert_array_equal(one, two)


def test_margin_never_covers_a_neighbour() -> None:
    """Where two footprints meet, each keeps its own texels."""
    uvs = np.concatenate([_square(0.25, 0.5), _square(0.5, 0.75)])
    triangles = np.concatenate([_QUAD, _QUAD + 4]).astype(np.int32)
    labels = footprint(uvs, triangles, np.array([1, 1, 9, 9], np.uint8), 64, 64)
    assert (labels[20:40, 17:31] == 1).all()
    assert (labels[20:40, 33:47] == 9).all()
