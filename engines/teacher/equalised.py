"""Layers with an equalised learning rate, and the normalisation and activation that go with them.

Weights are drawn from N(0, 1) and scaled by He's constant when they are used, so that Adam, which takes steps of one
size, changes all layers by the same part of their range.

Source: T. Karras et al., "Progressive Growing of GANs" (ICLR 2018), sections 4.1 and 4.2; "A Style-Based Generator
Architecture for GANs" (CVPR 2019), appendix C (learning rate multiplier of the mapping network).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor, nn

#: Slope of the leaky rectifier below zero, and the gain that keeps the variance of what passes it.
#: Source: StyleGAN2's `networks.py`; sqrt(2 / (1 + 0.2^2)) is 1.39, the papers take sqrt(2).
LEAKY_SLOPE = 0.2
LEAKY_GAIN = 2**0.5


def activated(x: Tensor) -> Tensor:
    """Return the leaky rectifier of x with its gain, of x's shape."""
    return F.leaky_relu(x, LEAKY_SLOPE) * LEAKY_GAIN


def pixel_norm(x: Tensor) -> Tensor:
    """Return each row of x, (B, C), at a mean square of 1, computed in float32.

    Source: "Progressive Growing of GANs", section 4.2.
    """
    full = x.float()
    return full * (full.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


class EqualLinear(nn.Module):
    """A linear layer with an equalised learning rate.

    Args:
        in_features: C.
        out_features: D.
        bias: value of the bias at the start.
        lr_multiplier: how fast it learns beside the other layers, above 0.
        activate: whether the leaky rectifier follows.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: float = 0.0, lr_multiplier: float = 1.0, activate: bool = False
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features) / lr_multiplier)
        self.bias = nn.Parameter(torch.full((out_features,), bias / lr_multiplier))
        self.gain = lr_multiplier / in_features**0.5
        self.bias_gain = lr_multiplier
        self.activate = activate

    def forward(self, x: Tensor) -> Tensor:
        """Apply to x (B, C); return (B, D)."""
        x = F.linear(x, (self.weight * self.gain).to(x.dtype), (self.bias * self.bias_gain).to(x.dtype))
        return activated(x) if self.activate else x


class EqualConv(nn.Module):
    """A convolution with an equalised learning rate, of unit stride, that keeps the resolution.

    Args:
        in_channels: C.
        out_channels: D.
        kernel: 1 or 3 pixels.
        activate: whether the leaky rectifier follows.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, activate: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.gain = 1.0 / (in_channels * kernel * kernel) ** 0.5
        self.padding = kernel // 2
        self.activate = activate

    def scaled_weight(self) -> Tensor:
        """Return the weight at He's scale, (D, C, kernel, kernel)."""
        return torch.mul(self.weight, self.gain)

    def forward(self, x: Tensor) -> Tensor:
        """Apply to x (B, C, H, W); return (B, D, H, W)."""
        x = F.conv2d(x, self.scaled_weight().to(x.dtype), self.bias.to(x.dtype), padding=self.padding)
        return activated(x) if self.activate else x
