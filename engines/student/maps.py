"""Structure maps of a data set's pictures, computed once and kept beside it: they take longer than a training step."""

from __future__ import annotations

import multiprocessing
import os
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from engines import controls
from engines.errors import DatasetError
from engines.framing import Framing
from engines.structure import FINE_PX, CharacterStructure
from engines.studio.dataset_plan import Split
from engines.studio.dataset_reader import DatasetReader
from engines.studio.part_names import Part
from engines.studio.sample_files import PICTURE, parts_and_pose, picture_of

Arrays = dict[str, npt.NDArray[Any]]

#: Pictures are compared at this size: half of what is drawn.
PICTURE_PX = 256
_DRAWN_PX = PICTURE_PX * FINE_PX
#: Maps are kept in 127ths.
MAP_STEPS = 127
#: Changes when structure maps do: what was kept before is computed anew.
_VERSION = 2
#: What is small and looked at most has level 2, skin level 1, all else 0.
_FEATURES = (Part.EYE_WHITE, Part.IRIS, Part.HIGHLIGHT, Part.LASHES, Part.BROWS, Part.MOUTH)
_SKIN = (Part.FACE_SKIN, Part.HANDS)
#: Characters that a process keeps ready; shards show one character each.
_KEPT = 2


def maps_folder(data: Path, split: Split, framing: Framing | None) -> Path:
    """Return where the maps of a split are kept."""
    return data / "maps" / f"{split}-{framing or 'all'}-{_VERSION}"


def read_maps(folder: Path, row: int) -> Arrays:
    """Return what is kept of a picture.

    Returns:
        `maps` int8 (CHANNELS, 128, 128) in 127ths, `condition` float32 (63,), `picture` uint8 (4, 256, 256)
        premultiplied RGBA, `level` uint8 (256, 256): how much of a feature each pixel is, 0 to 2.

    Raises:
        DatasetError: it is missing or damaged.
    """
    path = folder / f"{row:06d}.npz"
    try:
        with path.open("rb") as stream, np.load(stream) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DatasetError(f"{path}: cannot be read ({error}); delete {folder} and start again") from error


def prepare_maps(
    data: Path,
    split: Split,
    framing: Framing | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Compute the maps of a split that are not there yet, in several processes, and return their folder.

    Args:
        data: a data set made by `animirror dataset make`.
        split: which part of it.
        framing: only pictures of this framing; None for all.
        workers: processes; None: one per core.
        progress: called with the number of pictures that are there, and of all.

    Raises:
        DatasetError: the set cannot be read, or the maps cannot be written.
    """
    folder = maps_folder(data, split, framing)
    count = len(DatasetReader(data, split, framing))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"{folder}: cannot be written ({error.strerror})") from error
    there = {path.stem for path in folder.glob("*.npz")}
    missing = [row for row in range(count) if f"{row:06d}" not in there]
    if not missing:
        return folder
    processes = max(1, min(workers or os.cpu_count() or 1, len(missing)))
    # Neighbouring rows show the same character.
    step = max(1, min(60, -(-len(missing) // processes)))
    blocks = [missing[start : start + step] for start in range(0, len(missing), step)]
    done = count - len(missing)
    context = multiprocessing.get_context("spawn")  # the compiled loops' threads do not survive a fork
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(data, split, framing)) as pool:
        for number in pool.map(_write, blocks):
            done += number
            progress(done, count)
    return folder


class _Worker:
    """Reads a split and computes maps; one lives in each process."""

    def __init__(self, data: Path, split: Split, framing: Framing | None) -> None:
        self.reader = DatasetReader(data, split, framing)
        self.folder = maps_folder(data, split, framing)
        self._ready: dict[str, CharacterStructure] = {}

    def arrays(self, row: int) -> Arrays:
        """Return what is kept of a picture."""
        files = self.reader.files(row)
        vector, parts, framing = parts_and_pose(files)
        name = self.reader.characters[self.reader.character_of[row]]
        structure = self._structure(name).structure(vector, framing, _DRAWN_PX)
        whole = cv2.cvtColor(picture_of(files[PICTURE]), cv2.COLOR_RGBA2mRGBA)
        small = cv2.resize(whole, (PICTURE_PX, PICTURE_PX), interpolation=cv2.INTER_AREA)
        return {
            "maps": np.clip(np.round(structure.maps * MAP_STEPS), -128, 127).astype(np.int8),
            "condition": controls.normalised(vector),
            "picture": np.ascontiguousarray(small.transpose(2, 0, 1)),
            "level": np.where(np.isin(parts, _FEATURES), 2, np.where(np.isin(parts, _SKIN), 1, 0)).astype(np.uint8),
        }

    def _structure(self, name: str) -> CharacterStructure:
        if name not in self._ready:
            while len(self._ready) >= _KEPT:
                del self._ready[next(iter(self._ready))]
            one = self.reader.character(name)
            self._ready[name] = CharacterStructure(one.proportions, one.figure, one.sheet)
        return self._ready[name]


_workers: list[_Worker] = []


def _begin(data: Path, split: Split, framing: Framing | None) -> None:
    import numba

    numba.set_num_threads(1)
    cv2.setNumThreads(1)
    _workers[:] = [_Worker(data, split, framing)]


def _write(rows: list[int]) -> int:
    worker = _workers[0]
    for row in rows:
        path = worker.folder / f"{row:06d}.npz"
        partial = path.with_suffix(".part")
        try:
            with partial.open("wb") as stream:
                np.savez(stream, **worker.arrays(row))
            partial.replace(path)
        except OSError as error:
            raise DatasetError(f"{path}: cannot be written ({error.strerror}); mend that and start again") from error
    return len(rows)
