"""The pictures of the ablation: the render, what views alone make of the pose, the student's and direct synthesis's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engines import controls
from engines.baseline.export import trained as trained_baseline
from engines.baseline.structure import structure_of
from engines.character import Character
from engines.evaluation.reading import premultiplied
from engines.finishing import changed
from engines.structure import CharacterStructure
from engines.student.data import encoder_views
from engines.student.export import trained as trained_student
from engines.studio.dataset_reader import DatasetReader
from engines.studio.labels import LabelledPicture

U8 = npt.NDArray[np.uint8]

PICTURE_PX = 512
#: Characters that are kept ready: the samples of one follow each other.
_KEPT = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """One pose drawn in three ways, uint8 (PICTURE_PX, PICTURE_PX, 4), premultiplied RGBA each.

    Args:
        views: what views alone make of it.
        student: views, with colours changed.
        baseline: direct synthesis at half the size, enlarged.
    """

    views: U8
    student: U8
    baseline: U8


class Contestants:
    """A trained student and a trained baseline.

    Args:
        student: folder of a run of `animirror train student`.
        baseline: folder of a run of `animirror train baseline`.
        reader: of the data set whose characters are drawn.

    Raises:
        CheckpointError: a run has no checkpoint that can be read.
    """

    def __init__(self, student: Path, baseline: Path, reader: DatasetReader) -> None:
        self.student, self.student_encoder, self.student_steps = trained_student(student)
        self.baseline, self.baseline_encoder, self.baseline_steps = trained_baseline(baseline)
        self._reader = reader
        self._ready = lru_cache(_KEPT)(self._prepared)

    def character(self, name: str) -> Character:
        """Return a character of the data set."""
        return self._reader.character(name)

    @torch.no_grad()
    def draw(self, sample: LabelledPicture) -> Drawn:
        """Draw the pose of a sample."""
        structure, of_student, of_baseline = self._ready(sample.character)
        found = structure.structure(sample.controls, sample.framing, PICTURE_PX)
        maps = torch.from_numpy(found.maps)[None]
        condition = torch.from_numpy(controls.normalised(sample.controls))[None]
        change = self.student(maps, condition, of_student)[0].numpy()
        small = self.baseline(structure_of(maps), condition, of_baseline)[0].permute(1, 2, 0).numpy()
        large = cv2.resize(small, (PICTURE_PX, PICTURE_PX), interpolation=cv2.INTER_CUBIC)
        return Drawn(
            views=premultiplied(found.picture),
            student=premultiplied(changed(found.picture.copy(), change)),
            baseline=np.asarray(np.clip(large * 255 + 0.5, 0, 255), np.uint8),
        )

    def _prepared(self, name: str) -> tuple[CharacterStructure, Tensor, Tensor]:
        """Return a character's structure and its styles, (1, w_dim) each."""
        one = self.character(name)
        views = encoder_views(one.sheet)[None].float() / 255
        structure = CharacterStructure(one.proportions, one.figure, one.sheet)
        return structure, self.student_encoder(views), self.baseline_encoder(views)
