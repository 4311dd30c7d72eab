"""Structure maps and pictures at every resolution of the networks.

Source: K. Hamada et al., "Full-body High-resolution Anime Generation with Progressive Structure-conditional GANs"
(ECCV workshops 2018): the pose, scaled to each layer's resolution, is given to generator and discriminator there.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor


def pyramid(maps: Tensor, resolutions: Sequence[int]) -> dict[int, Tensor]:
    """Return maps, (B, C, S, S), at each resolution: means of their cells below S, interpolated above."""
    return {resolution: scaled(maps, resolution) for resolution in resolutions}


def scaled(maps: Tensor, size: int) -> Tensor:
    """Return maps or pictures, (B, C, S, S), as (B, C, size, size); S and size are powers of two."""
    have = maps.shape[-1]
    if size == have:
        return maps
    if size < have:
        return F.avg_pool2d(maps, have // size)
    return F.interpolate(maps, size=(size, size), mode="bilinear", align_corners=False)
