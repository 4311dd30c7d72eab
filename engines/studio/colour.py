"""Colours as people see them: sRGB to CIELAB and back, and how far two colours are apart.

From sRGB and for distances with scikit-image; back with its formulas and without its clipping.

Source: CIE 15:2004 (CIELAB, D65, 2 degree observer); G. Sharma et al., "The CIEDE2000 color-difference formula",
Color Research and Application 30 (2005).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from skimage.color import deltaE_ciede2000, rgb2lab

F32 = npt.NDArray[np.float32]
Lab = tuple[float, float, float]

#: Halvings with which :func:`to_srgb` looks for the largest chroma that a screen can show: to 1/64 of it.
_HALVINGS = 6


def to_lab(srgb: npt.ArrayLike) -> F32:
    """Return CIELAB, float32 (..., 3): L 0..100, a and b about -128..127, of sRGB 0..1, (..., 3)."""
    values = np.ascontiguousarray(srgb, np.float32)
    _check(values)
    if not values.size:
        return values.copy()
    return np.asarray(rgb2lab(values), np.float32)


def to_srgb(lab: npt.ArrayLike) -> F32:
    """Return sRGB 0..1, float32 (..., 3), of CIELAB, (..., 3).

    Colours that a screen cannot show lose chroma until it can, so that their lightness and hue stay.
    """
    values = np.array(lab, np.float32)
    _check(values)
    flat = values.reshape(-1, 3)
    flat[:, 0] = np.clip(flat[:, 0], 0.0, 100.0)
    rgb = _raw_srgb(flat)
    outside = np.nonzero(~_shown(rgb))[0]
    if len(outside):
        low, high = np.zeros(len(outside), np.float32), np.ones(len(outside), np.float32)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            shown = _shown(_raw_srgb(_with_chroma(flat[outside], middle)))
            low, high = np.where(shown, middle, low), np.where(shown, high, middle)
        rgb[outside] = _raw_srgb(_with_chroma(flat[outside], low))
    return np.clip(rgb, 0.0, 1.0).reshape(values.shape)


def difference(one: npt.ArrayLike, other: npt.ArrayLike) -> F32:
    """Return the CIEDE2000 difference of CIELAB colours, (..., 3) each; about 1 is just seen, 20 is another colour."""
    first, second = np.broadcast_arrays(np.asarray(one, np.float64), np.asarray(other, np.float64))
    _check(first)
    return np.asarray(deltaE_ciede2000(first, second), np.float32)


def lab_of_lch(lightness: float, chroma: float, hue_deg: float) -> Lab:
    """Return CIELAB of lightness 0..100, chroma 0..about 130, and hue in degrees (0 red, 90 yellow, 270 blue)."""
    angle = np.radians(hue_deg)
    return float(lightness), float(chroma * np.cos(angle)), float(chroma * np.sin(angle))


def _with_chroma(lab: F32, part: F32) -> F32:
    return np.concatenate([lab[:, :1], lab[:, 1:] * part[:, None]], axis=1)


def _shown(rgb: F32) -> npt.NDArray[np.bool_]:
    return np.asarray(((rgb > -1e-3) & (rgb < 1 + 1e-3)).all(axis=1))


def _raw_srgb(lab: F32) -> F32:
    """Return sRGB without clipping, which would hide what a screen cannot show."""
    height = (lab[:, 0] + 16) / 116
    f = np.stack([height + lab[:, 1] / 500, height, height - lab[:, 2] / 200], axis=1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _WHITE
    linear = xyz @ _LINEAR_OF_XYZ.T
    curved = 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(linear > 0.0031308, curved, 12.92 * linear), np.float32)


def _check(values: npt.NDArray[np.floating[Any]]) -> None:
    if values.shape[-1:] != (3,):
        raise ValueError(f"colours: got shape {values.shape}, expected (..., 3)")


#: D65 and sRGB's matrix; source: IEC 61966-2-1.
_WHITE = np.array([0.95047, 1.0, 1.08883], np.float32)
_LINEAR_OF_XYZ = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]],
    np.float32,
)
