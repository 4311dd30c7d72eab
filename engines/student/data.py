"""What the student learns from: structure maps of a data set's poses and their true pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from engines import controls
from engines.character import Character
from engines.errors import DatasetError
from engines.framing import Framing
from engines.sheet import Sheet, premultiplied
from engines.structure import CHANNELS, FINE_PX, CharacterStructure
from engines.studio.dataset_plan import Split
from engines.studio.dataset_reader import DatasetReader
from engines.studio.part_names import Part
from engines.studio.sample_files import PICTURE, parts_and_pose, picture_of

U8 = npt.NDArray[np.uint8]

#: Pictures are compared at this size: half of what is drawn.
PICTURE_PX = 256
DRAWN_PX = PICTURE_PX * FINE_PX
#: The key views that the encoder reads, and their size.
ENCODER_VIEWS = ("front", "left", "up", "face")
ENCODER_PX = 64
#: What is small and looked at most weighs this much more (THA4 uses 20).
FEATURE_WEIGHT = 4.0
_FEATURES = (Part.EYE_WHITE, Part.IRIS, Part.HIGHLIGHT, Part.LASHES, Part.BROWS, Part.MOUTH)
_SKIN = (Part.FACE_SKIN, Part.HANDS)


def encoder_views(sheet: Sheet) -> Tensor:
    """Return what the encoder sees of a sheet, uint8 (4 views, ENCODER_PX, ENCODER_PX), premultiplied RGBA.

    Raises:
        DatasetError: the sheet has no such views.
    """
    names = [view.name for view in sheet.views]
    missing = [name for name in ENCODER_VIEWS if name not in names]
    if missing:
        raise DatasetError(f"the sheet has no view {missing[0]!r}; this student needs --views character")
    small = [
        cv2.resize(
            premultiplied(sheet.pictures[names.index(name)]), (ENCODER_PX, ENCODER_PX), interpolation=cv2.INTER_AREA
        )
        for name in ENCODER_VIEWS
    ]
    return torch.from_numpy(np.concatenate([view.transpose(2, 0, 1) for view in small]))


class PoseDataset(Dataset[dict[str, Tensor]]):
    """The pictures of one split with their structure maps.

    The maps of a sample are computed when it is first asked for and kept beside the data set: they take longer than all
    the rest of a training step.

    Args:
        folder: a data set made by `animirror dataset make`.
        split: which part of it.
        framing: only pictures of this framing; None for all.
        like: another split of the same set: its characters come first, in its order, and are shared with it.
        keep: whether maps are kept on disk, 0.8 MB per sample.

    Raises:
        DatasetError: the set is unfinished, damaged or for another control spec, or has nothing of the split.
    """

    def __init__(
        self,
        folder: Path,
        split: Split = "train",
        framing: Framing | None = None,
        like: PoseDataset | None = None,
        *,
        keep: bool = True,
    ) -> None:
        self._reader = DatasetReader(folder, split, framing)
        first: tuple[str, ...] = like.names if like else ()
        self.names: tuple[str, ...] = (*first, *(name for name in self._reader.characters if name not in first))
        self.characters: list[Character] = like.characters[:] if like else []
        self.characters += [self._reader.character(name) for name in self.names[len(first) :]]
        self.encoder_views = torch.stack([encoder_views(character.sheet) for character in self.characters])
        own = [self.names.index(name) for name in self._reader.characters]
        self._character = np.array(own)[self._reader.character_of]
        self._structures: dict[int, CharacterStructure] = {}
        self._kept = folder / "maps" / f"{split}-{framing or 'all'}" if keep else None

    def __len__(self) -> int:
        return len(self._reader)

    def rows_of(self, character: int) -> list[int]:
        """Return the rows that show the character of this index."""
        return [int(row) for row in np.flatnonzero(self._character == character)]

    def __getitem__(self, item: int) -> dict[str, Tensor]:
        packed = self._packed(item)
        seen = packed["maps"]
        return {
            "character": torch.tensor(int(self._character[item])),
            "maps": torch.from_numpy(seen),
            "condition": torch.from_numpy(packed["condition"]),
            "picture": torch.from_numpy(packed["picture"]),
            "weight": torch.from_numpy(packed["weight"]),
        }

    def _packed(self, item: int) -> dict[str, npt.NDArray[Any]]:
        path = None if self._kept is None else self._kept / f"{item:06d}.npz"
        if path is not None and path.exists():
            try:
                with np.load(path) as file:
                    return {name: file[name] for name in file.files}
            except (OSError, ValueError, KeyError, EOFError):
                path.unlink(missing_ok=True)
        packed = self._computed(item)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(f".{os.getpid()}.part")
            with partial.open("wb") as stream:
                np.savez(stream, **packed)
            partial.replace(path)
        return packed

    def _computed(self, item: int) -> dict[str, npt.NDArray[Any]]:
        files = self._reader.files(item)
        vector, parts, framing = parts_and_pose(files)
        structure = self._structure_of(int(self._character[item])).structure(vector, framing, DRAWN_PX)
        whole = np.asarray(cv2.cvtColor(picture_of(files[PICTURE]), cv2.COLOR_RGBA2mRGBA), np.uint8)
        small = cv2.resize(whole, (PICTURE_PX, PICTURE_PX), interpolation=cv2.INTER_AREA)
        weight = np.where(np.isin(parts, _FEATURES), 2, np.where(np.isin(parts, _SKIN), 1, 0)).astype(np.uint8)
        return {
            "maps": np.clip(np.round(structure.maps * MAP_STEPS), -128, 127).astype(np.int8),
            "condition": controls.normalised(vector),
            "picture": np.ascontiguousarray(small.transpose(2, 0, 1)),
            "weight": weight,
        }

    def _structure_of(self, character: int) -> CharacterStructure:
        if character not in self._structures:
            if len(self._structures) >= _KEPT_STRUCTURES:
                del self._structures[next(iter(self._structures))]
            one = self.characters[character]
            self._structures[character] = CharacterStructure(one.proportions, one.figure, one.sheet)
        return self._structures[character]


#: Maps are kept in 127ths.
MAP_STEPS = 127
_KEPT_STRUCTURES = 8


def unpacked_maps(maps: Tensor) -> Tensor:
    """Return kept maps (B, CHANNELS, H, W) as float32."""
    assert maps.shape[1] == CHANNELS, f"maps: got {maps.shape[1]} channels, expected {CHANNELS}"
    return maps.float() / MAP_STEPS


def importance(weight: Tensor) -> Tensor:
    """Return each pixel's weight in the losses, (B, 1, H, W), of the parts' levels (B, H, W)."""
    return (1.0 + (FEATURE_WEIGHT - 1.0) / 2.0 * weight.float())[:, None]
