"""The discriminators: whether patches look like renders, given the structure, at two scales.

Source: T.-C. Wang et al. (CVPR 2018), section 3.2 (several scales, feature matching); P. Isola et al., "Image-to-Image
Translation with Conditional Adversarial Networks" (CVPR 2017), section 3.2.2 (patches); X. Mao et al., "Least Squares
Generative Adversarial Networks" (ICCV 2017), equation 9, with 1 for true and 0 for false.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor, nn

from engines.baseline.structure import FINE_CHANNELS, SURFACE_CHANNELS

#: How many discriminators there are; the second one sees half of the first one's resolution.
SCALES = 2
#: What each discriminator says: the features of each layer, and last a score for each patch, (B, 1, h, w).
Judgement = list[list[Tensor]]


class PatchDiscriminator(nn.Module):
    """Four layers, of which each score sees 46 pixels.

    Args:
        width: channels of the first layer.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        channels = 4 + FINE_CHANNELS + SURFACE_CHANNELS
        self.layers = nn.ModuleList(
            [
                nn.Conv2d(channels, width, 4, 2, 1),
                nn.Conv2d(width, 2 * width, 4, 2, 1),
                nn.Conv2d(2 * width, 4 * width, 4, 2, 1),
                nn.Conv2d(4 * width, 1, 4, 1, 1),
            ]
        )
        self.norms = nn.ModuleList([nn.InstanceNorm2d(2 * width), nn.InstanceNorm2d(4 * width)])

    def forward(self, x: Tensor) -> list[Tensor]:
        """Judge x (B, 4 + FINE_CHANNELS + SURFACE_CHANNELS, H, W); return features and scores."""
        features = [F.leaky_relu(self.layers[0](x), 0.2)]
        for layer, norm in zip(self.layers[1:3], self.norms, strict=True):
            features.append(F.leaky_relu(norm(layer(features[-1])), 0.2))
        return [*features, self.layers[3](features[-1])]


class Discriminator(nn.Module):
    """The same discriminator twice: on pictures, and on pictures of half their size."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.scales = nn.ModuleList(PatchDiscriminator(width) for _ in range(SCALES))

    def forward(self, picture: Tensor, structures: Sequence[Tensor]) -> Judgement:
        """Judge pictures (B, 4, H, W) with :func:`engines.baseline.structure.structure_pyramid`."""
        pictures = [picture, F.avg_pool2d(picture, 2)]
        return [scale(torch.cat(pair, dim=1)) for scale, *pair in zip(self.scales, pictures, structures, strict=True)]


def true_loss(said: Judgement, truth: float) -> Tensor:
    """Return how far all scores are from `truth`, squared, the mean over scales: a scalar."""
    return torch.stack([(scale[-1].float() - truth).square().mean() for scale in said]).mean()


def feature_loss(said: Judgement, of_true: Judgement) -> Tensor:
    """Return how far the features of generated pictures are from those of true ones, a scalar."""
    pairs = [pair for ours, true in zip(said, of_true, strict=True) for pair in _pairs(ours, true)]
    return torch.stack([(ours.float() - true.detach().float()).abs().mean() for ours, true in pairs]).mean()


def _pairs(ours: Sequence[Tensor], true: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
    return list(zip(ours[:-1], true[:-1], strict=True))
