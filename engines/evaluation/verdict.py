"""Which of two weight sets is better, by a rule that stands beside the answer.

Each figure's gain is measured in steps, what one step is being fixed here: about the least change that one sees, or
that is beyond the chance of some hundred pictures.  A gain counts for at most :data:`MOST_STEPS`, so that no figure
outweighs the others.  The second is better when the mean gain is at least :data:`CLEAR` steps and no figure lost
:data:`GRAVE` steps or more; the first likewise; else neither is, and what is there should stay.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CLEAR = 0.25
GRAVE = 6.0
MOST_STEPS = 4.0
#: Controls that the regressor reads from the renders themselves with less R2 than this do not count: it guesses.
READABLE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A figure that counts.

    Args:
        name: to show.
        path: keys in a contender's figures; "{px}" is the largest size compared.
        step: gain in the figure that counts as one; negative where less is better.
        least: lower figures count as this one: less change than the renderer's own is no merit.
    """

    name: str
    path: tuple[str, ...]
    step: float
    least: float = -math.inf


CRITERIA: tuple[Criterion, ...] = (
    *(
        Criterion(name=f"{region} {name}", path=("compared", "{px}", region, figure), step=step)
        for region in ("whole", "face")
        for name, figure, step in (
            ("PSNR", "psnr", 0.25),
            ("SSIM", "ssim", 0.004),
            ("edge error", "edge_error", -0.015),
        )
    ),
    *(
        Criterion(name=f"{region} PSNR", path=("compared", "{px}", region, "psnr"), step=0.3)
        for region in ("eyes", "mouth", "hair", "hands", "clothes")
    ),
    *(
        Criterion(name=f"{group} R2", path=("control_groups", group, "r2"), step=0.01)
        for group in ("head", "blink", "gaze", "jaw", "visemes", "expressions")
    ),
    Criterion(name="veil", path=("alpha", "veil"), step=-0.002),
    Criterion(name="palette error", path=("palette", "to_renders", "all"), step=-0.3),
    Criterion(name="still flicker", path=("flicker", "still", "ratio"), step=-0.05, least=1.0),
    Criterion(name="flicker in motion", path=("flicker", "motion", "ratio"), step=-0.03, least=1.0),
    Criterion(name="Frechet distance", path=("frechet_on_regressor_features", "whole", "ratio"), step=-0.1),
)


def verdict(first: Mapping[str, Mapping[str, Any]], second: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return which of two is better: `better` is "first", "second" or "neither", with every gain in steps.

    Args:
        first: split -> figures of :func:`engines.evaluation.figures.split_figures`.
        second: the same on the same pictures.
    """
    gains: dict[str, dict[str, float]] = {}
    for split in first:
        px = max(first[split]["compared"], key=int)
        for criterion in CRITERIA:
            pair = [_value(one[split], criterion, px) for one in (first, second)]
            if not any(math.isnan(value) for value in pair):
                gain = (pair[1] - pair[0]) / criterion.step
                gains.setdefault(split, {})[criterion.name] = gain
    every = [gain for of_split in gains.values() for gain in of_split.values()]
    mean = sum(max(-MOST_STEPS, min(MOST_STEPS, gain)) for gain in every) / len(every) if every else 0.0
    lost = [f"{name} ({split})" for split, row in gains.items() for name, gain in row.items() if gain <= -GRAVE]
    won = [f"{name} ({split})" for split, row in gains.items() for name, gain in row.items() if gain >= GRAVE]
    better, why = "neither", f"the mean gain of {mean:+.2f} steps is within {CLEAR} of none"
    if mean >= CLEAR:
        better, why = ("neither", f"much is lost in {', '.join(lost)}") if lost else ("second", "")
    elif mean <= -CLEAR:
        better, why = ("neither", f"much is gained in {', '.join(won)}") if won else ("first", "")
    rule = (
        f"second minus first in steps per figure, each cut to {MOST_STEPS:g}; better is whose mean gain is at least "
        f"{CLEAR} steps, unless a figure loses {GRAVE:g} steps or more"
    )
    return {"better": better, "why": why, "mean_gain_steps": mean, "gains_steps": gains, "rule": rule}


def _value(figures: Mapping[str, Any], criterion: Criterion, px: str) -> float:
    found: Any = figures
    for key in criterion.path:
        found = found[key.format(px=px)]
        if isinstance(found, dict) and found.get("renders", 1.0) < READABLE and "r2" in found:
            return math.nan
    return max(float(found), criterion.least)
