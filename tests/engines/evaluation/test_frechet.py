"""The Frechet distance: against SciPy's root, symmetric, and with a floor."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.linalg import sqrtm

from engines.evaluation.frechet import across_halves, frechet_distance, halves

F32 = npt.NDArray[np.float32]


def features(count: int, shift: float = 0.0, seed: int = 0) -> F32:
    """Return normally distributed features, (count, 6)."""
    return (np.random.default_rng(seed).normal(size=(count, 6)) + shift).astype(np.float32)


def test_distance_agrees_with_the_root_of_the_product() -> None:
    """The formula as the paper writes it."""
    one, other = features(80), features(60, 0.3, 1) * np.array([1, 2, 1, 0.5, 1, 1], np.float32)
    first, second = (np.cov(each.astype(np.float64), rowvar=False) for each in (one, other))
    mean = np.square(one.mean(axis=0, dtype=np.float64) - other.mean(axis=0, dtype=np.float64)).sum()
    slow = mean + np.trace(first + second - 2 * np.real(sqrtm(first @ second)))
    assert frechet_distance(one, other) == pytest.approx(slow, rel=1e-6)
    assert frechet_distance(other, one) == pytest.approx(slow, rel=1e-6)


def test_distance_of_the_same_pictures_is_none() -> None:
    """Also where there are fewer pictures than features."""
    one = np.random.default_rng(2).normal(size=(20, 64)).astype(np.float32)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-6)


def test_distance_of_few_pictures_is_unknown() -> None:
    """A handful has no distribution."""
    assert np.isnan(frechet_distance(features(5), features(80)))


def test_halves_share_every_group() -> None:
    """Every character is in both, as often."""
    groups = ["a"] * 4 + ["b"] * 6
    a, b = halves(groups)
    assert sorted([*a, *b]) == list(range(10))
    assert [sum(groups[row] == name for row in a) for name in "ab"] == [2, 3]


def test_renders_against_their_other_half_are_the_floor() -> None:
    """Pictures of another distribution are further away than two halves of one."""
    groups = ["a"] * 200
    renders, others = features(200), features(200, 1.0, 3)
    assert across_halves(others, renders, groups) > 3 * across_halves(renders, renders, groups)
