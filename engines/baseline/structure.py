"""What direct synthesis sees: the maps of :mod:`engines.structure` without anything that views know."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor

from engines.structure import CHANNELS

#: Order of what is seen at twice the maps' resolution, four cells each: red, green, blue, coverage, trust, ink.
_COVERAGE, _INK, _SURFACE = slice(12, 16), slice(20, 24), slice(24, CHANNELS)
#: Normal (3), depth (1) and groups (8) of the surface, at the maps' resolution.
SURFACE_CHANNELS = CHANNELS - 24
#: Coverage and ink, at twice the maps' resolution.
FINE_CHANNELS = 2
#: Channels of the structure: coverage and ink, four cells as one each, then the surface.
STRUCTURE_CHANNELS = 4 * FINE_CHANNELS + SURFACE_CHANNELS


def structure_of(maps: Tensor) -> Tensor:
    """Return the structure, (B, STRUCTURE_CHANNELS, H, W), of maps (B, CHANNELS, H, W).

    Where the figure and its ink are is geometry; the colours there, and how well views show them, are not.
    """
    assert maps.shape[1] == CHANNELS, f"maps: got {maps.shape[1]} channels, expected {CHANNELS}"
    return torch.cat([maps[:, _COVERAGE], maps[:, _INK], maps[:, _SURFACE]], dim=1)


def fine_structure(structure: Tensor) -> Tensor:
    """Return a structure (B, STRUCTURE_CHANNELS, H, W) at twice its resolution, (B, 2 + SURFACE_CHANNELS, 2H, 2W)."""
    fine = F.pixel_shuffle(structure[:, : 4 * FINE_CHANNELS], 2)
    surface = F.interpolate(structure[:, 4 * FINE_CHANNELS :], scale_factor=2.0, mode="nearest")
    return torch.cat([fine, surface], dim=1)


def structure_pyramid(structure: Tensor) -> list[Tensor]:
    """Return a structure (B, STRUCTURE_CHANNELS, H, W) as pictures have it: :func:`fine_structure`, and at half of it.

    Both have 2 + SURFACE_CHANNELS channels.
    """
    fine = fine_structure(structure)
    coarse = torch.cat([F.avg_pool2d(fine[:, :FINE_CHANNELS], 2), structure[:, 4 * FINE_CHANNELS :]], dim=1)
    return [fine, coarse]
