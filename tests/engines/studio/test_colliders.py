"""Spheres, capsules, their insides and planes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from engines.errors import AvatarError
from engines.studio.colliders import Side, distances, finite, triple

ORIGIN = np.zeros((1, 3))
UP = np.array([[0.0, 1.0, 0.0]])


def _one(point: list[float], end: npt.NDArray[np.float64], side: Side, reach: float) -> tuple[float, list[float]]:
    distance, away = distances(np.array([point]), ORIGIN, end, np.array([side]), np.array([reach]))
    return float(distance[0]), [round(float(value), 6) for value in away[0]]


def test_distances_of_a_sphere() -> None:
    """Within its reach the distance is negative, and the way out leads from its centre."""
    assert _one([0.5, 0, 0], ORIGIN, Side.OUTSIDE, 2.0) == (-1.5, [1, 0, 0])


def test_distances_of_a_capsule() -> None:
    """A capsule counts from its nearest point: an end, or the shaft."""
    assert _one([0.5, 0.4, 0], UP, Side.OUTSIDE, 1.0) == (-0.5, [1, 0, 0])
    assert _one([0, 1.5, 0], UP, Side.OUTSIDE, 1.0) == (-0.5, [0, 1, 0])
    assert _one([0, -3, 0], UP, Side.OUTSIDE, 1.0) == (2.0, [0, -1, 0])


def test_distances_of_insides_lead_inwards() -> None:
    """Whoever must stay inside has entered once beyond the reach, and goes back to the middle."""
    assert _one([3, 0, 0], ORIGIN.copy(), Side.INSIDE, 2.0) == (-1.0, [-1, 0, 0])
    assert _one([1, 0.5, 0], UP, Side.INSIDE, 2.0) == (1.0, [-1, 0, 0])


def test_distances_of_a_plane() -> None:
    """A plane has no ends: all that lies below is within."""
    assert _one([5, -1, 2], UP, Side.ABOVE, 0.1) == (-1.1, [0, 1, 0])
    assert _one([5, 7, 2], UP, Side.ABOVE, 0.1) == (6.9, [0, 1, 0])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", None, True])
def test_finite_other_things_are_refused(value: object) -> None:
    """What is no finite number is named, with its place in the file."""
    with pytest.raises(AvatarError, match=r"spring 3, stiffness: got .*, expected a finite number"):
        finite(value, "spring 3, stiffness")


def test_triple_reads_both_generations() -> None:
    """Three numbers may be a list or an object, whose absent axes are 0."""
    assert triple({"x": 1, "z": 3}, "offset", (0.0, 0.0, 0.0)) == (1.0, 0.0, 3.0)
    assert triple([1, 2, 3], "offset", (0.0, 0.0, 0.0)) == (1.0, 2.0, 3.0)
    assert triple(None, "offset", (0.0, -1.0, 0.0)) == (0.0, -1.0, 0.0)
    with pytest.raises(AvatarError, match="offset: got 2 numbers, expected 3"):
        triple([1, 2], "offset", (0.0, 0.0, 0.0))
