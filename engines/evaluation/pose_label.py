"""The pose and the cameras of a sample, read without its other labels: a tenth of the time."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engines.controls import NAMES, ControlVector
from engines.errors import DatasetError
from engines.studio.sample_files import VALUES

F32 = npt.NDArray[np.float32]


def pose_and_cameras(files: Mapping[str, bytes]) -> tuple[ControlVector, F32, F32]:
    """Return a sample's controls, and the cameras of its picture and its face frame, (2, 3) each.

    Args:
        files: of :meth:`engines.studio.dataset_reader.DatasetReader.files`.

    Raises:
        DatasetError: the file is missing or damaged.
    """
    try:
        values = json.loads(files[VALUES])
        vector = np.array([values["controls"][name] for name in NAMES], np.float32)
        camera, face = (np.array(values[name], np.float32).reshape(2, 3) for name in ("camera", "face_camera"))
    except (KeyError, ValueError, TypeError) as error:
        raise DatasetError(f"a sample cannot be read ({error}); make the data set again") from error
    return vector, camera, face
