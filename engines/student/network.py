"""The student: a small StyleGAN2-style network that changes the colours of a picture that views alone made.

It sees the structure maps of :mod:`engines.structure` (the picture itself among them), the controls, and the
character's style `w`, and says at half the picture's resolution how its colours change: how light falls on what has
turned, what no view shows, where views disagree.  Where things are, it does not decide; lines stay the views'.

Modulated convolutions follow StyleGAN2 (Karras et al. 2020, section 2.2), with the demodulation of MobileStyleGAN
(Belousov 2021, section 3.3): it does not depend on the style, so it folds into the weights at export and no FP16 engine
ever computes it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor, nn

from engines import controls
from engines.structure import CHANNELS

#: Length of the common style that modulates all convolutions.
_STYLE = 96
#: The last layer begins small, so that training begins with what the views say; at zero it would learn slowly.
_FIRST_OUTPUT_STD = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentConfig:
    """The student's sizes.

    Args:
        w_dim: length of a character's style.
        widths: channels at the maps' resolution, at half and at a quarter of it.
        encoder_width: channels of the encoder's first level.
    """

    w_dim: int = 64
    widths: tuple[int, int, int] = (32, 64, 96)
    encoder_width: int = 24

    def to_json(self) -> dict[str, object]:
        """Return the config as JSON values."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> StudentConfig:
        """Return the config that :meth:`to_json` wrote."""
        settings: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**settings)


class ModulatedConv(nn.Module):
    """A 3x3 convolution whose input channels are scaled by the style, with fixed demodulation."""

    def __init__(self, in_channels: int, out_channels: int, style_dim: int, stride: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3))
        self.gain = nn.Parameter(torch.ones(out_channels))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.affine = nn.Linear(style_dim, in_channels)
        nn.init.normal_(self.affine.weight, std=0.3 / style_dim**0.5)
        nn.init.ones_(self.affine.bias)
        self.stride = stride

    def folded(self) -> Tensor:
        """Return the demodulated weight, (out, in, 3, 3): unit norm per output channel, times its gain."""
        norm = self.weight.square().sum(dim=(1, 2, 3), keepdim=True).add(1e-8).rsqrt()
        return self.weight * norm * self.gain.view(-1, 1, 1, 1)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Apply to x (B, in, H, W) with style (B, style_dim); return (B, out, H/stride, W/stride)."""
        scale = self.affine(style)[:, :, None, None]  # (B, in, 1, 1)
        weight = self.folded().to(x.dtype)
        x = F.conv2d(x * scale.to(x.dtype), weight, self.bias.to(x.dtype), self.stride, padding=1)
        return F.leaky_relu(x, 0.2) * 2**0.5


class Student(nn.Module):
    """A three-level U of modulated convolutions; skips are added, which is half as dear as concatenating them."""

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.config = config
        a, b, c = config.widths
        self.mapping = nn.Sequential(
            nn.Linear(config.w_dim + len(controls.NAMES), _STYLE),
            nn.LeakyReLU(0.2),
            nn.Linear(_STYLE, _STYLE),
            nn.LeakyReLU(0.2),
        )
        self.stem = ModulatedConv(CHANNELS, a, _STYLE)
        self.down1 = ModulatedConv(a, b, _STYLE, stride=2)
        self.mid1 = ModulatedConv(b, b, _STYLE)
        self.down2 = ModulatedConv(b, c, _STYLE, stride=2)
        self.mid2 = ModulatedConv(c, c, _STYLE)
        self.mid3 = ModulatedConv(c, c, _STYLE)
        self.narrow2 = nn.Conv2d(c, b, 1)
        self.up1 = ModulatedConv(b, b, _STYLE)
        self.narrow1 = nn.Conv2d(b, a, 1)
        self.up0 = ModulatedConv(a, a, _STYLE)
        self.out = nn.Conv2d(a, 3 * 4, 3, padding=1)
        nn.init.normal_(self.out.weight, std=_FIRST_OUTPUT_STD / (a * 9) ** 0.5)
        if self.out.bias is not None:
            nn.init.zeros_(self.out.bias)

    def forward(self, maps: Tensor, condition: Tensor, w: Tensor) -> Tensor:
        """Return how RGB changes, float32 (B, 3, 2H, 2W), -1..1.

        Args:
            maps: (B, CHANNELS, H, W), see `engines.structure`.
            condition: (B, len(controls.NAMES)), normalised controls.
            w: (B, w_dim), the characters' styles.
        """
        style = self.mapping(torch.cat([w, condition], dim=1))  # (B, _STYLE)
        x0 = self.stem(maps, style)  # (B, a, H, W)
        x1 = self.mid1(self.down1(x0, style), style)  # (B, b, H/2, W/2)
        x2 = self.mid3(self.mid2(self.down2(x1, style), style), style)  # (B, c, H/4, W/4)
        x1 = self.up1(x1 + F.interpolate(self.narrow2(x2), scale_factor=2.0, mode="nearest"), style)
        x0 = self.up0(x0 + F.interpolate(self.narrow1(x1), scale_factor=2.0, mode="nearest"), style)
        return torch.tanh(F.pixel_shuffle(self.out(x0), 2).float())


class Encoder(nn.Module):
    """Reads a character's style `w` off its sheet, so that a character nobody trained on has one."""

    def __init__(self, config: StudentConfig, views: int) -> None:
        super().__init__()
        a = config.encoder_width
        self.layers = nn.Sequential(
            nn.Conv2d(4 * views, a, 3, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(a, 2 * a, 3, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * a, 4 * a, 3, 2, 1),
            nn.LeakyReLU(0.2),
        )
        self.out = nn.Linear(4 * a, config.w_dim)

    def forward(self, views: Tensor) -> Tensor:
        """Return styles, (B, w_dim), of small key views, (B, 4 views, s, s), premultiplied RGBA 0..1."""
        styles: Tensor = self.out(self.layers(views).mean(dim=(2, 3)))
        return styles
