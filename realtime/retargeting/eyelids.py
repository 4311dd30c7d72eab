"""How far the lids are shut, told by how quickly they fall.

Eyes that look down, smile or squint are as narrow as other people's shut ones, and on a face 50 pixels wide the face
network closes a shut eye by a third only.  But a blink falls within a tenth of a second: so lids are compared with
where they were in the last second, and with the user's open eye only where next to nothing of it is left.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from realtime.retargeting.ramp import ramp

#: How long lids are remembered: longer than a blink, 0.1 to 0.4 s, by so much that their median is open.
#: Source for blinks: Stern, Walrath and Goldstein, "The endogenous eyeblink", Psychophysiology 21(1), 1984.
MEMORY_S = 0.8
#: Share of the remembered opening at which a blink begins and is complete.  Source: eight blinks of the sign clips and
#: head-pose scenes reach 0.16 to 0.63, everything else stays above 0.77 (`benchmarks/blinks.py`).
_OPEN, _SHUT = 0.86, 0.60
#: Below this share lids are held to be shut, so that what they were is not forgotten, for no longer than this.
_HELD, HOLD_S = 0.66, 3.0
#: Share of the user's usual opening at which eyes begin to count as shut, and are, however long they have been so.
_USUAL_OPEN, _USUAL_SHUT = 0.50, 0.25
#: The remembered opening counts up to this share of the usual one: wide eyes that relax do not blink.
_WIDE = 1.08
#: Two lids whose shares differ by less than the first are one blink, by more than the second a wink, if the open one
#: is as open as this; a difference that lasts needs less, because lids that blink are apart for a frame or two.
_WINK_FROM, _WINK_FULL = 0.25, 0.42
_LASTING_FROM, _LASTING_FULL, _LASTING_S = 0.17, 0.28, 0.12
_WINK_OPEN = (0.70, 0.85)
#: For so long after both lids were below this share no wink is believed: one lid opens before the other.
_BOTH, _AFTER_BLINK_S = 0.75, 0.3
#: The same difference over the eye's width: in eyes that are never wide open, less is noise.
_WINK_GAP = (0.060, 0.095)


class Eyelids:
    """Turns lid openings into blinks.  Remembers `MEMORY_S` of them.

    Args:
        usual_known: whether the usual opening was recorded; else whoever comes is taken to come with open eyes.
    """

    def __init__(self, *, usual_known: bool = False) -> None:
        self._usual_known = usual_known
        self._seen: deque[tuple[float, float, float]] = deque()  # time, left, right
        self._gaps: deque[tuple[float, float]] = deque()  # time, left minus right
        self._held_s: float | None = None
        self._both_s = -np.inf

    def __call__(
        self,
        opening: tuple[float, float],
        usual: tuple[float, float],
        time_s: float,
        *,
        share_left: float = 0.5,
        hidden: float = 0.0,
    ) -> tuple[float, float]:
        """Return how far the left and the right eye are shut, 0..1.

        Args:
            opening: of the left and the right lid over the eye's width.
            usual: what it is in the user's open eyes.
            time_s: when it was seen.
            share_left: how much the left eye counts, 0..1.
            hidden: how much of the far eye is out of sight, 0..1: no winks then.
        """
        while self._seen and not 0.0 <= time_s - self._seen[0][0] <= MEMORY_S + (
            0.0 if self._held_s is None else HOLD_S
        ):
            self._seen.popleft()
        if not self._seen:
            self._seen.append((time_s, *(usual if self._usual_known else opening)))
        reference = np.minimum(np.median([row[1:] for row in self._seen], axis=0), _WIDE * np.array(usual))  # (2,)
        shares = np.array(opening) / np.maximum(reference, 1e-3)
        weights = np.array([share_left, 1.0 - share_left])
        together = float(shares @ weights)
        self._remember(opening, together, time_s)
        left, right = (1 - ramp(float(share), _SHUT, _OPEN) for share in shares)
        both = 1 - ramp(together, _SHUT, _OPEN)
        gap, lasting = self._gap(float(shares[0] - shares[1]), time_s)
        apart = max(ramp(gap, _WINK_FROM, _WINK_FULL), ramp(lasting, _LASTING_FROM, _LASTING_FULL))
        apart *= ramp(gap * float(np.mean(reference)), *_WINK_GAP)
        apart *= ramp(float(shares.max()), *_WINK_OPEN) * (1 - hidden)
        if shares.max() < _BOTH:
            self._both_s = time_s
        if 0.0 <= time_s - self._both_s < _AFTER_BLINK_S:
            apart = 0.0
        gone = 1 - ramp(float(np.array(opening) @ weights / (np.array(usual) @ weights)), _USUAL_SHUT, _USUAL_OPEN)
        return max(both + (left - both) * apart, gone), max(both + (right - both) * apart, gone)

    def _gap(self, gap: float, time_s: float) -> tuple[float, float]:
        """Return by how much the shares of the lids differ, and by how much at least in the last `_LASTING_S`."""
        self._gaps.append((time_s, gap))
        while not 0.0 <= time_s - self._gaps[0][0] <= _LASTING_S + 1e-6:
            self._gaps.popleft()
        # Too little is remembered yet, as after a pause, and nothing has lasted.
        since_s = time_s - self._gaps[0][0]
        least = min(other * np.sign(gap) for _, other in self._gaps) if since_s > 0.6 * _LASTING_S else 0.0
        return abs(gap), max(float(least), 0.0)

    def _remember(self, opening: tuple[float, float], share: float, time_s: float) -> None:
        if share >= _HELD:
            self._held_s = None
        elif self._held_s is None:
            self._held_s = time_s
        if self._held_s is None or time_s - self._held_s > HOLD_S:
            self._seen.append((time_s, *opening))
