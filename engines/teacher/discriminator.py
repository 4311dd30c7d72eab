"""The discriminator: residual, told at every resolution what should be seen where, and which colours.

It judges picture, structure and palette together: a good picture of another pose or of other hair is false.

Source: T. Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020), figure 7 (residual
discriminator); K. Hamada et al. (2018), structure at every scale; T. Karras et al., "Progressive Growing of GANs"
(ICLR 2018), section 3 (mini-batch statistics) and 2 (fade-in); T. Miyato and M. Koyama, "cGANs with Projection
Discriminator" (ICLR 2018), for the palette.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor, nn

from engines.teacher.config import FIRST_PX, PICTURE_CHANNELS, TeacherConfig
from engines.teacher.equalised import EqualConv, EqualLinear, activated
from engines.teacher.palette_condition import PALETTE_LENGTH
from engines.teacher.pyramid import pyramid
from engines.teacher.resampling import convolved_down, downsampled
from engines.teacher.structure_embedding import StructureEmbedding


class Judgement(NamedTuple):
    """What the discriminator says: logits (B,), float32, above 0 for true; and each resolution's features."""

    logits: Tensor
    features: list[Tensor]


def minibatch_deviation(x: Tensor, group: int) -> Tensor:
    """Return x with a channel more: how much the features of its group differ, one number per group.

    Args:
        x: (B, C, H, W).
        group: pictures per group; the largest divisor of B that is not larger is taken.

    Returns:
        (B, C + 1, H, W).
    """
    batch = len(x)
    group = next(size for size in range(min(group, batch), 0, -1) if batch % size == 0)
    # Every (B / group)-th picture is in one group, as in the paper's code.
    y = x.float().unflatten(0, (group, batch // group))  # (G, M, C, H, W)
    deviation = (y.var(dim=0, unbiased=False) + 1e-8).sqrt().mean(dim=(1, 2, 3))  # (M,)
    more = deviation.repeat(group)[:, None, None, None].expand(-1, 1, *x.shape[2:])
    return torch.cat([x, more.to(x.dtype)], dim=1)


class DownBlock(nn.Module):
    """A residual block from one resolution to half of it."""

    def __init__(self, config: TeacherConfig, resolution: int) -> None:
        super().__init__()
        channels, out = config.channels(resolution), config.channels(resolution // 2)
        self.embed_structure = StructureEmbedding(config.structure_width)
        self.conv0 = EqualConv(channels + config.structure_width, channels, kernel=3)
        self.conv1 = EqualConv(channels, out, kernel=3)
        self.skip = EqualConv(channels, out, kernel=1, activate=False)

    def forward(self, x: Tensor, maps: Tensor) -> Tensor:
        """Apply to x (B, C, R, R) with maps (B, STRUCTURE_CHANNELS, R, R); return (B, D, R / 2, R / 2)."""
        y = self.conv0(torch.cat([x, self.embed_structure(maps)], 1))
        y = convolved_down(y, self.conv1.scaled_weight().to(y.dtype))
        y = activated(y + self.conv1.bias.to(y.dtype)[:, None, None])
        total: Tensor = (y + self.skip(downsampled(x))) * 0.5**0.5
        return total


class Discriminator(nn.Module):
    """From pictures, structure maps and palettes to logits."""

    def __init__(self, config: TeacherConfig) -> None:
        super().__init__()
        self.config = config
        levels = config.resolutions
        self.from_picture = nn.ModuleDict(
            {str(px): EqualConv(PICTURE_CHANNELS, config.channels(px), kernel=1) for px in levels[1:]}
        )
        self.blocks = nn.ModuleDict({str(px): DownBlock(config, px) for px in levels[1:]})
        last = config.channels(FIRST_PX)
        self.embed_structure = StructureEmbedding(config.structure_width)
        self.conv = EqualConv(last + config.structure_width + 1, last, kernel=3)
        self.linear = EqualLinear(last * FIRST_PX**2, last, activate=True)
        self.out = EqualLinear(last, 1)
        self.embed_palette = EqualLinear(PALETTE_LENGTH, last)

    def forward(self, picture: Tensor, maps: Tensor, palette: Tensor, fade: float = 1.0) -> Judgement:
        """Judge pictures.

        Args:
            picture: (B, 4, R, R), premultiplied RGBA -1..1; R is the resolution grown to.
            maps: (B, STRUCTURE_CHANNELS, S, S).
            palette: (B, PALETTE_LENGTH).
            fade: how much the newest resolution counts beside the picture at half of it, 0..1.
        """
        resolution = picture.shape[-1]
        assert resolution in self.config.resolutions[1:], f"picture: got {resolution} px"
        levels = [px for px in self.config.resolutions if px <= resolution]
        structure = pyramid(maps, levels)
        features = []
        x = self.from_picture[str(resolution)](picture)
        for px in reversed(levels[1:]):
            x = self.blocks[str(px)](x, structure[px])  # (B, D, px / 2, px / 2)
            if px == resolution and fade < 1.0 and px > 2 * FIRST_PX:
                old = self.from_picture[str(px // 2)](F.avg_pool2d(picture, 2))
                x = old + fade * (x - old)
            features.append(x)
        x = torch.cat([x, self.embed_structure(structure[FIRST_PX])], 1)
        x = self.conv(minibatch_deviation(x, self.config.group))
        x = self.linear(x.flatten(1)).float()  # (B, last)
        with torch.autocast(picture.device.type, enabled=False):
            projection = (x * self.embed_palette(palette.float())).sum(1) / x.shape[1] ** 0.5
            return Judgement(self.out(x)[:, 0] + projection, features)
