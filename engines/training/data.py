"""Batches for the student: pictures from disk, structure maps computed on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from engines import controls
from engines.character import Character, load_character
from engines.errors import DatasetError
from engines.structure import FACE_GRID, CharacterGeometry
from engines.studio.dataset import FACE_PX, done_rows, open_fields
from engines.studio.truth import FaceTruth

#: The last rows of every character are kept for evaluation.
HELD_OUT = 100


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
    """Pictures of several characters with their structure maps and exact face flow.

    Args:
        folders: one folder per character, made by `engines.studio.dataset`.
        held_out: whether to read the rows kept for evaluation instead of the others.

    Raises:
        DatasetError: a folder is incomplete or holds too few rows.
    """

    def __init__(self, folders: Sequence[Path], held_out: bool = False) -> None:
        cv2.setNumThreads(1)
        self.characters = [load_character(folder / "character") for folder in folders]
        self._geometry = [CharacterGeometry(one.proportions, one.sheet) for one in self.characters]
        self._truth = [FaceTruth.load(folder / "face_truth.npz") for folder in folders]
        self._arrays = [open_fields(folder) for folder in folders]
        self._rows: list[tuple[int, int]] = []
        for index, folder in enumerate(folders):
            done = done_rows(folder)
            if done <= HELD_OUT:
                raise DatasetError(f"{folder}: only {done} rows, needs more than {HELD_OUT}")
            rows = range(done - HELD_OUT, done) if held_out else range(done - HELD_OUT)
            self._rows += [(index, row) for row in rows]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, item: int) -> dict[str, Tensor]:
        character, row = self._rows[item]
        arrays = self._arrays[character]
        vector = np.asarray(arrays["controls"][row], np.float32)
        structure = self._geometry[character].structure(vector)
        barycentric = np.asarray(arrays["face_barycentric"][row], np.float32)
        places, seen = self._truth[character].flow(np.asarray(arrays["face_triangle"][row]), barycentric)
        return {
            "character": torch.tensor(character),
            "body": torch.from_numpy(structure.body),
            "base": torch.from_numpy(structure.base).permute(0, 3, 1, 2),  # (V, 2, GRID, GRID)
            "face": torch.from_numpy(structure.face),
            "face_base": torch.from_numpy(structure.face_base).permute(2, 0, 1),  # (2, FACE_GRID, FACE_GRID)
            "picture_to_face": torch.from_numpy(structure.picture_to_face),
            "condition": torch.from_numpy(controls.normalised(vector, controls.PORTRAIT_NAMES)),
            "picture": torch.from_numpy(np.array(arrays["picture"][row])).permute(2, 0, 1),  # uint8
            "face_picture": torch.from_numpy(np.array(arrays["face"][row])).permute(2, 0, 1),  # uint8
            "face_places": torch.from_numpy(places),  # (E, 2, FACE_GRID, FACE_GRID)
            "face_seen": torch.from_numpy(seen),  # (E, FACE_GRID, FACE_GRID)
        }
