"""The plain background that pictures are compared over."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]

#: RGB: a pale blue, far from skin, hair and white cloth alike, so that fringes show.
BACKGROUND = (219, 225, 237)


def over_background(picture: U8) -> U8:
    """Return premultiplied RGBA, uint8 (..., 4), over :data:`BACKGROUND`, uint8 (..., 3)."""
    rest = 255 - picture[..., 3:].astype(np.float32)
    return np.asarray(np.clip(picture[..., :3] + rest / 255 * np.array(BACKGROUND, np.float32) + 0.5, 0, 255), np.uint8)
