"""How far the colours of generated pictures are from the palette, in CIEDE2000."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.studio.colour import difference
from engines.studio.palette import PALETTE

F32 = npt.NDArray[np.float32]


def palette_error(shown: F32, wanted: F32) -> dict[str, float]:
    """Return the mean CIEDE2000 difference per row of the palette that is both seen and wanted, and of `all` rows.

    Args:
        shown: (N, len(PALETTE), 3), CIELAB, NaN where not seen.
        wanted: the same shape.
    """
    known = ~(np.isnan(shown) | np.isnan(wanted)).any(axis=2)  # (N, rows)
    apart = np.where(known, difference(np.nan_to_num(shown), np.nan_to_num(wanted)), 0.0)
    found = {
        paint.name.lower(): float(apart[:, row].sum() / known[:, row].sum())
        for row, paint in enumerate(PALETTE)
        if known[:, row].any()
    }
    return found | {"all": float(apart.sum() / known.sum()) if known.any() else float("nan")}
