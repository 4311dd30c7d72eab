"""How well a picture shows the controls that it was drawn for, by what the regressor reads from it.

The regressor errs on renders, too: beside every figure stands the same for the renders, which no generator can be
expected to pass.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engines.controls import INDEX
from engines.evaluation.reading import READ_CONTROLS

F32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

#: Figures of R2 over fewer pictures than this say nothing.
LEAST_PICTURES = 8
#: A gaze can be read where one eye is open by at least this much.
_SEES = 0.5
#: Borders of the bins of lids, 0 open to 1 shut, and what they are called.
BLINK_BINS: tuple[tuple[str, float, float], ...] = (
    ("open", -0.001, 0.05),
    ("a quarter shut", 0.05, 0.35),
    ("half shut", 0.35, 0.65),
    ("three quarters shut", 0.65, 0.95),
    ("shut", 0.95, 1.001),
)
_READ = [INDEX[name] for name in READ_CONTROLS]


def r2(truth: F32, got: F32) -> float:
    """Return the coefficient of determination: 1 is exact, 0 no better than the mean; NaN without variance.

    Args:
        truth: (N,), any unit.
        got: (N,), the same unit.
    """
    if len(truth) < LEAST_PICTURES:
        return float("nan")
    about = np.square(truth.astype(np.float64) - truth.mean()).sum()
    if about < 1e-9:
        return float("nan")
    return float(1 - np.square(truth.astype(np.float64) - got).sum() / about)


def can_be_read(name: str, vectors: F32) -> Bools:
    """Return in which pictures a control can be seen at all, (N,): the gaze not behind shut lids."""
    if name.startswith("gaze"):
        shut = np.minimum(vectors[:, INDEX["blink_left"]], vectors[:, INDEX["blink_right"]])
        return np.asarray(shut <= _SEES)
    return np.ones(len(vectors), np.bool_)


def r2_per_control(vectors: F32, readings: F32, names: Sequence[str] = READ_CONTROLS) -> dict[str, float]:
    """Return R2 of each control that is read.

    Args:
        vectors: (N, len(SPEC)), what the pictures should show.
        readings: (N, len(READ_CONTROLS)), what the regressor read.
        names: which controls.
    """
    found = {}
    for name in names:
        rows = can_be_read(name, vectors)
        found[name] = r2(vectors[rows, INDEX[name]], readings[rows, READ_CONTROLS.index(name)])
    return found


def agreement_per_control(vectors: F32, readings: F32, renders: F32) -> dict[str, float]:
    """Return R2 of each control against what was read from the renders: the regressor's own error is left out.

    Args:
        vectors: (N, len(SPEC)).
        readings: (N, len(READ_CONTROLS)), read from generated pictures.
        renders: the same shape, read from the renders of the same poses.
    """
    found = {}
    for column, name in enumerate(READ_CONTROLS):
        rows = can_be_read(name, vectors)
        found[name] = r2(renders[rows, column], readings[rows, column])
    return found


def blink_by_opening(vectors: F32, readings: F32) -> dict[str, dict[str, float]]:
    """Return how well lids are read at each opening, both eyes together: `r2`, `bias`, and the number of `eyes`.

    R2 within a bin is one minus the bin's mean squared error over the variance of all lids, since a bin has hardly any
    variance of its own; bias is the mean of read minus true, in weights: negative where lids stay open.
    """
    sides = ("blink_left", "blink_right")
    truth = np.concatenate([vectors[:, INDEX[side]] for side in sides])
    got = np.concatenate([readings[:, READ_CONTROLS.index(side)] for side in sides])
    variance = float(truth.var())
    found = {}
    for name, low, high in BLINK_BINS:
        rows = (truth > low) & (truth <= high)
        count = int(rows.sum())
        enough = count >= LEAST_PICTURES and variance > 1e-9
        error = got[rows] - truth[rows]
        found[name] = {
            "r2": float(1 - np.square(error).mean() / variance) if enough else float("nan"),
            "bias": float(error.mean()) if count else float("nan"),
            "eyes": count,
        }
    return found


def true_values(vectors: F32) -> F32:
    """Return what should be read of control vectors, (N, len(READ_CONTROLS)), in their own units."""
    return np.asarray(vectors[:, _READ], np.float32)
