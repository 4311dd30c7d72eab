"""A line that says how far a training is: steps, images per second, time left."""

from __future__ import annotations

import sys
from typing import NoReturn

from tqdm import tqdm

from engines.training.phase import Place

#: How much the newest step counts in the mean time of a step.
_NEWEST = 0.05


class Progress:
    """The line, on standard error: twice a second on a terminal, once a minute elsewhere.

    Args:
        step: number of steps taken.
        steps: of all phases.
        seconds: that the training may take from now on, or None.
        shown: False: say nothing, as processes besides the first do.
    """

    def __init__(self, step: int, steps: int, seconds: float | None, shown: bool = True) -> None:
        self._taken, self._step_s = 0, 0.0
        self._seconds = seconds
        self._spent_s = 0.0
        self.images_per_s = 0.0
        self._bar: tqdm[NoReturn] = tqdm(
            total=steps,
            initial=step,
            unit="step",
            disable=not shown,
            mininterval=0.5 if sys.stderr.isatty() else 60.0,
            bar_format="{desc}{percentage:3.0f}% {n_fmt}/{total_fmt} steps, {elapsed}{postfix}",
        )

    def took(self, place: Place, step_s: float, total_s: float) -> None:
        """Count a step.

        Args:
            place: the step.
            step_s: how long it took, with reading its batch.
            total_s: how long the training has taken, with everything.
        """
        # The first step waits for the workers to start: it counts until there is a second one.
        newest = _NEWEST if self._taken > 1 else 1.0
        self._taken += 1
        self._step_s += newest * (step_s - self._step_s)
        self._spent_s = total_s
        self.images_per_s = place.phase.batch / self._step_s
        left = tqdm.format_interval(self.left_s(place.step + 1))
        self._bar.set_postfix_str(
            f"{place.phase.resolution_px} px, {self.images_per_s:.1f} images/s, {left} left", refresh=False
        )
        self._bar.update()

    def left_s(self, step: int) -> float:
        """Return the seconds that are left after so many steps, as long as steps take what they take now."""
        left = (float(self._bar.total or 0) - step) * self._step_s
        return left if self._seconds is None else max(0.0, min(left, self._seconds - self._spent_s))

    def close(self) -> None:
        """End the line."""
        self._bar.close()
