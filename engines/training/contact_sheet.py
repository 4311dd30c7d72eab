"""Contact sheets: many pictures in one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from torch import Tensor

U8 = npt.NDArray[np.uint8]

#: What transparent pictures are shown over, RGB: the page's own pale blue.
BACKGROUND = (219, 225, 237)


def tiles(pictures: Tensor, background: Sequence[int] = BACKGROUND) -> list[U8]:
    """Return network pictures as tiles.

    Args:
        pictures: (N, 3, H, W) RGB or (N, 4, H, W) premultiplied RGBA, 0..1; what is outside is cut off.
        background: RGB, 0-255, behind what is transparent.

    Returns:
        N times uint8 (H, W, 3).

    Raises:
        ValueError: there are neither three nor four channels.
    """
    if pictures.dim() != 4 or pictures.shape[1] not in (3, 4):
        raise ValueError(f"pictures of shape {tuple(pictures.shape)}; expected (N, 3 or 4, H, W)")
    values = pictures.detach().float().cpu().permute(0, 2, 3, 1).numpy()  # (N, H, W, C)
    colour = values[..., :3].clip(0, 1)
    if values.shape[-1] == 4:
        colour = colour + (1 - values[..., 3:].clip(0, 1)) * (np.array(background, np.float32) / 255)
    return list((colour.clip(0, 1) * 255 + 0.5).astype(np.uint8))


def sheet(rows: Sequence[Sequence[U8]], gap_px: int = 2) -> U8:
    """Return tiles of one size, uint8 (H, W, 3) each, as one picture with white gaps; short rows end white.

    Raises:
        ValueError: there are no tiles, or they differ in size.
    """
    shapes = {tile.shape for row in rows for tile in row}
    if len(shapes) != 1:
        raise ValueError(f"tiles of shapes {sorted(shapes)}; expected one")
    height, width, channels = shapes.pop()
    columns = max(len(row) for row in rows)
    step_y, step_x = height + gap_px, width + gap_px
    whole = np.full((len(rows) * step_y - gap_px, columns * step_x - gap_px, channels), 255, np.uint8)
    for y, row in enumerate(rows):
        for x, tile in enumerate(row):
            whole[y * step_y : y * step_y + height, x * step_x : x * step_x + width] = tile
    return whole
