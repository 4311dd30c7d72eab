"""A data set as the teacher sees it: pictures at any size, structure maps, palettes, characters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from engines import affine
from engines.controls import NAMES, ControlVector
from engines.errors import DatasetError
from engines.framing import camera_of
from engines.skeleton import Proportions
from engines.studio.dataset_plan import Split
from engines.studio.dataset_reader import DatasetReader
from engines.studio.palette import PALETTE
from engines.studio.sample_files import PICTURE, VALUES, picture_of
from engines.teacher.config import Shown
from engines.teacher.proportions import read_proportions
from engines.teacher.structure_maps import StructureMaps

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A square part of a picture.

    Args:
        left, top: where it begins, in parts of the picture's side.
        side: how much of the side it has, above 0 to 1.
    """

    left: float = 0.0
    top: float = 0.0
    side: float = 1.0

    def camera(self, whole: F32) -> F32:
        """Return the camera whose picture is this part of another camera's, float32 (2, 3) both."""
        zoom = 1.0 / self.side
        inside = np.array([[zoom, 0, -zoom * self.left], [0, zoom, -zoom * self.top]], np.float32)
        return affine.compose(inside, whole)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """What a sample says beside its picture.

    Args:
        controls: float32, (len(SPEC),).
        lab: float32, (len(PALETTE), 3), CIELAB, NaN where absent.
        camera: float32, (2, 3), world to the picture's 0..1.
    """

    controls: ControlVector
    lab: F32
    camera: F32


class TeacherData:
    """One split of a data set.

    Args:
        folder: a data set made by `animirror dataset make`.
        shown: which of its pictures: those of one framing, or any.
        split: which part of it.
        names: characters in the order of their indices, those of another split; pictures of others are left out. None
            for this split's own.

    Raises:
        DatasetError: the set is unfinished, damaged or for another control spec, or has nothing of that.
    """

    def __init__(
        self, folder: Path, shown: Shown, split: Split = "train", names: tuple[str, ...] | None = None
    ) -> None:
        cv2.setNumThreads(1)
        self.reader = DatasetReader(folder, split, None if shown == "any" else shown)
        self.shown: Shown = shown
        self.names = names or self.reader.characters
        #: The avatar that each of `names` was made of.
        self.bases: tuple[str, ...] = tuple(self.reader.manifest["bases"].get(name, name) for name in self.names)
        shows = [self.reader.characters[index] for index in self.reader.character_of]
        self._rows = [row for row, name in enumerate(shows) if name in self.names]
        if not self._rows:
            raise DatasetError(f"{folder}: {split} shows nobody of {', '.join(self.names)}")
        #: Index into `names` of each sample.
        self.character_of = np.array([self.names.index(shows[row]) for row in self._rows])
        self._proportions: dict[str, Proportions] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def files(self, row: int) -> dict[str, bytes]:
        """Return a sample's files as they are stored."""
        return self.reader.files(self._rows[row])

    def sample(self, row: int) -> Sample:
        """Return what a sample says."""
        return self.read(row, self.files(row))

    def read(self, row: int, files: Mapping[str, bytes]) -> Sample:
        """Return what a sample's files say.

        Raises:
            DatasetError: they are damaged.
        """
        try:
            values = json.loads(files[VALUES])
            absent = (np.nan,) * 3
            return Sample(
                controls=np.array([values["controls"][name] for name in NAMES], np.float32),
                lab=np.array([values["palette"][paint.name] or absent for paint in PALETTE], np.float32),
                camera=camera_of(values["framing"], self.proportions(self.names[self.character_of[row]])),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise DatasetError(f"a sample cannot be read ({error}); make the data set again") from error

    def proportions(self, name: str) -> Proportions:
        """Return a character's proportions; those of one avatar share them, since they share its mesh."""
        base = self.reader.base_of(name)
        if base not in self._proportions:
            self._proportions[base] = read_proportions(self.reader.folder / "characters" / name / "character")
        return self._proportions[base]

    def structure(self, row: int, sample: Sample, size: int, window: Window | None = None) -> F32:
        """Return the structure maps of a sample or of a part of it, (STRUCTURE_CHANNELS, size, size)."""
        camera = (window or Window()).camera(sample.camera)
        return StructureMaps(self.proportions(self.names[self.character_of[row]]), camera).draw(sample.controls, size)

    def picture(self, row: int, size: int) -> U8:
        """Return a sample's picture, uint8 (size, size, 4), premultiplied RGBA."""
        return small_picture(self.files(row)[PICTURE], size)

    def one_row_each(self) -> list[int]:
        """Return the first row of each character that this split shows."""
        return [int(np.flatnonzero(self.character_of == index)[0]) for index in np.unique(self.character_of)]


def small_picture(data: bytes, size: int, window: Window | None = None) -> U8:
    """Return a stored picture or a part of it, premultiplied and scaled, uint8 (size, size, 4).

    Args:
        data: the file.
        size: pixels per side.
        window: the part; its edges are to lie between pixels.

    Raises:
        DatasetError: it is damaged.
    """
    try:
        picture = cv2.cvtColor(picture_of(data), cv2.COLOR_RGBA2mRGBA)
    except (ValueError, cv2.error) as error:
        raise DatasetError(f"a sample cannot be read ({error}); make the data set again") from error
    if window is not None:
        left, top, side = (round(part * len(picture)) for part in (window.left, window.top, window.side))
        picture = picture[top : top + side, left : left + side]
    if len(picture) != size:
        picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(picture, np.uint8)
