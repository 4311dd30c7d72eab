"""What is collected of one set of pictures, generated or rendered, while they pass by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.evaluation.control_reader import ControlReader, Reading, joined
from engines.evaluation.reading import Crops, crops
from engines.evaluation.reading import joined as joined_crops

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

#: Pictures that the regressor reads at once.
BATCH = 32


class PictureSet:
    """Readings, colours and figures of pictures, a row each, without the pictures themselves.

    Args:
        reader: the regressor.
    """

    def __init__(self, reader: ControlReader) -> None:
        self._reader = reader
        self._crops: list[Crops] = []
        self._readings: list[Reading] = []
        #: Name of a figure -> value, a row per picture; renders have none.
        self.figures: list[dict[str, float]] = []
        #: Colours that a picture shows, (len(PALETTE), 3) each.
        self.colours: list[F32] = []
        #: Sum of differences to the next frame, warped back, and number of cells, a row per pair of frames.
        self.warped: list[tuple[float, int]] = []
        #: Change of pictures that should hardly change, grey levels, a row per still pose.
        self.still: list[float] = []

    def look(self, picture: U8, camera: F32, face_camera: F32) -> None:
        """Let the regressor see a picture, uint8 (H, H, 4), premultiplied RGBA."""
        self._crops.append(crops(picture, camera, face_camera))
        if len(self._crops) == BATCH:
            self._read()

    def readings(self) -> Reading:
        """Return what the regressor read of all pictures.

        Raises:
            ValueError: it saw none.
        """
        self._read()
        if not self._readings:
            raise ValueError("readings: there are no pictures")
        self._readings = [joined(self._readings)]
        return self._readings[0]

    def _read(self) -> None:
        if self._crops:
            self._readings.append(self._reader.read(joined_crops(self._crops)))
            self._crops = []
