"""The regressor: three small convolutional networks that read controls back from pictures."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engines.controls import INDEX, SPEC, mirrored
from engines.evaluation.reading import BODY_CONTROLS, FACE_CONTROLS, READ_CONTROLS, READ_PX

#: Channels after each halving of the picture's size, and of the features that readings come from.
WIDTHS = (24, 48, 64, 96, 128)
FEATURES = 64
#: Parts of the last map and of the features that are left out while learning: the pictures are few.
_LEFT_OUT = (0.3, 0.1)


class Trunk(nn.Module):
    """Features of one crop: five convolutions that halve it.

    The last map keeps its 4 x 4 places (no pooling over them): where a head or a hand is says how it is turned.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for width in WIDTHS:
            layers += [nn.Conv2d(before, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            before = width
        side = READ_PX >> len(WIDTHS)
        self.maps = nn.Sequential(*layers)
        self.features = nn.Sequential(
            nn.Flatten(), nn.Dropout(_LEFT_OUT[0]), nn.Linear(before * side * side, FEATURES), nn.SiLU()
        )

    def forward(self, picture: Tensor) -> Tensor:
        """Return features, (B, FEATURES), of pictures (B, 3, READ_PX, READ_PX), RGB, 0..1."""
        assert picture.shape[1:] == (3, READ_PX, READ_PX), picture.shape
        features: Tensor = self.features(self.maps(picture * 4 - 2))
        return features


class Regressor(nn.Module):
    """Reads all controls, with the mean and standard deviation of what it learned from, so that units come out.

    Args:
        mean: (len(READ_CONTROLS),), in the controls' own units.
        deviation: the same shape.
    """

    def __init__(self, mean: Tensor, deviation: Tensor) -> None:
        super().__init__()
        self.whole, self.head, self.face = Trunk(), Trunk(), Trunk()
        self.body_readings = nn.Sequential(nn.Dropout(_LEFT_OUT[1]), nn.Linear(2 * FEATURES, len(BODY_CONTROLS)))
        self.face_readings = nn.Sequential(nn.Dropout(_LEFT_OUT[1]), nn.Linear(FEATURES, len(FACE_CONTROLS)))
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", mean.float())
        self.register_buffer("deviation", deviation.float())

    def read(self, whole: Tensor, head: Tensor, face: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return readings in standard deviations from the mean, (B, len(READ_CONTROLS)), and features.

        Args:
            whole: (B, 3, READ_PX, READ_PX), RGB, 0..1.
            head: the same shape.
            face: the same shape.

        Returns:
            readings, and the features of whole and face, (B, FEATURES) each.
        """
        of_whole, of_head, of_face = self.whole(whole), self.head(head), self.face(face)
        body = self.body_readings(torch.cat([of_whole, of_head], dim=1))
        return torch.cat([body, self.face_readings(of_face)], dim=1), of_whole, of_face

    def forward(self, whole: Tensor, head: Tensor, face: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return readings in degrees and weights, averaged with what the mirror image says, and features as above."""
        readings, of_whole, of_face = self.read(whole, head, face)
        turned, _, _ = self.read(whole.flip(3), head.flip(3), face.flip(3))
        order, sign = _mirror()
        own = readings * self.deviation + self.mean
        other = (turned * self.deviation + self.mean)[:, order] * sign
        return (own + other) / 2, of_whole, of_face


def _mirror() -> tuple[Tensor, Tensor]:
    """Return where in the mirror image's readings each control stands, and its sign there."""
    numbers = torch.arange(1, len(SPEC) + 1).float().numpy()
    turned = mirrored(numbers)  # 1-based numbers of where each comes from, with signs
    rows = [INDEX[name] for name in READ_CONTROLS]
    source = {int(abs(numbers[row])): column for column, row in enumerate(rows)}
    order = torch.tensor([source[int(abs(turned[row]))] for row in rows])
    return order, torch.tensor([1.0 if turned[row] > 0 else -1.0 for row in rows])
