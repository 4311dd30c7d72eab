"""A straight way from nothing to all."""

from __future__ import annotations

import numpy as np


def ramp(value: float, low: float, high: float) -> float:
    """Return 0 below `low`, 1 above `high` and a straight line between."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))
