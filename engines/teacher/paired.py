"""Losses between a drawn picture and the render of the same character in the same pose.

Our pairs are exact, so most of what a discriminator would have to find out can simply be said: each pixel, each
gradient, each wavelet.  What those average away (thin lines, highlights) the discriminator's own features see.

Source: T.-C. Wang et al., "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs" (CVPR
2018), equation 4 (feature matching); R. Gal et al., "SWAGAN: A Style-based Wavelet-driven Generative Model" (2021),
for wavelets beside pixels; weights of small regions as in P. Khungurn, "Talking Head(?) Anime 4" (2023).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor

from engines.teacher.pyramid import scaled
from engines.teacher.structure_maps import STRUCTURE

#: Eyes, brows and mouth are small and looked at most: their pixels weigh this much more, hands and fingers this much.
FACE_WEIGHT, HAND_WEIGHT = 5.0, 1.5
#: Share of the squared term, without which an absolute loss settles on the commonest colour (closed lids).
SQUARE_SHARE = 2.0
_FACE = tuple(STRUCTURE.index(name) for name in ("eyes", "brows", "mouth"))
_HANDS = tuple(STRUCTURE.index(f"{side}_{limb}") for side in ("left", "right") for limb in ("hand", "index", "little"))


def pixel_weights(maps: Tensor, size: int) -> Tensor:
    """Return how much each pixel counts, (B, 1, size, size), at least 1.

    Args:
        maps: (B, STRUCTURE_CHANNELS, S, S), see `engines.teacher.structure_maps`.
        size: pixels per side.
    """
    face = maps[:, _FACE].amax(dim=1, keepdim=True)
    hands = maps[:, _HANDS].amax(dim=1, keepdim=True)
    return scaled(1 + (FACE_WEIGHT * face + HAND_WEIGHT * hands).clamp(0, FACE_WEIGHT), size)


def pixel_loss(got: Tensor, expected: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted mean of absolute and squared differences, a scalar; pictures (B, 4, H, W) in -1..1."""
    difference = (got - expected).abs()
    return (weight * (difference + SQUARE_SHARE / 2 * difference.square())).mean()


def gradient_loss(got: Tensor, expected: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted mean difference of neighbouring pixels' differences, a scalar."""
    difference = got - expected
    across = (difference[..., :, 1:] - difference[..., :, :-1]).abs() * weight[..., :, 1:]
    down = (difference[..., 1:, :] - difference[..., :-1, :]).abs() * weight[..., 1:, :]
    return across.mean() + down.mean()


def haar(x: Tensor) -> Tensor:
    """Return one level of Haar wavelets of x, (B, C, H, W) with even H and W, as (B, 4, C, H / 2, W / 2).

    The bands are mean, horizontal, vertical and diagonal detail; the transform is orthonormal.
    """
    a, b = x[..., 0::2, 0::2], x[..., 0::2, 1::2]
    c, d = x[..., 1::2, 0::2], x[..., 1::2, 1::2]
    return torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d], dim=1) / 2


def wavelet_loss(got: Tensor, expected: Tensor, weight: Tensor, levels: int = 3) -> Tensor:
    """Return the weighted mean absolute difference of the details of several Haar levels, a scalar."""
    difference = got - expected
    total = got.new_zeros(())
    for _ in range(levels):
        bands = haar(difference)
        weight = F.avg_pool2d(weight, 2)
        total = total + (bands[:, 1:].abs() * weight[:, None]).mean()
        difference = bands[:, 0] / 2  # the mean of four pixels
    return total / levels


def feature_loss(got: Sequence[Tensor], expected: Sequence[Tensor]) -> Tensor:
    """Return the mean absolute difference of the discriminator's features, a scalar; the expected get no gradient."""
    terms = [F.l1_loss(one.float(), other.detach().float()) for one, other in zip(got, expected, strict=True)]
    return torch.stack(terms).mean()
