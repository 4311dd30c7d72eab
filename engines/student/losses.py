"""What the student is trained to do."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor

#: Share of gradients in the picture term.
EDGE_SHARE = 0.5
#: Share of the squared term, without which an L1 loss settles on the commonest colour.
SQUARE_SHARE = 4.0


def before(maps: Tensor) -> Tensor:
    """Return the pictures that views alone made, (B, 4, 2H, 2W), premultiplied RGBA 0..1, of maps (B, C, H, W)."""
    return F.pixel_shuffle(maps[:, :16], 2)


def changed(maps: Tensor, change: Tensor) -> Tensor:
    """Return the finished pictures, (B, 4, 2H, 2W), premultiplied RGBA: the twin of `engines.finishing.changed`."""
    picture = before(maps)
    alpha = picture[:, 3:]
    return torch.cat([picture[:, :3] + change * alpha, alpha], dim=1)


def picture_loss(got: Tensor, expected: Tensor, weight: Tensor) -> Tensor:
    """Return the mean difference of two pictures (B, 4, H, W), plain, squared and of their gradients.

    Args:
        got: the student's.
        expected: the render.
        weight: (B, 1, H, W).
    """
    difference = got - expected
    pixel = (difference.abs() + SQUARE_SHARE * difference.square()) * weight
    across = (difference[..., :, 1:] - difference[..., :, :-1]).abs() * weight[..., :, 1:]
    down = (difference[..., 1:, :] - difference[..., :-1, :]).abs() * weight[..., 1:, :]
    return pixel.mean() + EDGE_SHARE * (across.mean() + down.mean())
