"""Palettes as the teacher is told them, and plausible palettes for characters that nobody has drawn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.studio.palette import PALETTE, Palette
from engines.studio.taste import sample_colours

F32 = npt.NDArray[np.float32]

#: Numbers of a palette's condition: lightness, a, b and presence of each row.
PALETTE_LENGTH = 4 * len(PALETTE)
#: What brings CIELAB to about -1..1: the middle and half range of lightness, and chroma that few colours exceed.
_MIDDLE = np.array([50.0, 0.0, 0.0], np.float32)
_HALF_RANGE = np.array([50.0, 60.0, 60.0], np.float32)


def palette_condition(lab: npt.ArrayLike) -> F32:
    """Return a palette as numbers about -1..1, float32 (..., PALETTE_LENGTH).

    Args:
        lab: (..., len(PALETTE), 3), CIELAB per row of :data:`engines.studio.palette.PALETTE`, NaN where absent.

    Raises:
        ValueError: another shape.
    """
    values = np.asarray(lab, np.float32)
    if values.shape[-2:] != (len(PALETTE), 3):
        raise ValueError(f"palette: got shape {values.shape}, expected (..., {len(PALETTE)}, 3)")
    present = ~np.isnan(values).any(axis=-1, keepdims=True)
    scaled = np.where(present, (values - _MIDDLE) / _HALF_RANGE, 0.0)
    rows = np.concatenate([scaled, present], axis=-1, dtype=np.float32)  # (..., rows, 4)
    return rows.reshape(*values.shape[:-2], PALETTE_LENGTH)


def lab_of(palette: Palette) -> F32:
    """Return a palette's colours, float32 (len(PALETTE), 3), NaN where absent."""
    return np.where(palette.present[:, None], palette.lab, np.nan).astype(np.float32)


def sample_palette(rng: np.random.Generator, like: npt.ArrayLike) -> F32:
    """Return new colours that go together, float32 (len(PALETTE), 3), NaN where absent.

    Args:
        rng: the only source of randomness.
        like: a palette of the same form: what it has, the new one has.
    """
    own = np.asarray(like, np.float32)
    has = {paint: own[row] for row, paint in enumerate(PALETTE) if not np.isnan(own[row]).any()}
    drawn = sample_colours(rng, tuple(has), has)
    lab = np.full((len(PALETTE), 3), np.nan, np.float32)
    for row, paint in enumerate(PALETTE):
        if paint in has:
            lab[row] = drawn.get(paint, has[paint])
    return lab
