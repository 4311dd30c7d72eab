"""The latent codes of the characters that there are renders of.

Each has a learnt place in the same latent space that sampled characters are drawn from (an auto-decoder): the mapping
network maps both, so a sampled z means something from the first step on, and characters can be mixed.  Characters made
of one avatar by recolouring are near one another: a code is the avatar's and a smaller part of its own.  In training
the own part is noise every other time.  So an avatar fills a region of the space and not a point, and what the palette
says must be read from the palette, because half of the time nothing else says it.  The places' moments are held at
those of N(0, I), where z is sampled.  See docs/decisions/0009-teacher.md.

Source: J. Park et al., "DeepSDF" (CVPR 2019), section 4.2 (auto-decoder with a Gaussian prior); D. Kingma and M.
Welling, "Auto-Encoding Variational Bayes" (ICLR 2014), for the noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

#: Share of the variance of z that is a character's own and not its avatar's.
OWN_SHARE = 0.25
#: How often in training noise stands in for the own part.
NOISY = 0.5


class Codes(nn.Module):
    """One latent code per character.

    Args:
        bases: the avatar that each character was made of, in the order of the characters' indices.
        z_dim: length of a code.
    """

    base_of: Tensor

    def __init__(self, bases: Sequence[str], z_dim: int) -> None:
        super().__init__()
        self.base_names: tuple[str, ...] = tuple(dict.fromkeys(bases))
        self.base = nn.Parameter(torch.randn(len(self.base_names), z_dim))
        self.own = nn.Parameter(torch.randn(len(bases), z_dim))
        rows = [self.base_names.index(base) for base in bases]
        self.register_buffer("base_of", torch.tensor(rows), persistent=False)

    def forward(self, character: Tensor) -> Tensor:
        """Return latents (B, z_dim) of characters (B,): their places, or in training somewhere near them."""
        own = self.own[character]
        if self.training:
            noisy = torch.rand(len(own), 1, device=own.device) < NOISY
            own = torch.where(noisy, torch.randn_like(own), own)
        z: Tensor = (1 - OWN_SHARE) ** 0.5 * self.base[self.base_of[character]] + OWN_SHARE**0.5 * own
        return z

    def prior_loss(self) -> Tensor:
        """Return how far the codes' mean and each code's mean square are from those of N(0, I), a scalar."""
        return _moments(self.base) + _moments(self.own)


def _moments(codes: Tensor) -> Tensor:
    """Return what the moments of codes, (N, z_dim), cost.

    The mean of N codes has a variance of 1 / N even under N(0, I): only what exceeds that counts.
    """
    off: Tensor = (codes.mean(dim=0).square().mean() - 1 / len(codes)).clamp(min=0)
    size: Tensor = (codes.square().mean(dim=1) - 1).square().mean()
    total: Tensor = off + size
    return total
