"""Frechet distance between two sets of pictures, on the features of our own regressor.

It is not the FID of the literature, whose features are Inception's: figures compare with one another under one
regressor, and with nothing else.

Source: M. Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", 2017.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

#: Fewer pictures than this have no distribution to speak of.
LEAST_PICTURES = 16


def frechet_distance(one: F32, other: F32) -> float:
    """Return the distance of two Gaussians fitted to features, (N, F) and (M, F); 0 for the same; NaN for too few.

    The trace of the product's root is taken through symmetric matrices, which stay real where features are fewer than
    pictures; `scipy.linalg.sqrtm` is its oracle.
    """
    if min(len(one), len(other)) < LEAST_PICTURES:
        return float("nan")
    first, second = _covariance(one), _covariance(other)
    root = _root(first)
    middle = eigh(root @ second @ root, eigvals_only=True)
    mean = np.square(one.mean(axis=0, dtype=np.float64) - other.mean(axis=0, dtype=np.float64)).sum()
    trace = np.trace(first) + np.trace(second) - 2 * np.sqrt(np.maximum(middle, 0)).sum()
    return max(0.0, float(mean + trace))


def halves(groups: list[str]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the rows of two halves, (a, b), in which every group (a character) has as many pictures, give or take one.

    Args:
        groups: which group each row is of.
    """
    seen: dict[str, int] = {}
    turn = np.empty(len(groups), np.intp)
    for row, group in enumerate(groups):
        turn[row] = seen[group] = seen.get(group, -1) + 1
    return np.flatnonzero(turn % 2 == 0), np.flatnonzero(turn % 2 == 1)


def across_halves(generated: F32, renders: F32, groups: list[str]) -> float:
    """Return the mean distance of generated pictures to renders of *other* poses, so that a pose never meets itself.

    With the renders themselves as the generated ones it is the floor: what two samples of one distribution differ by.

    Args:
        generated: (N, F).
        renders: (N, F), of the same poses.
        groups: as for :func:`halves`.
    """
    a, b = halves(groups)
    return (frechet_distance(generated[a], renders[b]) + frechet_distance(generated[b], renders[a])) / 2


def _covariance(features: F32) -> F64:
    return np.asarray(np.atleast_2d(np.cov(features.astype(np.float64), rowvar=False)), np.float64)


def _root(matrix: F64) -> F64:
    values, vectors = eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T, np.float64)
