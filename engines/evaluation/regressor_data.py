"""What the regressor learns from: renders with their controls, changed so that only pose and expression stay.

Colours are turned, backgrounds exchanged, crops shifted and blurred, and every other picture mirrored, so that a
reading neither hangs on who is shown nor on how sharply.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engines.controls import mirrored
from engines.errors import DatasetError
from engines.evaluation.pose_label import pose_and_cameras
from engines.evaluation.reading import CROPS, READ_PX, Crops, crops, joined, premultiplied
from engines.framing import Framing
from engines.studio.dataset_plan import Split
from engines.studio.dataset_reader import DatasetReader
from engines.studio.sample_files import PICTURE, picture_of

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: Largest shift (of the crop's width), change of size and turn in degrees.  The whole picture moves little: where the
#: head stands in it says how the torso leans; neither it nor the head is turned, for their turn is read.
_MOVES: dict[str, tuple[float, float, float]] = {
    "whole": (0.012, 0.02, 0.0),
    "head": (0.04, 0.06, 0.0),
    "face": (0.025, 0.05, 3.0),
}
#: Largest side of what is hidden by a patch in half of the crops, in parts of the crop's.
_PATCH = 0.3
#: ITU-R BT.601 luma.
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """Pictures as the regressor sees them, N of them, and what they show.

    Args:
        crops: premultiplied RGBA.
        controls: float32, (N, len(SPEC)).
    """

    crops: Crops
    controls: F32

    def __len__(self) -> int:
        return len(self.controls)

    def chosen(self, rows: npt.NDArray[np.intp]) -> Readable:
        """Return some of the pictures."""
        return Readable(crops=self.crops.chosen(rows), controls=self.controls[rows])


def readable(folder: Path, split: Split, framing: Framing = "portrait", limit: int = 0) -> Readable:
    """Return the pictures of a split, crops only: 200 kB each.

    Args:
        folder: a data set.
        split: which part of it.
        framing: of the pictures.
        limit: this many at most, evenly spaced; 0 takes all.

    Raises:
        DatasetError: there is no data set, or nothing of the split.
    """
    cv2.setNumThreads(1)
    reader = DatasetReader(folder, split, framing)
    step = max(1, math.ceil(len(reader) / limit)) if limit else 1
    found, vectors = [], []
    for index in range(0, len(reader), step):
        files = reader.files(index)
        try:
            picture = premultiplied(picture_of(files[PICTURE]))
        except (KeyError, ValueError) as error:
            raise DatasetError(f"{folder}: sample {index} of {split}: {error}; make the data set again") from error
        vector, camera, face = pose_and_cameras(files)
        found.append(crops(picture, camera, face))
        vectors.append(vector)
    return Readable(crops=joined(found), controls=np.stack(vectors))


def together(several: Sequence[Readable]) -> Readable:
    """Return the pictures of several data sets as one."""
    return Readable(
        crops=joined([one.crops for one in several]), controls=np.concatenate([one.controls for one in several])
    )


class Augmentation:
    """Changes batches at random, by a seed of its own."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def __call__(self, batch: Readable) -> tuple[list[Tensor], F32]:
        """Return wholes, heads and faces, (B, 3, READ_PX, READ_PX) each, and the controls that they now show."""
        flip = self._random.random(len(batch)) < 0.5
        vectors = np.where(flip[:, None], mirrored(batch.controls), batch.controls).astype(np.float32)
        changed = {name: np.empty((len(batch), READ_PX, READ_PX, 3), np.float32) for name in CROPS}
        for row in range(len(batch)):
            colours = self._colours()
            for name, pictures in changed.items():
                pictures[row] = self._changed(getattr(batch.crops, name)[row], bool(flip[row]), colours, name)
        return [torch.from_numpy(pictures).permute(0, 3, 1, 2) for pictures in changed.values()], vectors

    def _changed(self, crop: U8, flip: bool, colours: F32, name: str) -> F32:
        """Return one crop, (H, W, 3), RGB 0..1."""
        size = len(crop)
        matrix = self._move(flip, size, *_MOVES[name])
        moved = cv2.warpAffine(crop, matrix, (size, size), flags=cv2.INTER_LINEAR)
        rgb = cv2.transform(moved, colours)
        alpha = moved[..., 3]
        rgb = np.minimum(rgb, alpha[..., None])
        behind = cv2.merge([255 - alpha] * 3)
        rgb = cv2.add(rgb, cv2.multiply(behind, self._background(size), scale=1 / 255))
        amount = float(self._random.uniform(-1, 1))
        if amount > 0:  # half of them stay sharp
            rgb = cv2.addWeighted(rgb, 1 - amount, cv2.GaussianBlur(rgb, (3, 3), 0), amount, 0)
        if self._random.random() < 0.5:
            low, extent = self._random.uniform(0, 1, 2), self._random.uniform(0, _PATCH, 2)
            top, left = (low * size).astype(int)
            bottom, right = ((low + extent) * size).astype(int)
            rgb[top:bottom, left:right] = self._random.integers(0, 256, 3)
        return np.asarray(rgb.astype(np.float32) * np.float32(1 / 255), np.float32)

    def _move(self, flip: bool, size: int, most: float, scaling: float, turn_deg: float) -> npt.NDArray[np.float64]:
        angle = math.radians(float(self._random.uniform(-1, 1)) * turn_deg)
        scale = 1 + float(self._random.uniform(-1, 1)) * scaling
        side = -1.0 if flip else 1.0
        linear = scale * np.array(
            [[math.cos(angle) * side, -math.sin(angle)], [math.sin(angle) * side, math.cos(angle)]]
        )
        middle = (size - 1) / 2
        centre = np.array([middle, middle])
        shift = self._random.uniform(-1, 1, 2) * size * most
        return np.concatenate([linear, (centre + shift - linear @ centre)[:, None]], axis=1)

    def _colours(self) -> F32:
        """Return a matrix from RGBA to RGB, (3, 4): hue turned, saturation and each channel's gain changed."""
        widest = 0.35 if self._random.random() < 0.7 else math.pi
        angle = float(self._random.uniform(-1, 1)) * widest
        root = math.sqrt(1 / 3)
        cross = np.array([[0.0, -root, root], [root, 0.0, -root], [-root, root, 0.0]])
        turn = math.cos(angle) * np.eye(3) + (1 - math.cos(angle)) / 3 + math.sin(angle) * cross
        saturation = float(self._random.uniform(0.5, 1.4))
        tone = saturation * np.eye(3) + (1 - saturation) * np.array([_LUMA] * 3)
        gain = self._random.uniform(0.8, 1.2, (3, 1))
        return np.asarray(np.concatenate([gain * (tone @ turn), np.zeros((3, 1))], axis=1), np.float32)

    def _background(self, size: int) -> U8:
        """Return a random background, (size, size, 3): plain, or soft blotches."""
        if self._random.random() < 0.6:
            return np.full((size, size, 3), self._random.integers(0, 256, 3), np.uint8)
        blotches = self._random.integers(0, 256, (4, 4, 3)).astype(np.uint8)
        return np.asarray(cv2.resize(blotches, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)
