"""The colours that a picture shows in hair, skin, irises and clothes: palette error and identity are told by them."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from engines.evaluation.regions import face_places
from engines.studio.colour import difference, to_lab
from engines.studio.labels import LABEL_PX, LabelledPicture
from engines.studio.paint import GARMENTS, Paint
from engines.studio.palette import PALETTE
from engines.studio.part_names import SKIN, Part

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

#: A colour seen in fewer cells of LABEL_PX x LABEL_PX is not judged.
LEAST_CELLS = 12
#: A cell of clothes shows the palette's garment that is nearest, if it is this near (CIEDE2000): shade moves a colour
#: by about as much, patterns and buttons by more.
_SAME_GARMENT = 18.0


def colour_cells(sample: LabelledPicture, render: U8) -> dict[Paint, Bools]:
    """Return where a render shows each colour of its palette, bool (LABEL_PX, LABEL_PX) each; absent where it does not.

    Args:
        sample: the labels.
        render: uint8, (LABEL_PX, LABEL_PX, 3), RGB.
    """
    parts = sample.parts
    left = face_places(sample)[..., 0] > 0.5  # the subject's left is the picture's right
    cells: dict[Paint, Bools] = {
        Paint.HAIR: parts == Part.HAIR,
        Paint.IRIS_LEFT: (parts == Part.IRIS) & left,
        Paint.IRIS_RIGHT: (parts == Part.IRIS) & ~left,
        Paint.SKIN: parts == Part.FACE_SKIN if (parts == Part.FACE_SKIN).any() else np.isin(parts, list(SKIN)),
    }
    rows = [row for row, paint in enumerate(PALETTE) if paint in GARMENTS and not np.isnan(sample.palette[row]).any()]
    row, column = np.nonzero(parts == Part.CLOTHES)
    if rows and len(row):
        shown = to_lab(render[row, column].astype(np.float32) / 255)
        apart = np.stack([difference(shown, sample.palette[one]) for one in rows], axis=1)
        nearest = apart.argmin(axis=1)
        for number, one in enumerate(rows):
            chosen = (nearest == number) & (apart[:, number] < _SAME_GARMENT)
            mask = np.zeros(parts.shape, np.bool_)
            mask[row[chosen], column[chosen]] = True
            cells[PALETTE[one]] = mask
    return {paint: mask for paint, mask in cells.items() if mask.sum() >= LEAST_CELLS}


def colours(picture: U8, cells: Mapping[Paint, Bools]) -> F32:
    """Return the median colour of each row of the palette, float32 (len(PALETTE), 3), CIELAB, NaN where not seen.

    Of an iris the more colourful half counts, as in the palette: it is dark above and white where it shines.

    Args:
        picture: uint8, (LABEL_PX, LABEL_PX, 3), RGB.
        cells: of :func:`colour_cells`.
    """
    if picture.shape != (LABEL_PX, LABEL_PX, 3):
        raise ValueError(f"picture: got shape {picture.shape}, expected {(LABEL_PX, LABEL_PX, 3)}")
    found = np.full((len(PALETTE), 3), np.nan, np.float32)
    for row, paint in enumerate(PALETTE):
        if paint not in cells:
            continue
        lab = to_lab(picture[cells[paint]].astype(np.float32) / 255)
        if paint in (Paint.IRIS_LEFT, Paint.IRIS_RIGHT):
            chroma = np.hypot(lab[:, 1], lab[:, 2])
            lab = lab[chroma >= np.median(chroma)]
        found[row] = np.median(lab, axis=0)
    return found


def at_label_size(picture: U8) -> U8:
    """Return a picture, uint8 (H, W, C), averaged (or enlarged) to the labels' size."""
    if len(picture) == LABEL_PX:
        return picture
    how = cv2.INTER_AREA if len(picture) > LABEL_PX else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (LABEL_PX, LABEL_PX), interpolation=how), np.uint8)
