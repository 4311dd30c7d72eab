"""How alike two pictures are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]

#: Behind what is transparent.
BACKGROUND = (219, 225, 237)


def over_background(picture: U8) -> npt.NDArray[np.float64]:
    """Return straight-alpha RGBA, uint8 (H, W, 4), over a plain colour, (H, W, 3), 0..255."""
    alpha = picture[..., 3:].astype(np.float64) / 255
    return np.asarray(picture[..., :3] * alpha + np.array(BACKGROUND) * (1 - alpha))


def psnr(got: U8, expected: U8) -> float:
    """Return the peak signal to noise ratio of two pictures, straight-alpha RGBA, over a plain colour, in dB."""
    error = np.square(over_background(got) - over_background(expected)).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def premultiplied_fine(maps: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the picture that is in the maps, float32 (4, 2 cells, 2 cells), premultiplied RGBA 0..1."""
    cells = maps.shape[1]
    blocks = maps[:16].reshape(4, 2, 2, cells, cells)
    return np.ascontiguousarray(blocks.transpose(0, 3, 1, 4, 2).reshape(4, 2 * cells, 2 * cells))
