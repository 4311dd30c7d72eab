"""The mapping network: from a latent z and a palette to a style w, with truncation towards the mean style.

Source: T. Karras et al., "A Style-Based Generator Architecture for GANs" (CVPR 2019), section 2 and appendix B
(truncation), appendix C (learning rate multiplier); the condition's embedding is that of `stylegan2-ada-pytorch`.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from engines.teacher.equalised import EqualLinear, pixel_norm
from engines.teacher.palette_condition import PALETTE_LENGTH

#: How fast the mapping learns beside the rest (StyleGAN, appendix C).
MAPPING_LR = 0.01
#: Decay of the running mean of w (`stylegan2-ada-pytorch`, `w_avg_beta`).
W_AVG_DECAY = 0.998


class Mapping(nn.Module):
    """Fully connected layers from (z, palette) to w.

    Args:
        z_dim: length of z.
        w_dim: length of w.
        layers: how many.
    """

    w_avg: Tensor

    def __init__(self, z_dim: int, w_dim: int, layers: int = 8) -> None:
        super().__init__()
        self.embed_palette = EqualLinear(PALETTE_LENGTH, w_dim)
        widths = [z_dim + w_dim] + [w_dim] * layers
        self.layers = nn.ModuleList(
            EqualLinear(a, b, lr_multiplier=MAPPING_LR, activate=True) for a, b in pairwise(widths)
        )
        self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(
        self, z: Tensor, palette: Tensor, truncation_psi: float = 1.0, *, update_average: bool = False
    ) -> Tensor:
        """Return styles, (B, w_dim), float32.

        Args:
            z: (B, z_dim); only its direction counts.
            palette: (B, PALETTE_LENGTH), see `engines.teacher.palette_condition`.
            truncation_psi: 1 leaves w alone, 0 gives the mean style.
            update_average: whether these styles enter the running mean.
        """
        assert palette.shape == (len(z), PALETTE_LENGTH), f"palette: got {tuple(palette.shape)}"
        # Styles are few and everything hangs on them: bf16 would save nothing.
        with torch.autocast(z.device.type, enabled=False):
            condition = pixel_norm(self.embed_palette(palette.float()))
            x = torch.cat([pixel_norm(z), condition], dim=1)  # (B, z_dim + w_dim)
            for layer in self.layers:
                x = layer(x)
        if update_average:
            with torch.no_grad():
                self.w_avg.lerp_(x.mean(0), 1 - W_AVG_DECAY)
        return truncated(x, self.w_avg, truncation_psi)


def truncated(w: Tensor, w_avg: Tensor, psi: float) -> Tensor:
    """Return styles (..., w_dim) moved towards the mean: all of them at psi 1, the mean itself at psi 0."""
    return w if psi == 1.0 else w_avg + psi * (w - w_avg)
