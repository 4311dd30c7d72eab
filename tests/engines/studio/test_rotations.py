"""Rotations of many joints at once."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from engines.studio.rotations import mixed, part_of, swings, unit


def test_swings_turn_start_to_end() -> None:
    """Each matrix is a rotation that brings its start to its end, opposite directions included."""
    rng = np.random.default_rng(1)
    start, end = unit(rng.normal(size=(100, 3))), unit(rng.normal(size=(100, 3)))
    end[0], end[1] = -start[0], start[1]
    turns = swings(start, end)
    np.testing.assert_allclose(np.einsum("nij,nj->ni", turns, start), end, atol=1e-7)
    np.testing.assert_allclose(turns @ turns.transpose(0, 2, 1), np.tile(np.eye(3), (100, 1, 1)), atol=1e-7)
    np.testing.assert_allclose(np.linalg.det(turns), 1.0)
    np.testing.assert_allclose(turns[1], np.eye(3), atol=1e-12)


def test_part_of_is_slerp_from_rest() -> None:
    """A part of a rotation turns about the same axis by that part of the angle."""
    for vector in ([0.3, -0.2, 2.9], [1e-7, 0, 0], [0.4, 0.5, 0.1], [0, 0, 0], [3.0, 0.5, 0.2]):
        whole = Rotation.from_rotvec(vector).as_matrix()
        expected = Rotation.from_rotvec(np.array(vector) * 0.3).as_matrix()
        np.testing.assert_allclose(part_of(whole, 0.3), expected, atol=1e-9)


def test_mixed_lies_between() -> None:
    """Half way between two rotations of 100 degrees apart is a rotation, 50 degrees from both."""
    start = Rotation.from_rotvec([[0.2, 0.4, 0.1]]).as_matrix()
    end = start @ Rotation.from_rotvec([[0, np.radians(100), 0]]).as_matrix()
    half = mixed(start, end, 0.5)
    np.testing.assert_allclose(
        half[0], (start @ Rotation.from_rotvec([[0, np.radians(50), 0]]).as_matrix())[0], atol=1e-3
    )
    assert mixed(start, end, 1.0) is end
