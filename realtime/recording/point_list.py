"""Flat lists of x, y and confidence, as JSON formats of poses hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from realtime.errors import SourceError
from realtime.recording.frame_line import mapping
from realtime.recording.keypoints import F64

#: Hundredths of a pixel, thousandths of a confidence.
_PIXEL_DECIMALS, _CONFIDENCE_DECIMALS = 2, 3
_MAX_BYTES = 2**30
#: A point further out than this belongs to no picture, pixels.
_MAX_PX = 1e6


def triples(value: object, name: str, count: int) -> F64 | None:
    """Return a flat list of `count` times x, y, confidence as float64 (count, 3), or None for nothing or all unseen.

    Confidences are brought to 0..1, and a point without confidence has no place.

    Raises:
        SourceError: it is no such list, or not finite.
    """
    if value is None or value == []:
        return None
    try:
        array = np.array(value, np.float64)
    except (ValueError, TypeError, OverflowError):
        raise SourceError(f"{name}: expected {3 * count} numbers") from None
    if array.shape != (3 * count,):
        raise SourceError(f"{name}: got numbers in the shape {array.shape}, expected {3 * count}: x, y, confidence")
    if not (np.abs(array) <= _MAX_PX).all():
        raise SourceError(f"{name}: holds numbers that are not finite or beyond {_MAX_PX:g} pixels")
    points = array.reshape(count, 3)
    points[:, 2] = np.clip(points[:, 2], 0.0, 1.0)
    points[points[:, 2] <= 0] = 0.0
    return points if points.any() else None


def flat(points: F64 | None) -> list[float]:
    """Return points (N, 3) as a flat list, rounded; nothing as an empty list."""
    if points is None:
        return []
    points = np.where(points[:, 2:] > 0, points, 0.0)
    rounded = np.column_stack([points[:, :2].round(_PIXEL_DECIMALS), points[:, 2].round(_CONFIDENCE_DECIMALS)])
    return [float(value) for value in (rounded + 0.0).ravel()]


def load_json(path: Path) -> Mapping[str, Any]:
    """Return the JSON object in a file.

    Raises:
        SourceError: it cannot be read, or holds something else.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SourceError(f"{path.name}: is larger than {_MAX_BYTES >> 20} MB")
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(f"{path.name}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        raise SourceError(f"{path.name}: is truncated or not JSON ({error})") from error
    return mapping(document, path.name)
