"""How many and how different the characters are that a folder of pictures shows.

Source of density and coverage: M. F. Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models",
ICML 2020.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist, pdist

from engines.errors import DatasetError
from engines.evaluation.background import over_background
from engines.evaluation.control_reader import ControlReader
from engines.evaluation.reading import READ_PX, Crops, premultiplied
from engines.studio.colour import to_lab
from engines.studio.dataset_reader import DatasetReader
from engines.studio.sample_files import PICTURE, picture_of

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: Neighbours that say how dense the renders are about one; 5 in the paper.
NEIGHBOURS = 5
#: Cells per side of the coarse colours.
_COARSE = 8


def sampled_pictures(folder: Path) -> U8:
    """Return the pictures of a folder as the regressor sees them, uint8 (N, READ_PX, READ_PX, 4), in order of names.

    Raises:
        DatasetError: there is none, or one cannot be read.
    """
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in (".png", ".webp"))
    if not paths:
        raise DatasetError(f"{folder}: holds no .png or .webp pictures of sampled characters")
    found = []
    for path in paths:
        try:
            picture = picture_of(path.read_bytes())
        except (OSError, ValueError) as error:
            raise DatasetError(f"{path}: cannot be read ({error})") from error
        found.append(_small(picture))
    return np.stack(found)


def renders_as_read(reader: DatasetReader, indices: list[int]) -> U8:
    """Return renders of a data set as the regressor sees them, uint8 (N, READ_PX, READ_PX, 4)."""
    found = []
    for index in indices:
        found.append(_small(picture_of(reader.files(index)[PICTURE])))
    return np.stack(found)


def coverage_figures(reader: ControlReader, sampled: U8, renders: U8) -> dict[str, dict[str, float]]:
    """Return spread, density and coverage, by the regressor's `features` and by coarse `colours`.

    Args:
        reader: the regressor.
        sampled: uint8, (N, READ_PX, READ_PX, 4), premultiplied RGBA, pictures of sampled characters.
        renders: the same of the characters that the data set shows.
    """
    spaces = {
        "features": tuple(reader.read(_no_face(one)).whole_features for one in (sampled, renders)),
        "colours": (coarse_colours(sampled), coarse_colours(renders)),
    }
    return {name: spread_figures(*pair) for name, pair in spaces.items()}


def spread_figures(sampled: F32, renders: F32) -> dict[str, float]:
    """Return how sampled pictures lie among themselves and to the renders.

    `apart` is the mean distance of two sampled pictures over that of two renders; `nearest` the mean distance of a
    sampled picture to the nearest render over that of a render to the nearest other one: near 0 are copies; `density`
    and `coverage` as in the paper.

    Args:
        sampled: (N, F), features.
        renders: (M, F).
    """
    spread = renders.std(axis=0) + 1e-6
    sampled, renders = sampled / spread, renders / spread
    neighbours = min(NEIGHBOURS, len(renders) - 1)
    if len(sampled) < 2 or neighbours < 1:
        return dict.fromkeys(("apart", "nearest", "density", "coverage"), float("nan"))
    among = np.sort(cdist(renders, renders), axis=1)  # the first column is the render itself
    reach = among[:, neighbours]
    to_renders = cdist(sampled, renders)  # (N, M)
    inside = to_renders < reach
    return {
        "apart": float(pdist(sampled).mean() / pdist(renders).mean()),
        "nearest": float(to_renders.min(axis=1).mean() / max(among[:, 1].mean(), 1e-9)),
        "density": float(inside.sum(axis=1).mean() / neighbours),
        "coverage": float((to_renders.min(axis=0) < reach).mean()),
    }


def coarse_colours(pictures: U8) -> F32:
    """Return the CIELAB colours of pictures, premultiplied RGBA, at 8 x 8 cells, float32 (N, 192)."""
    size = (_COARSE, _COARSE)
    small = np.stack([cv2.resize(over_background(one), size, interpolation=cv2.INTER_AREA) for one in pictures])
    return to_lab(small.astype(np.float32) / 255).reshape(len(small), -1)


def _no_face(pictures: U8) -> Crops:
    """Return crops without head and face: where a sampled character's are, nobody says."""
    nothing = np.zeros_like(pictures)
    return Crops(whole=pictures, head=nothing, face=nothing)


def _small(picture: U8) -> U8:
    size = (READ_PX, READ_PX)
    return np.asarray(cv2.resize(premultiplied(picture), size, interpolation=cv2.INTER_AREA), np.uint8)
