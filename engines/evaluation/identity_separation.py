"""Whether characters can be told apart in generated pictures, as well as in renders."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.evaluation.frechet import halves

F32 = npt.NDArray[np.float32]


def separation(pictures: F32, renders: F32, groups: list[str]) -> float:
    """Return the part of pictures, 0..1, that are nearest to their own character among the renders' means.

    A picture is compared with means over renders of other poses (the other half of the rows), by the mean squared
    difference of the features that both have, each in its standard deviations.  NaN for fewer than two characters with
    two pictures each.

    Args:
        pictures: (N, F), features of generated pictures, or of the renders themselves; NaN where one is not known.
        renders: (N, F), the same of the renders.
        groups: the character of each row.
    """
    names = sorted({name for name in groups if groups.count(name) > 1})
    if len(names) < 2:
        return float("nan")
    spread = np.sqrt(np.nanvar(renders, axis=0)) + 1e-6
    own = np.array([names.index(name) if name in names else -1 for name in groups])
    right = total = 0
    for half, known in (rows := halves(groups), rows[::-1]):
        asked = half[own[half] >= 0]
        means = np.stack([_mean(renders[known[own[known] == number]]) for number in range(len(names))])
        apart = np.square((pictures[asked][:, None] - means) / spread)  # (n, characters, F)
        both = ~np.isnan(apart)
        distance = np.where(both, apart, 0).sum(axis=2) / np.maximum(both.sum(axis=2), 1)
        distance = np.where(both.any(axis=2), distance, np.inf)
        right += int((distance.argmin(axis=1) == own[asked]).sum())
        total += len(asked)
    return right / total


def _mean(rows: F32) -> F32:
    """Return the mean of what is known of each column; NaN where nothing is."""
    known = ~np.isnan(rows)
    count = known.sum(axis=0)
    mean = np.where(known, rows, 0).sum(axis=0) / np.maximum(count, 1)
    return np.asarray(np.where(count > 0, mean, np.nan), np.float32)
