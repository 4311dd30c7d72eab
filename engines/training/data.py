"""Batches for the student: pictures from a data set's shards, structure maps computed on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from engines import affine, controls
from engines.character import Character
from engines.errors import DatasetError
from engines.framing import between
from engines.sheet import FACE_VIEWS, POSE_VIEWS
from engines.structure import FACE_GRID, CharacterGeometry
from engines.studio.dataset_plan import Split
from engines.studio.dataset_reader import DatasetReader
from engines.studio.labels import FACE_LABEL_PX
from engines.studio.sample_files import PICTURE, face_labels, picture_of

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

#: Pixels per side of the pictures and of the face pictures that the student is compared with.
PICTURE_PX = 256
FACE_PX = 128
#: Every so manieth cell of the stored face labels is a cell of the flow grid, whose centre lies this much further
#: right and down (the face frame and the face views have one scale: there the flow moves by as much).
_STEP = FACE_LABEL_PX // FACE_GRID
_TO_CENTRE = (1 / FACE_GRID - 1 / FACE_LABEL_PX) / 2
#: The face views come after the pose views in a character's truth.
_FACES = slice(len(POSE_VIEWS), len(POSE_VIEWS) + len(FACE_VIEWS))


@dataclass(frozen=True, slots=True)
class CharacterTensors:
    """A set's characters as tensors.

    Args:
        pose_views: (characters, V, 4, h, w), premultiplied RGBA 0..1, at the training resolution.
        face_views: (characters, E, 4, FACE_PX, FACE_PX).
        face_inputs: (characters, 4 E, FACE_GRID, FACE_GRID), what the face branch sees of them.
    """

    pose_views: Tensor
    face_views: Tensor
    face_inputs: Tensor

    @classmethod
    def of(cls, characters: Sequence[Character], pose_px: int, face_px: int = FACE_PX) -> CharacterTensors:
        """Scale the characters' sheets down to the given sizes."""
        return cls(
            pose_views=torch.stack([_scaled(character.sheet.pose_views, pose_px) for character in characters]),
            face_views=torch.stack([_scaled(character.sheet.face_views, face_px) for character in characters]),
            face_inputs=torch.stack([face_inputs(character) for character in characters]),
        )

    def to(self, device: torch.device) -> CharacterTensors:
        """Return the same on a device."""
        return CharacterTensors(
            pose_views=self.pose_views.to(device),
            face_views=self.face_views.to(device),
            face_inputs=self.face_inputs.to(device),
        )


def face_inputs(character: Character) -> Tensor:
    """Return a character's face views as the face branch sees them, (4 E, FACE_GRID, FACE_GRID), 0..1."""
    return _scaled(character.sheet.face_views, FACE_GRID).flatten(0, 1)


def _scaled(views: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], size: int) -> Tensor:
    """Return views (V, H, W, 4) as (V, 4, size, size) in 0..1."""
    small = [cv2.resize(view, (size, size), interpolation=cv2.INTER_AREA) for view in views]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 255


class PoseDataset(Dataset[dict[str, Tensor]]):
    """The portraits of one split with their structure maps and exact face flow.

    Args:
        folder: a data set with the key views of `student`, made by `animirror dataset make`.
        split: which part of it.
        like: another split of the same set: its characters come first, in its order, and are shared with it.

    Raises:
        DatasetError: the set is unfinished, damaged or for another control spec, or has nothing of the split.
    """

    def __init__(self, folder: Path, split: Split = "train", like: PoseDataset | None = None) -> None:
        cv2.setNumThreads(1)
        self._reader = DatasetReader(folder, split, "portrait")
        views = self._reader.manifest["options"]["views"]
        if views != "student":
            raise DatasetError(f"{folder}: its key views are {views!r}; this student needs --views student")
        first: tuple[str, ...] = like.names if like else ()
        self.names: tuple[str, ...] = (*first, *(name for name in self._reader.characters if name not in first))
        self.characters: list[Character] = like.characters[:] if like else []
        self.characters += [self._reader.character(name) for name in self.names[len(first) :]]
        own = [self.names.index(name) for name in self._reader.characters]
        self._character = np.array(own)[self._reader.character_of]
        self._geometry: dict[int, CharacterGeometry] = {}

    def __len__(self) -> int:
        return len(self._reader)

    def rows_of(self, character: int) -> list[int]:
        """Return the rows that show the character of this index."""
        return [int(row) for row in np.flatnonzero(self._character == character)]

    def __getitem__(self, item: int) -> dict[str, Tensor]:
        character = int(self._character[item])
        files = self._reader.files(item)
        labels = face_labels(files)
        structure = self._geometry_of(character).structure(labels.controls)
        whole = np.asarray(cv2.cvtColor(picture_of(files[PICTURE]), cv2.COLOR_RGBA2mRGBA), np.uint8)
        places, seen = self._reader.truth(self.names[character]).flow(
            labels.triangle[::_STEP, ::_STEP], labels.barycentric[::_STEP, ::_STEP], _FACES
        )
        return {
            "character": torch.tensor(character),
            "body": torch.from_numpy(structure.body),
            "base": torch.from_numpy(structure.base).permute(0, 3, 1, 2),  # (V, 2, GRID, GRID)
            "face": torch.from_numpy(structure.face),
            "face_base": torch.from_numpy(structure.face_base).permute(2, 0, 1),  # (2, FACE_GRID, FACE_GRID)
            "picture_to_face": torch.from_numpy(structure.picture_to_face),
            "condition": torch.from_numpy(controls.normalised(labels.controls, controls.PORTRAIT_NAMES)),
            "picture": _channels_first(cv2.resize(whole, (PICTURE_PX, PICTURE_PX), interpolation=cv2.INTER_AREA)),
            "face_picture": _channels_first(_cut_out(whole, labels.camera, labels.face_camera)),
            "face_places": torch.from_numpy(places + np.float32(_TO_CENTRE)),  # (E, 2, FACE_GRID, FACE_GRID)
            "face_seen": torch.from_numpy(seen),  # (E, FACE_GRID, FACE_GRID)
        }

    def _geometry_of(self, character: int) -> CharacterGeometry:
        if character not in self._geometry:
            one = self.characters[character]
            self._geometry[character] = CharacterGeometry(one.proportions, one.sheet)
        return self._geometry[character]


def _cut_out(whole: U8, camera: F32, face: F32) -> U8:
    """Cut the face frame out of a picture, (FACE_PX, FACE_PX, 4)."""
    axis = (np.arange(FACE_PX, dtype=np.float32) + 0.5) / FACE_PX
    cells = np.stack(np.meshgrid(axis, axis), axis=-1)
    pixels = affine.apply(between(face, camera), cells) * np.float32(len(whole)) - np.float32(0.5)
    return np.asarray(cv2.remap(whole, pixels.astype(np.float32), None, cv2.INTER_LINEAR), np.uint8)


def _channels_first(picture: npt.NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)
