"""What the teacher learns from: pictures at a phase's resolution, structure maps, palettes, characters.

A data set's pictures are 512 pixels a side and lossless; below that each is decoded once and kept small in memory that
reading processes share, and so are the structure maps, as long as they fit.
"""

from __future__ import annotations

import json
import mmap
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engines import controls
from engines.errors import DatasetError
from engines.framing import Framing
from engines.skeleton import Proportions
from engines.studio.dataset_plan import Split
from engines.studio.dataset_reader import DatasetReader
from engines.studio.palette import PALETTE
from engines.studio.sample_files import PICTURE, VALUES, picture_of
from engines.teacher.palette_condition import palette_condition, sample_palette
from engines.teacher.proportions import read_proportions
from engines.teacher.structure_maps import STRUCTURE_CHANNELS, StructureMaps, packed

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: Part of the sampled characters whose palette is one of the data set's and not a new one: so colours alone do not
#: tell the discriminator what is sampled.
OWN_PALETTE = 0.5
#: Most bytes of pictures, and as many of maps, that are kept decoded.
_KEPT_BYTES = 4 << 30


class TeacherData:
    """One split of a data set as the teacher sees it, at any resolution.

    Args:
        folder: a data set made by `animirror dataset make`.
        framing: which of its pictures.
        split: which part of it.
        names: characters in the order of their indices, those of another split; None for this split's own.

    Raises:
        DatasetError: the set is unfinished, damaged or for another control spec, has nothing of the split, or the
            split shows characters that are not among `names`.
    """

    def __init__(
        self, folder: Path, framing: Framing, split: Split = "train", names: tuple[str, ...] | None = None
    ) -> None:
        cv2.setNumThreads(1)
        self.reader = DatasetReader(folder, split, framing)
        self.framing: Framing = framing
        self.names = names or self.reader.characters
        #: The avatar that each of `names` was made of.
        self.bases: tuple[str, ...] = tuple(self.reader.base_of(name) for name in self.names)
        unknown = [name for name in self.reader.characters if name not in self.names]
        if unknown:
            raise DatasetError(f"{folder}: {split} shows {unknown[0]!r}, whom the other split does not show")
        own = np.array([self.names.index(name) for name in self.reader.characters])
        self.character_of = own[self.reader.character_of]
        self._proportions: dict[str, Proportions] = {}
        self._maps: dict[str, StructureMaps] = {}

    def __len__(self) -> int:
        return len(self.character_of)

    def values(self, row: int) -> tuple[controls.ControlVector, F32]:
        """Return a sample's controls, (len(SPEC),), and palette, (len(PALETTE), 3), NaN where absent."""
        return _values(self.reader.files(row))

    def proportions(self, name: str) -> Proportions:
        """Return a character's proportions; those of one avatar share them, since they share its mesh."""
        base = self.reader.base_of(name)
        if base not in self._proportions:
            self._proportions[base] = read_proportions(self.reader.folder / "characters" / name / "character")
        return self._proportions[base]

    def structure(self, row: int, vector: controls.ControlVector, size: int) -> F32:
        """Return the structure maps of a sample, (STRUCTURE_CHANNELS, size, size)."""
        return self.maps_of(self.names[self.character_of[row]]).draw(vector, size)

    def maps_of(self, name: str) -> StructureMaps:
        """Return what draws a character's structure maps."""
        base = self.reader.base_of(name)
        if base not in self._maps:
            self._maps[base] = StructureMaps(self.proportions(name), self.framing)
        return self._maps[base]

    def picture(self, row: int, size: int) -> U8:
        """Return a sample's picture, uint8 (size, size, 4), premultiplied RGBA."""
        return _small(self.reader.files(row)[PICTURE], size)

    def one_row_each(self) -> list[int]:
        """Return the first row of each character that this split shows."""
        return [int(np.flatnonzero(self.character_of == index)[0]) for index in np.unique(self.character_of)]


class TeacherSamples:
    """The samples of a phase.

    Each is a dictionary: `picture`, uint8 (4, R, R), premultiplied RGBA; `maps`, int8 (STRUCTURE_CHANNELS, S, S), to
    be divided by `PACKED_ONE`; `palette` and `other_palette`, float32 (PALETTE_LENGTH,), its own and one for a
    sampled character; `character`, its index.

    Args:
        data: of which split.
        resolution: R.
        structure_px: S.
        kept_bytes: of pictures, and as many of maps, that may be kept decoded.
    """

    def __init__(self, data: TeacherData, resolution: int, structure_px: int, kept_bytes: int = _KEPT_BYTES) -> None:
        self._data = data
        self._resolution = resolution
        self._structure_px = structure_px
        self._pictures = _Store(len(data), (resolution, resolution, 4), "uint8", kept_bytes)
        self._maps = _Store(len(data), (STRUCTURE_CHANNELS, structure_px, structure_px), "int8", kept_bytes)

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        files = self._data.reader.files(index)
        vector, lab = _values(files)
        picture = self._pictures.get(index)
        if picture is None:
            picture = self._pictures.keep(index, _small(files[PICTURE], self._resolution))
        maps = self._maps.get(index)
        if maps is None:
            maps = self._maps.keep(index, packed(self._data.structure(index, vector, self._structure_px)))
        return {
            "picture": torch.from_numpy(picture.transpose(2, 0, 1).copy()),
            "maps": torch.from_numpy(maps.copy()),
            "palette": torch.from_numpy(palette_condition(lab)),
            "other_palette": torch.from_numpy(palette_condition(self._other_palette())),
            "character": torch.tensor(int(self._data.character_of[index])),
        }

    def _other_palette(self) -> F32:
        """Return a palette for a sampled character: another sample's, or a new one with the same things."""
        # The loop seeds numpy's global generator for each sample.
        rng = np.random.default_rng(np.random.randint(2**31))
        _, lab = self._data.values(int(rng.integers(len(self._data))))
        return lab if rng.random() < OWN_PALETTE else sample_palette(rng, lab)


class _Store:
    """Arrays of one shape by number, in memory shared with processes forked from this one; nothing where too large."""

    def __init__(self, count: int, shape: tuple[int, ...], dtype: str, most_bytes: int) -> None:
        item = int(np.prod(shape))
        self._arrays: npt.NDArray[np.generic] | None = None
        if count * item <= most_bytes:
            # Anonymous and shared: pages cost nothing until something is kept in them.
            shared = mmap.mmap(-1, count * (item + 1))
            self._arrays = np.frombuffer(shared, dtype, count * item).reshape(count, *shape)
            self._filled = np.frombuffer(shared, np.uint8, count, offset=count * item)

    def get(self, index: int) -> npt.NDArray[np.generic] | None:
        """Return what is kept, or None."""
        return self._arrays[index] if self._arrays is not None and self._filled[index] else None

    def keep(self, index: int, array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Keep an array, if there is room, and return it."""
        if self._arrays is not None:
            self._arrays[index] = array
            self._filled[index] = 1
        return array


def _values(files: dict[str, bytes]) -> tuple[controls.ControlVector, F32]:
    try:
        values = json.loads(files[VALUES])
        absent = (np.nan,) * 3
        return (
            np.array([values["controls"][name] for name in controls.NAMES], np.float32),
            np.array([values["palette"][paint.name] or absent for paint in PALETTE], np.float32),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise DatasetError(f"a sample cannot be read ({error}); make the data set again") from error


def _small(data: bytes, size: int) -> U8:
    """Return a stored picture, premultiplied and scaled to `size`."""
    try:
        picture = cv2.cvtColor(picture_of(data), cv2.COLOR_RGBA2mRGBA)
    except (ValueError, cv2.error) as error:
        raise DatasetError(f"a sample cannot be read ({error}); make the data set again") from error
    if len(picture) != size:
        picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(picture, np.uint8)
