"""How far a teacher's pictures are from the renders, and a student's from them, by Frechet distance."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from engines.errors import DatasetError
from engines.evaluation.control_reader import ControlReader
from engines.evaluation.frechet import across_halves
from engines.evaluation.measurement import SplitMeasurement, fitted
from engines.evaluation.picture_set import PictureSet
from engines.evaluation.pose_label import pose_and_cameras
from engines.evaluation.reading import premultiplied
from engines.studio.dataset_reader import DatasetReader
from engines.studio.sample_files import picture_of


def teacher_figures(
    folder: Path, reader: DatasetReader, measured: SplitMeasurement, control_reader: ControlReader
) -> dict[str, object]:
    """Return Frechet distances to the renders of other poses: the teacher's, each contender's, and their ratios.

    All are over the pictures that the teacher's folder has.

    Args:
        folder: holds `<split>/<sample, six digits>.png` or `.webp`.
        reader: the split's.
        measured: what was measured on it.
        control_reader: the regressor.

    Raises:
        DatasetError: the folder has nothing of the split, or a picture cannot be read.
    """
    pictures, rows = PictureSet(control_reader), []
    for row, index in enumerate(measured.indices):
        path = _path(folder / measured.split, index)
        if path is None:
            continue
        _, camera, face = pose_and_cameras(reader.files(index))
        try:
            picture = premultiplied(picture_of(path.read_bytes()))
        except (OSError, ValueError) as error:
            raise DatasetError(f"{path}: cannot be read ({error})") from error
        pictures.look(fitted(picture, measured.size), camera, face)
        rows.append(row)
    if not rows:
        raise DatasetError(
            f"{folder}: has no picture of {measured.split}; expected {measured.split}/{measured.indices[0]:06d}.png"
        )
    groups = [measured.characters[row] for row in rows]
    chosen = np.array(rows)
    renders = measured.renders.readings().whole_features[chosen]
    teacher = across_halves(pictures.readings().whole_features, renders, groups)
    students = [across_halves(one.readings().whole_features[chosen], renders, groups) for one in measured.generated]
    return {
        "pictures": len(rows),
        "teacher": teacher,
        "students": students,
        "student_over_teacher": [student / teacher if teacher else math.nan for student in students],
        "renders": across_halves(renders, renders, groups),
    }


def _path(folder: Path, index: int) -> Path | None:
    for suffix in ("png", "webp"):
        path = folder / f"{index:06d}.{suffix}"
        if path.exists():
            return path
    return None
