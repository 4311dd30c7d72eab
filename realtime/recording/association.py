"""Who is who from frame to frame, where an estimator lists people without ids: the nearest is the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from realtime.recording.keypoints import F64

#: A person moves between frames by less than this share of their own height in the picture.
_REACH = 0.6
#: Somebody who was not seen for this long has left.
_GONE_S = 1.0


@dataclass(slots=True)
class _Known:
    person_id: int
    middle: F64
    height: float
    seen_s: float


class Association:
    """Gives people ids, counted from 1, by where they stand."""

    def __init__(self) -> None:
        self._known: list[_Known] = []
        self._next_id = 1

    def __call__(self, people: Sequence[F64], time_s: float) -> list[int]:
        """Return an id for each person.

        Args:
            people: each float64 (N, 2), N > 0: the points that were seen of them, pixels.
            time_s: when, seconds, later than before.
        """
        self._known = [known for known in self._known if time_s - known.seen_s <= _GONE_S]
        middles = [np.median(points, axis=0) for points in people]
        heights = [max(float(np.ptp(points, axis=0).max()), 1.0) for points in people]
        cost = np.array(
            [
                [float(np.linalg.norm(middle - known.middle)) / max(height, known.height) for known in self._known]
                for middle, height in zip(middles, heights, strict=True)
            ]
        ).reshape(len(people), len(self._known))
        # Beyond reach all are equally far: the assignment then serves whoever is in reach.
        rows, columns = linear_sum_assignment(np.minimum(cost, 2 * _REACH))
        same = {
            int(row): self._known[column]
            for row, column in zip(rows, columns, strict=True)
            if cost[row, column] < _REACH
        }
        ids = []
        for at, (middle, height) in enumerate(zip(middles, heights, strict=True)):
            known = same.get(at)
            if known is None:
                known = _Known(self._next_id, middle, height, time_s)
                self._next_id += 1
                self._known.append(known)
            known.middle, known.height, known.seen_s = middle, height, time_s
            ids.append(known.person_id)
        return ids
