"""Reads a data set: samples in order or at random, characters, and the exact flow into their key views."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.character import Character, load_character
from engines.errors import DatasetError
from engines.framing import Framing
from engines.studio.dataset_manifest import read_manifest
from engines.studio.dataset_plan import Split
from engines.studio.labels import LabelledPicture
from engines.studio.sample_files import decoded
from engines.studio.truth import ViewTruth

U8 = npt.NDArray[np.uint8]


#: Where a sample's files lie in its shard: extension -> (offset, size).
_Places = dict[str, tuple[int, int]]
_AGAIN = "delete it and start `animirror dataset make` again"


class DatasetReader:
    """One split of a data set.

    Args:
        folder: that :func:`engines.studio.dataset.make_dataset` made.
        split: which part of it.
        framing: only pictures of this framing; None for all.

    Raises:
        DatasetError: the folder holds no finished data set, or nothing of the split.
    """

    def __init__(self, folder: Path, split: Split = "train", framing: Framing | None = None) -> None:
        self.folder = folder
        self.manifest: dict[str, Any] = read_manifest(folder)
        if not self.manifest.get("complete"):
            raise DatasetError(f"{folder}: is not finished; go on with `animirror dataset make`")
        self.shards = [
            shard
            for shard in self.manifest["shards"]
            if shard["split"] == split and framing in (None, shard["framing"])
        ]
        if not self.shards:
            raise DatasetError(f"{folder}: holds nothing of {split}{f' in {framing}' if framing else ''}")
        #: Characters of the split, in order of appearance.
        self.characters: tuple[str, ...] = tuple(dict.fromkeys(shard["character"] for shard in self.shards))
        #: Index into `characters` of each sample.
        self.character_of: list[int] = [
            self.characters.index(shard["character"]) for shard in self.shards for _ in range(shard["count"])
        ]
        self._first = np.cumsum([0, *(int(shard["count"]) for shard in self.shards)])
        self._places: dict[int, list[_Places]] = {}  # by shard

    def __len__(self) -> int:
        return len(self.character_of)

    def __getitem__(self, index: int) -> LabelledPicture:
        if not 0 <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        return decoded(self.files(index))

    def __iter__(self) -> Iterator[LabelledPicture]:
        return self.iterate()

    def iterate(self, start: int = 0) -> Iterator[LabelledPicture]:
        """Yield the samples in order, from the `start`-th on."""
        return (decoded(self.files(index)) for index in range(start, len(self)))

    def files(self, index: int) -> dict[str, bytes]:
        """Return a sample's files, by extension, as they are stored.

        Raises:
            DatasetError: its shard is missing or damaged.
        """
        number = int(np.searchsorted(self._first, index, side="right")) - 1
        if number not in self._places:
            self._places[number] = self._indexed(self.shards[number])
        path = self._path(self.shards[number])
        with _named(path), path.open("rb") as stream:
            found = {}
            for extension, (offset, size) in self._places[number][index - self._first[number]].items():
                stream.seek(offset)
                found[extension] = stream.read(size)
        return found

    def base_of(self, character: str) -> str:
        """Return the name of the avatar that a character was made of."""
        return str(self.manifest["bases"][character])

    def character(self, name: str) -> Character:
        """Return a character's sheet and proportions, as the runtime reads them."""
        return load_character(self.folder / "characters" / name / "character")

    def truth(self, character: str) -> ViewTruth:
        """Return where the vertices of a character's avatar are in its key views; read once per avatar."""
        return _truth(self.folder / "avatars" / self.base_of(character) / "truth.npz")

    def triangle_parts(self, character: str) -> U8:
        """Return the part of each of a character's triangles, uint8 (T,)."""
        return np.asarray(np.load(self.folder / "avatars" / self.base_of(character) / "parts.npy"), np.uint8)

    def _path(self, shard: dict[str, Any]) -> Path:
        return self.folder / f"{shard['name']}.tar"

    def _indexed(self, shard: dict[str, Any]) -> list[_Places]:
        """Return where each sample's files lie in a shard."""
        path = self._path(shard)
        places: dict[str, _Places] = {}
        with _named(path), tarfile.open(path, "r:") as tar:
            for member in tar:
                name, _, extension = member.name.partition(".")
                places.setdefault(name, {})[extension] = member.offset_data, member.size
        if len(places) != shard["count"]:
            raise DatasetError(f"{path}: holds {len(places)} samples, expected {shard['count']}; {_AGAIN}")
        return list(places.values())


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn what damaged tar files raise into an error with their name."""
    try:
        yield
    except (OSError, EOFError, tarfile.TarError) as error:
        raise DatasetError(f"{path}: cannot be read ({error}); {_AGAIN}") from error


@lru_cache(maxsize=16)
def _truth(path: Path) -> ViewTruth:
    try:
        return ViewTruth.load(path)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DatasetError(
            f"{path}: cannot be read ({error}); delete its folder and start `animirror dataset make` again"
        ) from error
