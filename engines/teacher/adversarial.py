"""The adversarial losses and what keeps them steady: non-saturating, R1, path length.

Penalties are gradients of gradients: they are computed in float32, outside of autocast, and only every so many steps
("lazily"), with as many times the weight.

Source: I. Goodfellow et al., "Generative Adversarial Nets" (2014), section 3 (non-saturating); L. Mescheder et al.,
"Which Training Methods for GANs do actually Converge?" (ICML 2018), equation 9 (R1); T. Karras et al., "Analyzing and
Improving the Image Quality of StyleGAN" (CVPR 2020), section 3.2 and appendix B (path length), 3.1 (lazy).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor, nn

#: Decay of the running mean of path lengths (the paper's 0.99 per step with the penalty).
PATH_DECAY = 0.99


def generator_loss(fake: Tensor) -> Tensor:
    """Return -log of how true generated pictures look, a scalar; `fake` are logits (B,)."""
    return F.softplus(-fake).mean()


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Return -log of how well true and generated pictures are told apart, a scalar; logits (B,) each."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def r1_penalty(pictures: Tensor, logits: Tensor) -> Tensor:
    """Return the mean squared norm of the logits' gradient over true pictures, a scalar (without gamma / 2).

    Args:
        pictures: (B, C, H, W), which the logits depend on.
        logits: (B,).
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean()


def path_lengths(pictures: Tensor, ws: Tensor, noise: Tensor) -> Tensor:
    """Return how much pictures change with their styles, (B,).

    It is the length of J^T y for a picture y of noise at a variance of one over the number of pixels, the mean square
    over a picture's styles: as in the paper's code.

    Args:
        pictures: (B, C, H, W), which the styles decide on.
        ws: (B, num_ws, w_dim).
        noise: of the pictures' shape, standard normal.
    """
    pixels = pictures.shape[2] * pictures.shape[3]
    (gradient,) = torch.autograd.grad((pictures * noise).sum() / pixels**0.5, ws, create_graph=True)
    return gradient.square().sum(dim=2).mean(dim=1).sqrt()


class PathLength(nn.Module):
    """The path-length penalty, with its running mean length as a buffer, so that a checkpoint holds it."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, pictures: Tensor, ws: Tensor) -> Tensor:
        """Return how far path lengths are from their running mean, squared, a scalar; moves the mean on."""
        lengths = path_lengths(pictures, ws, torch.randn_like(pictures))
        self.mean.copy_(torch.lerp(lengths.mean().detach(), self.mean, PATH_DECAY))
        return (lengths - self.mean).square().mean()
