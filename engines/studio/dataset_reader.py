"""Reads a data set: samples in order or at random, characters, and the exact flow into their key views."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a sample's files lie: extension -> (offset, size) in a shard."""

    shard: Path
    files: dict[str, tuple[int, int]]


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
        self._places: list[_Place] | None = None

    def __len__(self) -> int:
        return len(self.character_of)

    def __getitem__(self, index: int) -> LabelledPicture:
        return decoded(self.files(index))

    def __iter__(self) -> Iterator[LabelledPicture]:
        return self.iterate()

    def iterate(self, start: int = 0) -> Iterator[LabelledPicture]:
        """Yield the samples in order, from the `start`-th on; each shard is opened once."""
        first = 0
        for shard in self.shards:
            count = int(shard["count"])
            if first + count > start:
                yield from self._stream(self.folder / f"{shard['name']}.tar", max(start - first, 0))
            first += count

    def files(self, index: int) -> dict[str, bytes]:
        """Return a sample's files, by extension, read at random."""
        if self._places is None:
            self._places = [place for shard in self.shards for place in self._indexed(shard)]
        place = self._places[index]
        with place.shard.open("rb") as stream:
            found = {}
            for extension, (offset, size) in place.files.items():
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

    def _stream(self, path: Path, skip: int) -> Iterator[LabelledPicture]:
        files: dict[str, bytes] = {}
        stem, number = "", -1
        with _opened(path) as tar:
            for member in tar:
                name, _, extension = member.name.partition(".")
                if name != stem:
                    if files:
                        yield decoded(files)
                    stem, number, files = name, number + 1, {}
                if number >= skip:
                    stream = tar.extractfile(member)
                    files[extension] = stream.read() if stream else b""
            if files:
                yield decoded(files)

    def _indexed(self, shard: dict[str, Any]) -> list[_Place]:
        path = self.folder / f"{shard['name']}.tar"
        places: dict[str, dict[str, tuple[int, int]]] = {}
        with _opened(path) as tar:
            for member in tar:
                name, _, extension = member.name.partition(".")
                places.setdefault(name, {})[extension] = member.offset_data, member.size
        if len(places) != shard["count"]:
            raise DatasetError(
                f"{path}: holds {len(places)} samples, expected {shard['count']}; delete it and make it again"
            )
        return [_Place(shard=path, files=files) for files in places.values()]


def _opened(path: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(path, "r:")
    except (OSError, tarfile.TarError) as error:
        raise DatasetError(f"{path}: cannot be read ({error}); delete it and make the set again") from error


@lru_cache(maxsize=16)
def _truth(path: Path) -> ViewTruth:
    try:
        return ViewTruth.load(path)
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(f"{path}: cannot be read ({error}); delete its folder and make the set again") from error
