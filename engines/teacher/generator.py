"""The generator: StyleGAN2's skip architecture, told at every resolution what is to be seen where.

A layer sees its features beside the structure maps at its own resolution, embedded in a few channels.  So pose comes
from the maps and nothing else, and the style w is left with who is drawn.

Source: T. Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020), figure 7 (skip
generator); K. Hamada et al. (2018), structure at every scale; T. Karras et al., "Progressive Growing of GANs" (ICLR
2018), section 2 (fade-in).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from engines.teacher.config import FIRST_PX, PICTURE_CHANNELS, TeacherConfig
from engines.teacher.mapping import Mapping
from engines.teacher.modulated import ModulatedConv, ToPicture
from engines.teacher.pyramid import pyramid
from engines.teacher.resampling import upsampled
from engines.teacher.structure_embedding import StructureEmbedding
from engines.teacher.structure_maps import STRUCTURE_CHANNELS

#: Where the noise of the layers comes from: fresh, the same in every picture (so that nothing flickers), or none.
Noise = Literal["random", "fixed", "none"]


class SynthesisBlock(nn.Module):
    """The layers of one resolution: an up-convolution (but for the first), a convolution, and their picture.

    Args:
        config: the teacher's.
        resolution: pixels per side.
    """

    fixed_noise: Tensor

    def __init__(self, config: TeacherConfig, resolution: int) -> None:
        super().__init__()
        out, width = config.channels(resolution), config.structure_width
        self.resolution = resolution
        self.embed_structure = StructureEmbedding(width)
        if resolution == FIRST_PX:
            self.constant = nn.Parameter(torch.randn(1, out, FIRST_PX, FIRST_PX))
        else:
            # It works at half the resolution, and gets the structure there.
            self.conv0 = ModulatedConv(config.channels(resolution // 2), out, config.w_dim, width, up=True)
        self.conv1 = ModulatedConv(out, out, config.w_dim, width)
        self.to_picture = ToPicture(out, PICTURE_CHANNELS, config.w_dim)
        self.register_buffer("fixed_noise", torch.randn(2, 1, resolution, resolution))

    def forward(
        self, x: Tensor | None, structure: dict[int, Tensor], ws: Tensor, noise: Noise
    ) -> tuple[Tensor, Tensor]:
        """Return features (B, D, R, R) and their picture (B, 4, R, R) at this block's resolution R.

        Args:
            x: features of the block before, (B, C, R / 2, R / 2); None for the first.
            structure: maps, (B, STRUCTURE_CHANNELS, r, r), by resolution r.
            ws: (B, 3, w_dim), for both convolutions and the picture; (B, 2, w_dim) in the first block.
            noise: where it comes from.
        """
        here = self.embed_structure(structure[self.resolution])
        if x is None:
            x = self.constant.to(here.dtype).expand(len(ws), -1, -1, -1)
        else:
            under = self.embed_structure(structure[self.resolution // 2])
            x = self.conv0(torch.cat([x, under], 1), ws[:, 0], self._noise(0, len(ws), noise))
        x = self.conv1(torch.cat([x, here], 1), ws[:, -2], self._noise(1, len(ws), noise))
        return x, self.to_picture(x, ws[:, -1])

    def _noise(self, layer: int, batch: int, noise: Noise) -> Tensor | None:
        if noise == "random":
            return torch.randn(batch, 1, self.resolution, self.resolution, device=self.fixed_noise.device)
        return self.fixed_noise[layer] if noise == "fixed" else None


class Synthesis(nn.Module):
    """From styles and structure maps to a picture.

    How far it has grown is a buffer, `grown`: the resolution and how far that has faded in.  So weights know by
    themselves what they can draw, wherever they are loaded.
    """

    grown: Tensor

    def __init__(self, config: TeacherConfig) -> None:
        super().__init__()
        self.config = config
        self.blocks = nn.ModuleDict({str(px): SynthesisBlock(config, px) for px in config.resolutions})
        self.register_buffer("grown", torch.tensor([float(config.resolution), 1.0]))

    def grow(self, resolution: int, fade: float) -> None:
        """Note how far training has come: what is drawn from now on where nothing else is asked for."""
        self.grown.copy_(torch.tensor([float(resolution), fade]))

    def forward(
        self, ws: Tensor, maps: Tensor, grown: tuple[int, float] | None = None, noise: Noise = "random"
    ) -> Tensor:
        """Return pictures, float32 (B, 4, R, R), premultiplied RGBA about -1..1.

        Args:
            ws: (B, num_ws, w_dim).
            maps: (B, STRUCTURE_CHANNELS, S, S), see `engines.teacher.structure_maps`.
            grown: R, and how much it adds to the enlarged picture of the resolution before, 0..1; None: as noted.
            noise: where the layers' noise comes from.
        """
        config = self.config
        resolution, fade = grown or (int(self.grown[0]), float(self.grown[1]))
        assert ws.shape[1:] == (config.num_ws, config.w_dim), f"ws: got {tuple(ws.shape)}"
        assert maps.shape[1] == STRUCTURE_CHANNELS, f"maps: got {maps.shape[1]} channels, not {STRUCTURE_CHANNELS}"
        levels = [px for px in config.resolutions if px <= resolution]
        structure = pyramid(maps, levels)
        x: Tensor | None = None
        picture: Tensor | None = None
        for number, px in enumerate(levels):
            # A block's picture shares its style with the next block's first convolution, as in the paper's code.
            x, part = self.blocks[str(px)](x, structure, ws[:, max(2 * number - 1, 0) : 2 * number + 2], noise)
            if px == resolution and number and fade < 1.0:
                part = part * fade
            picture = part if picture is None else upsampled(picture) + part
        assert picture is not None
        return picture


class Generator(nn.Module):
    """Mapping and synthesis."""

    def __init__(self, config: TeacherConfig) -> None:
        super().__init__()
        self.config = config
        self.mapping = Mapping(config.z_dim, config.w_dim, config.mapping_layers)
        self.synthesis = Synthesis(config)

    def styles(self, w: Tensor) -> Tensor:
        """Return one style for all layers, (B, num_ws, w_dim), of w (B, w_dim)."""
        return w[:, None].expand(-1, self.config.num_ws, -1)

    def forward(
        self,
        z: Tensor,
        palette: Tensor,
        maps: Tensor,
        *,
        grown: tuple[int, float] | None = None,
        truncation_psi: float = 1.0,
        noise: Noise = "random",
    ) -> Tensor:
        """Return pictures of characters z with a palette, (B, 4, R, R); see `Synthesis` and `Mapping`."""
        ws = self.styles(self.mapping(z, palette, truncation_psi))
        picture: Tensor = self.synthesis(ws, maps, grown, noise)
        return picture


def mixed(ws: Tensor, other: Tensor, first_of_other: int) -> Tensor:
    """Return styles (B, num_ws, w_dim) whose layers from `first_of_other` on are the other's (style mixing).

    Source: "A Style-Based Generator Architecture for GANs", section 3.1.
    """
    return torch.cat([ws[:, :first_of_other], other[:, first_of_other:]], dim=1)
