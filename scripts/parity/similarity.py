"""How alike two pictures with alpha are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.metrics import structural_similarity

U8 = npt.NDArray[np.uint8]

#: Both pictures are laid over this.
GREY = 128


def over_grey(picture: U8) -> U8:
    """Return a picture, uint8 (H, W, 4) with straight alpha, over mid-grey, uint8 (H, W, 3)."""
    alpha = picture[:, :, 3:].astype(np.float32) / 255
    return np.asarray(picture[:, :, :3] * alpha + GREY * (1 - alpha) + 0.5, np.uint8)


def similarity(first: U8, second: U8) -> float:
    """Return the mean structural similarity of two pictures, uint8 (H, W, 3): 1 where they are equal.

    Source: Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004.
    """
    return float(structural_similarity(first, second, channel_axis=2))
