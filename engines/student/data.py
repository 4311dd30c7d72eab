"""What the student learns from: structure maps of a data set's poses, and their true pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from engines.framing import Framing
from engines.sheet import Sheet
from engines.structure import CHANNELS
from engines.student.maps import MAP_STEPS, maps_folder, read_maps
from engines.studio.dataset_plan import Split
from engines.studio.dataset_reader import DatasetReader
from engines.style import encoder_input

#: Eyes, brows and mouth weigh this much more than the rest (THA4 uses 20), skin half as much more.
FEATURE_WEIGHT = 4.0


def encoder_views(sheet: Sheet) -> Tensor:
    """Return what the encoder sees of a sheet, uint8 (4 views, ENCODER_PX, ENCODER_PX), premultiplied RGBA.

    Raises:
        CharacterError: the sheet has no such views.
    """
    return torch.from_numpy(np.round(encoder_input(sheet)[0] * 255).astype(np.uint8))


class PoseDataset(Dataset[dict[str, Tensor]]):
    """The pictures of one split with their structure maps, which :func:`engines.student.maps.prepare_maps` made.

    Args:
        folder: a data set made by `animirror dataset make`.
        split: which part of it.
        framing: only pictures of this framing; None for all.
        like: another split of the same set: its characters come first, in its order.

    Raises:
        DatasetError: the set is unfinished, damaged or for another control spec, or has nothing of the split.
    """

    def __init__(
        self, folder: Path, split: Split = "train", framing: Framing | None = None, like: PoseDataset | None = None
    ) -> None:
        reader = DatasetReader(folder, split, framing)
        first: tuple[str, ...] = like.names if like else ()
        new = [name for name in reader.characters if name not in first]
        self.names: tuple[str, ...] = (*first, *new)
        views = [encoder_views(reader.character(name).sheet) for name in new]
        #: uint8, (characters, 4 views, ENCODER_PX, ENCODER_PX), see :func:`encoder_views`.
        self.encoder_views: Tensor = torch.stack([*(like.encoder_views if like else ()), *views])
        own = [self.names.index(name) for name in reader.characters]
        self._character = [own[number] for number in reader.character_of]
        self._maps = maps_folder(folder, split, framing)

    def __len__(self) -> int:
        return len(self._character)

    def __getitem__(self, item: int) -> dict[str, Tensor]:
        kept = read_maps(self._maps, item)
        return {
            "character": torch.tensor(self._character[item]),
            **{name: torch.from_numpy(kept[name]) for name in ("maps", "condition", "picture", "level")},
        }


def unpacked_maps(maps: Tensor) -> Tensor:
    """Return kept maps (B, CHANNELS, H, W) as float32."""
    assert maps.shape[1] == CHANNELS, f"maps: got {maps.shape[1]} channels, expected {CHANNELS}"
    return maps.float() / MAP_STEPS


def importance(level: Tensor) -> Tensor:
    """Return each pixel's weight in the losses, (B, 1, H, W), of the levels (B, H, W)."""
    return (1.0 + (FEATURE_WEIGHT - 1.0) / 2.0 * level.float())[:, None]
