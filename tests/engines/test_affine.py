"""Affine maps: composition, inverse, and the box that a map's preimage spans."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engines import affine

_NUMBER = st.floats(-3, 3, width=32)
_MAPS = st.tuples(*[_NUMBER] * 6).map(lambda v: np.array(v, np.float32).reshape(2, 3))
_INVERTIBLE = _MAPS.filter(lambda m: abs(m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0]) > 0.2)


@given(_INVERTIBLE)
def test_inverse_undoes_the_map(matrix: affine.F32) -> None:
    """A map after its inverse leaves everything where it was."""
    assert np.allclose(affine.compose(matrix, affine.inverse(matrix)), [[1, 0, 0], [0, 1, 0]], atol=2e-4)


@given(_MAPS, _MAPS)
def test_composed_map_applies_the_second_argument_first(after: affine.F32, before: affine.F32) -> None:
    """Composition is application in turn."""
    points = np.array([[0.1, 0.9], [-1.0, 2.0]])
    expected = affine.apply(after, affine.apply(before, points))
    assert np.allclose(affine.apply(affine.compose(after, before), points), expected, atol=1e-3)


def test_box_of_the_identity_is_the_whole_picture() -> None:
    """The unit square of the identity is the picture."""
    identity = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    assert affine.box_of_unit_square(identity, 64) == (slice(0, 64), slice(0, 64))


def test_box_outside_the_picture_is_empty() -> None:
    """A unit square beside the picture spans nothing."""
    beside = np.array([[1, 0, -2], [0, 1, 0]], np.float32)
    rows, columns = affine.box_of_unit_square(beside, 64)
    assert rows == slice(0, 64)
    assert columns.start == columns.stop
