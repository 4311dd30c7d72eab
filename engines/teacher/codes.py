"""The latent codes of the characters that there are renders of.

Each has a learnt place in the same latent space that sampled characters are drawn from (an auto-decoder): the mapping
network maps both, so a sampled z means something from the first step on, and characters can be mixed.  Two things
keep the places where z ~ N(0, I) expects them: their moments are held at those of N(0, I), and noise is added to a
place whenever it is used, so that each character fills a region and not a point.  See
docs/decisions/0009-teacher.md.

Source: J. Park et al., "DeepSDF" (CVPR 2019), section 4.2 (auto-decoder with a Gaussian prior); D. Kingma and M.
Welling, "Auto-Encoding Variational Bayes" (ICLR 2014), for the noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

#: Share of the variance of z that is noise when a character's code is used in training.
NOISE_SHARE = 0.1


class Codes(nn.Module):
    """One latent code per character.

    Args:
        names: of the characters, in the order of their indices.
        z_dim: length of a code.
    """

    def __init__(self, names: Sequence[str], z_dim: int) -> None:
        super().__init__()
        self.names = tuple(names)
        self.z = nn.Parameter(torch.randn(len(self.names), z_dim))

    def forward(self, character: Tensor) -> Tensor:
        """Return latents (B, z_dim) of characters (B,): their places, and noise in training."""
        z: Tensor = self.z[character]
        if not self.training:
            return z
        noisy: Tensor = (1 - NOISE_SHARE) ** 0.5 * z + NOISE_SHARE**0.5 * torch.randn_like(z)
        return noisy

    def prior_loss(self) -> Tensor:
        """Return how far the codes' mean and each code's mean square are from those of N(0, I), a scalar.

        The mean of N codes has a variance of 1 / N even under N(0, I): only what exceeds that counts.
        """
        off: Tensor = (self.z.mean(dim=0).square().mean() - 1 / len(self.z)).clamp(min=0)
        size: Tensor = (self.z.square().mean(dim=1) - 1).square().mean()
        total: Tensor = off + size
        return total
