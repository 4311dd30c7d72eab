"""Direct synthesis, coarse to fine: a global generator, and a local enhancer at twice its resolution.

It has the student's conditioning (the same encoder, modulated convolutions) and task (the same picture), but has to
make up every colour: it sees where the figure is and how its surface is turned, and knows the character by `w` alone.

Source: T.-C. Wang et al., "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs" (CVPR
2018), section 3.2: the enhancer halves the fine structure, adds the global generator's last features, and doubles them.
Widths are for two cores; modulation and the pixel norm of T. Karras et al., "Progressive Growing of GANs" (ICLR 2018),
section 4.2, stand for instance normalisation, and the global generator has skips, which the paper's has not.
Without a norm, twenty modulated layers grew until the picture saturated within 150 steps.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor, nn

from engines import controls
from engines.baseline.structure import FINE_CHANNELS, STRUCTURE_CHANNELS, SURFACE_CHANNELS, fine_structure
from engines.student.network import ModulatedConv, StudentConfig

#: Length of the common style that modulates all convolutions: the student's.
_STYLE = 96
#: Where hardly anything is, as before the background has biases, gradients shall not be amplified a hundredfold.
_EPSILON = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineConfig:
    """The sizes of direct synthesis.

    Args:
        w_dim: length of a character's style.
        widths: channels of the global generator at the maps' resolution, at half and at a quarter of it.
        blocks: residual blocks at an eighth.
        fine_width: channels of the local enhancer at twice the maps' resolution.
        encoder_width: channels of the encoder's first level.
    """

    w_dim: int = 64
    widths: tuple[int, int, int] = (32, 64, 128)
    blocks: int = 4
    fine_width: int = 16
    encoder_width: int = 24

    def to_json(self) -> dict[str, object]:
        """Return the config as JSON values."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> BaselineConfig:
        """Return the config that :meth:`to_json` wrote."""
        settings: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**settings)

    def encoder(self) -> StudentConfig:
        """Return the sizes of the student's encoder that goes with it."""
        return StudentConfig(w_dim=self.w_dim, encoder_width=self.encoder_width)


class ResidualBlock(nn.Module):
    """Two modulated convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv0 = ModulatedConv(channels, channels, _STYLE)
        self.conv1 = ModulatedConv(channels, channels, _STYLE)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Apply to x (B, C, H, W) with style (B, _STYLE); return the same shape."""
        total: Tensor = (x + self.conv1(self.conv0(x, style), style)) * 0.5**0.5
        return total


class GlobalGenerator(nn.Module):
    """Features of the whole picture at the maps' resolution, by way of an eighth of it."""

    def __init__(self, config: BaselineConfig) -> None:
        super().__init__()
        a, b, c = config.widths
        self.stem = ModulatedConv(STRUCTURE_CHANNELS, a, _STYLE)
        self.down1 = ModulatedConv(a, b, _STYLE, stride=2)
        self.down2 = ModulatedConv(b, c, _STYLE, stride=2)
        self.down3 = ModulatedConv(c, c, _STYLE, stride=2)
        self.blocks = nn.ModuleList(ResidualBlock(c) for _ in range(config.blocks))
        self.up2 = ModulatedConv(c, c, _STYLE)
        self.narrow2 = nn.Conv2d(c, b, 1)
        self.up1 = ModulatedConv(b, b, _STYLE)
        self.narrow1 = nn.Conv2d(b, a, 1)
        self.up0 = ModulatedConv(a, a, _STYLE)

    def forward(self, structure: Tensor, style: Tensor) -> Tensor:
        """Apply to structure (B, STRUCTURE_CHANNELS, H, W) with style (B, _STYLE); return (B, a, H, W)."""
        x0 = self.stem(structure, style)  # (B, a, H, W)
        x1 = self.down1(x0, style)  # (B, b, H/2, W/2)
        x2 = self.down2(x1, style)  # (B, c, H/4, W/4)
        x = self.down3(x2, style)  # (B, c, H/8, W/8)
        for block in self.blocks:
            x = normalised(block(x, style))
        x2 = normalised(self.up2(x2 + _doubled(x), style))
        x1 = normalised(self.up1(x1 + _doubled(self.narrow2(x2)), style))
        return normalised(self.up0(x0 + _doubled(self.narrow1(x1)), style))


class LocalEnhancer(nn.Module):
    """What is too fine for the global generator, at twice its resolution."""

    def __init__(self, config: BaselineConfig) -> None:
        super().__init__()
        a, fine = config.widths[0], config.fine_width
        self.stem = ModulatedConv(FINE_CHANNELS + SURFACE_CHANNELS, fine, _STYLE)
        self.down = ModulatedConv(fine, a, _STYLE, stride=2)
        self.block = ResidualBlock(a)
        self.narrow = nn.Conv2d(a, fine, 1)
        self.up = ModulatedConv(fine, fine, _STYLE)

    def forward(self, structure: Tensor, features: Tensor, style: Tensor) -> Tensor:
        """Apply to structure (B, STRUCTURE_CHANNELS, H, W) and features (B, a, H, W); return (B, fine, 2H, 2W)."""
        x = self.stem(fine_structure(structure), style)  # (B, fine, 2H, 2W)
        features = normalised(self.block(self.down(x, style) + features, style))  # (B, a, H, W)
        return normalised(self.up(x + _doubled(self.narrow(features)), style))


class Baseline(nn.Module):
    """From structure, controls and style to the picture."""

    def __init__(self, config: BaselineConfig) -> None:
        super().__init__()
        self.config = config
        self.mapping = nn.Sequential(
            nn.Linear(config.w_dim + len(controls.NAMES), _STYLE),
            nn.LeakyReLU(0.2),
            nn.Linear(_STYLE, _STYLE),
            nn.LeakyReLU(0.2),
        )
        self.overall = GlobalGenerator(config)
        self.coarse_out = nn.Conv2d(config.widths[0], 4, 3, padding=1)
        self.local = LocalEnhancer(config)
        self.out = nn.Conv2d(config.fine_width, 4, 3, padding=1)

    def forward(self, structure: Tensor, condition: Tensor, w: Tensor) -> Tensor:
        """Return pictures, float32 (B, 4, 2H, 2W), premultiplied RGBA 0..1.

        Args:
            structure: (B, STRUCTURE_CHANNELS, H, W), see :func:`engines.baseline.structure.structure_of`.
            condition: (B, len(controls.NAMES)), normalised controls.
            w: (B, w_dim), the characters' styles.
        """
        style = self._style(condition, w)
        return _picture(self.out(self.local(structure, self.overall(structure, style), style)))

    def _style(self, condition: Tensor, w: Tensor) -> Tensor:
        """Return the common style, (B, _STYLE), of length sqrt(_STYLE)."""
        return normalised(self.mapping(torch.cat([w, condition], dim=1)))

    def coarse(self, structure: Tensor, condition: Tensor, w: Tensor) -> Tensor:
        """Return the global generator's pictures, float32 (B, 4, H, W): what is trained first."""
        style = self._style(condition, w)
        return _picture(self.coarse_out(self.overall(structure, style)))


def normalised(x: Tensor) -> Tensor:
    """Return x (B, C, ...) with a mean square of 1 over its channels at every place."""
    return x * (x.square().mean(dim=1, keepdim=True) + _EPSILON).rsqrt()


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def _picture(x: Tensor) -> Tensor:
    """Return premultiplied RGBA of unbounded values (B, 4, H, W): no colour is more than its alpha."""
    x = torch.sigmoid(x.float())
    return torch.cat([x[:, :3] * x[:, 3:], x[:, 3:]], dim=1)
