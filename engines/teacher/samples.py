"""What a phase of the teacher's training reads.

A data set's pictures are 512 pixels a side and lossless; below that each is decoded once and kept small in memory that
reading processes share, and so are the structure maps, as long as they fit.
"""

from __future__ import annotations

import mmap

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engines.studio.sample_files import PICTURE
from engines.teacher.data import TeacherData, Window, small_picture
from engines.teacher.palette_condition import palette_condition, sample_palette
from engines.teacher.structure_maps import STRUCTURE_CHANNELS, packed

F32 = npt.NDArray[np.float32]

#: Part of the sampled characters whose palette is one of the data set's and not a new one: so colours alone do not
#: tell the discriminator what is sampled.
OWN_PALETTE = 0.5
#: Most bytes of pictures, and as many of maps, that are kept decoded.
_KEPT_BYTES = 4 << 30
#: Windows begin and end at multiples of this part of the side: between pixels of pictures of 128 pixels and more.
_WINDOW_STEP = 1 / 128


class TeacherSamples:
    """The samples of a phase.

    Each is a dictionary: `picture`, uint8 (4, R, R), premultiplied RGBA; `maps`, int8 (STRUCTURE_CHANNELS, S, S), to
    be divided by `PACKED_ONE`; `palette` and `other_palette`, float32 (PALETTE_LENGTH,), its own and one for a
    sampled character; `character`, its index.

    Args:
        data: of which split.
        resolution: R.
        structure_px: S.
        zoom: pictures are cut to random windows, enlarged by up to this much; 1 for whole pictures.
        kept_bytes: of whole pictures, and as many of their maps, that may be kept decoded.
    """

    def __init__(
        self,
        data: TeacherData,
        resolution: int,
        structure_px: int,
        zoom: float = 1.0,
        kept_bytes: int = _KEPT_BYTES,
    ) -> None:
        self._data = data
        self._resolution = resolution
        self._structure_px = structure_px
        self._zoom = zoom
        room = kept_bytes if zoom == 1.0 else 0
        self._pictures = _Store(len(data), (resolution, resolution, 4), "uint8", room)
        self._maps = _Store(len(data), (STRUCTURE_CHANNELS, structure_px, structure_px), "int8", room)

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        # The loop seeds numpy's global generator for each sample.
        rng = np.random.default_rng(np.random.randint(2**31))
        files = self._data.files(index)
        sample = self._data.read(index, files)
        window = None if self._zoom == 1.0 else _window(rng, self._zoom)
        picture = self._pictures.get(index)
        if picture is None:
            picture = self._pictures.keep(index, small_picture(files[PICTURE], self._resolution, window))
        maps = self._maps.get(index)
        if maps is None:
            maps = self._maps.keep(index, packed(self._data.structure(index, sample, self._structure_px, window)))
        return {
            "picture": torch.from_numpy(picture.transpose(2, 0, 1).copy()),
            "maps": torch.from_numpy(maps.copy()),
            "palette": torch.from_numpy(palette_condition(sample.lab)),
            "other_palette": torch.from_numpy(palette_condition(self._other_palette(rng))),
            "character": torch.tensor(int(self._data.character_of[index])),
        }

    def _other_palette(self, rng: np.random.Generator) -> F32:
        """Return a palette for a sampled character: another sample's, or a new one with the same things."""
        lab = self._data.sample(int(rng.integers(len(self._data)))).lab
        return lab if rng.random() < OWN_PALETTE else sample_palette(rng, lab)


def _window(rng: np.random.Generator, zoom: float) -> Window:
    """Return a random window with sides from 1 down to 1 / zoom."""
    steps = round(1 / _WINDOW_STEP)
    side = int(rng.integers(round(steps / zoom), steps + 1))
    left, top = rng.integers(0, steps - side + 1, size=2).tolist()
    return Window(left=left * _WINDOW_STEP, top=top * _WINDOW_STEP, side=side * _WINDOW_STEP)


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
