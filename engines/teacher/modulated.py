"""Convolutions whose weights are scaled by the style, and brought back to unit variance.

The scale of a weight's input channel may as well be put on the input, and the demodulation of its output channel on
the output, so one convolution serves the whole batch: cheaper than a group per sample, and the same number
(`tests/engines/teacher/test_modulated.py` holds it against the explicit form).

Source: T. Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020), section 2.2.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor, nn

from engines.teacher.equalised import EqualLinear, activated
from engines.teacher.resampling import convolved_up

#: Pictures start with this part of the paper's contrast: with pairs to learn from, noise of five resolutions is only
#: in the way.  Overfitting four pictures for 100 steps gave 21.1 dB instead of 18.5 (measured).
FIRST_PICTURE = 0.1


def demodulation(weight: Tensor, style: Tensor) -> Tensor:
    """Return what an output channel must be multiplied with to have unit variance, (B, D), always in float32.

    A sum of hundreds of squares in bf16 has two digits, and the inverse root would carry the error into every pixel
    of the channel: so neither weight nor style may have been rounded before.

    Args:
        weight: (D, C, k, k).
        style: (B, C), scales of the input channels.
    """
    with torch.autocast(weight.device.type, enabled=False):
        energy = weight.float().square().sum(dim=(2, 3))  # (D, C)
        return (style.float().square() @ energy.T + 1e-8).rsqrt()


class ModulatedConv(nn.Module):
    """A 3x3 convolution with style, demodulation, noise, bias and activation.

    Args:
        in_channels: C of the features.
        out_channels: D.
        w_dim: length of the style w.
        structure_channels: further input channels that say what is to be drawn; not modulated by the style, since
            who is drawn does not decide how the pose is read.
        up: whether the output has twice the resolution.
    """

    def __init__(
        self, in_channels: int, out_channels: int, w_dim: int, structure_channels: int = 0, up: bool = False
    ) -> None:
        super().__init__()
        total = in_channels + structure_channels
        self.weight = nn.Parameter(torch.randn(out_channels, total, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.affine = EqualLinear(w_dim, in_channels, bias=1.0)
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.gain = 1.0 / (total * 9) ** 0.5
        self.structure_channels = structure_channels
        # Features are many and structure is few: at the start each gets half of the energy.
        self.structure_gain = (in_channels / structure_channels) ** 0.5 if structure_channels else 1.0
        self.up = up

    def forward(self, x: Tensor, w: Tensor, noise: Tensor | None = None) -> Tensor:
        """Apply to features.

        Args:
            x: (B, C + structure_channels, H, W), the structure last.
            w: (B, w_dim), float32.
            noise: (B or 1, 1, H', W') at the output's resolution, or None for none.

        Returns:
            (B, D, H', W'): H' is H, or 2 H where the layer goes up.
        """
        style = _exact(self.affine, w)  # (B, C)
        if self.structure_channels:
            loud = style.new_full((len(style), self.structure_channels), self.structure_gain)
            style = torch.cat([style, loud], dim=1)
        weight = self.weight * self.gain
        factor = demodulation(weight, style)  # (B, D)
        x = x * style.to(x.dtype)[:, :, None, None]
        weight = weight.to(x.dtype)
        x = convolved_up(x, weight) if self.up else F.conv2d(x, weight, padding=1)
        x = x * factor.to(x.dtype)[:, :, None, None]
        if noise is not None:
            x = x + (noise * self.noise_strength).to(x.dtype)
        return activated(x + self.bias.to(x.dtype)[:, None, None])


class ToPicture(nn.Module):
    """A 1x1 convolution with style but without demodulation, from features to the channels of a picture.

    Source: section 2.3 of the paper (`tRGB` of the skip generator).
    """

    def __init__(self, in_channels: int, picture_channels: int, w_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(FIRST_PICTURE * torch.randn(picture_channels, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(picture_channels))
        self.affine = EqualLinear(w_dim, in_channels, bias=1.0)
        self.gain = 1.0 / in_channels**0.5

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Apply to x (B, C, H, W) with w (B, w_dim); return (B, picture_channels, H, W), float32."""
        style = _exact(self.affine, w) * self.gain
        x = F.conv2d(x * style.to(x.dtype)[:, :, None, None], self.weight.to(x.dtype))
        return x.float() + self.bias[:, None, None]


def _exact(layer: EqualLinear, w: Tensor) -> Tensor:
    """Apply a layer to styles in float32, also inside of autocast."""
    with torch.autocast(w.device.type, enabled=False):
        scales: Tensor = layer(w.float())
    return scales
