"""Structure maps as a few channels of a layer's input, loud enough to be heard beside its features."""

from __future__ import annotations

from torch import Tensor, nn

from engines.teacher.equalised import EqualConv
from engines.teacher.structure_maps import STRUCTURE_CHANNELS

#: Mean energy of a cell of the structure maps that shows something: of their channels few are not 0 at a time (2 to 6,
#: measured on the seven avatars), while an equalised layer counts on all of them.
CELL_ENERGY = 3.0


class StructureEmbedding(nn.Module):
    """A 1x1 convolution from structure maps to channels of about unit variance where something is.

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = EqualConv(STRUCTURE_CHANNELS, width, kernel=1)
        self.scale = (STRUCTURE_CHANNELS / CELL_ENERGY) ** 0.5

    def forward(self, maps: Tensor) -> Tensor:
        """Apply to maps (B, STRUCTURE_CHANNELS, r, r); return (B, width, r, r)."""
        embedded: Tensor = self.conv(maps * self.scale)
        return embedded
