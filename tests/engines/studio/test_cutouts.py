"""Which triangles have holes."""

from __future__ import annotations

import numpy as np

from engines.studio.cutouts import triangles_with_holes


def _corners(left: float, top: float, size: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array([[[left, top], [left + size, top], [left, top + size]]], np.float32)


def test_triangles_with_holes_finds_those_over_and_near_transparent_texels() -> None:
    """On a picture whose right half is transparent, only triangles well inside the left half have no holes."""
    picture = np.full((256, 256, 4), 255, np.uint8)
    picture[:, 128:, 3] = 100
    places = {0.2: False, 0.35: False, 0.42: True, 0.6: True, 0.8: True}
    for left, expected in places.items():
        assert triangles_with_holes(picture, _corners(left, 0.4, 0.05), 0.5).tolist() == [expected]
    assert not triangles_with_holes(picture, _corners(0.6, 0.4, 0.05), 0.3).any()


def test_triangles_with_holes_takes_whole_tiles_apart_from_borders() -> None:
    """A repeated texture is looked at where it really is; what reaches over its border counts as having holes."""
    picture = np.full((256, 256, 4), 255, np.uint8)
    picture[:, 128:, 3] = 0
    assert not triangles_with_holes(picture, _corners(3.2, -1.6, 0.05), 0.5).any()
    assert triangles_with_holes(picture, _corners(3.98, 0.4, 0.05), 0.5).all()


def test_triangles_with_holes_of_an_opaque_picture_are_none() -> None:
    """Nothing is searched where nothing is transparent, wherever the triangles lie."""
    picture = np.full((8, 8, 4), 255, np.uint8)
    assert triangles_with_holes(picture, _corners(-0.5, -0.5, 9.0), 0.5).tolist() == [False]
