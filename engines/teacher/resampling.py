"""Twice and half the resolution with the filter [1, 3, 3, 1], which lets no grid show.

Source: T. Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020), appendix B; R. Zhang,
"Making Convolutional Networks Shift-Invariant Again" (ICML 2019).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor

_TAPS = (1.0, 3.0, 3.0, 1.0)


def _kernel(channels: int, like: Tensor, gain: float) -> Tensor:
    """Return the filter for a depthwise convolution, (channels, 1, 4, 4), of sum `gain`."""
    taps = torch.tensor(_TAPS, device=like.device)
    kernel = torch.outer(taps, taps) * (gain / sum(_TAPS) ** 2)
    return kernel.to(like.dtype).expand(channels, 1, 4, 4)


def upsampled(x: Tensor) -> Tensor:
    """Return x, (B, C, H, W), at twice the resolution, (B, C, 2 H, 2 W).

    Linear interpolation by two *is* the filter [1, 3, 3, 1]; at the border it repeats the outermost pixel.
    """
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def downsampled(x: Tensor) -> Tensor:
    """Return x, (B, C, H, W) with even H and W, filtered, at half the resolution, (B, C, H / 2, W / 2).

    The border repeats the outermost pixel, so that an even colour stays that colour.
    """
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), _kernel(x.shape[1], x, 1.0), stride=2, groups=x.shape[1])


def convolved_up(x: Tensor, weight: Tensor) -> Tensor:
    """Return x convolved at twice the resolution: a transposed convolution, then the filter.

    Args:
        x: (B, C, H, W).
        weight: (D, C, 3, 3).

    Returns:
        (B, D, 2 H, 2 W).
    """
    # The transposed convolution leaves three of four pixels without half or more of the kernel; the gain of 4 of the
    # filter makes up for it, as in `upfirdn2d`.
    x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)  # (B, D, 2 H + 1, 2 W + 1)
    return F.conv2d(x, _kernel(x.shape[1], x, 4.0), padding=1, groups=x.shape[1])


def convolved_down(x: Tensor, weight: Tensor) -> Tensor:
    """Return x filtered and then convolved at half the resolution.

    Args:
        x: (B, C, H, W) with even H and W.
        weight: (D, C, 3, 3).

    Returns:
        (B, D, H / 2, W / 2).
    """
    x = F.conv2d(x, _kernel(x.shape[1], x, 1.0), padding=2, groups=x.shape[1])  # (B, C, H + 1, W + 1)
    return F.conv2d(x, weight, stride=2)
