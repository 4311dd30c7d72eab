"""Draws with trained weights as the run time does: the engine, given the characters of a data set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.character import Character, characters_folder, load_character
from engines.engine import Engine
from engines.errors import WeightsError
from engines.framing import Framing
from engines.loading import load_engine
from engines.studio.dataset_reader import DatasetReader
from engines.style import style_of
from engines.weights import find_weights

F32 = npt.NDArray[np.float32]

#: Characters that stay loaded, 13 MB each: those of a split are drawn again for the page.
MOST_KEPT = 24


class Contender:
    """A folder of weights that is evaluated.

    Args:
        folder: with model.json, the network and characters.
        framing: that it must draw.
        backend: of :data:`engines.loading.BACKENDS`.
        threads: of the network.

    Raises:
        WeightsError: they are missing, damaged, or draw another framing.
        SpecMismatchError: they were made for another control spec.
    """

    def __init__(self, folder: Path, framing: Framing, backend: str = "auto", threads: int = 1) -> None:
        weights = find_weights(folder)
        framings = json.loads((folder / "model.json").read_text(encoding="utf-8")).get("framing", framing)
        if framing not in ([framings] if isinstance(framings, str) else framings):
            raise WeightsError(f"{folder}: draws {framings}, asked for was {framing}; name other weights or --framing")
        self.folder = folder
        self.name = weights.name
        self.backend, self.threads = backend, threads
        #: Bytes of the network's file.
        self.size_bytes = weights.onnx.stat().st_size
        self._own = sorted(path.parent.name for path in characters_folder(folder).glob("*/character.json"))
        self._kept: dict[str, Character] = {}

    def characters(self, reader: DatasetReader, names: Sequence[str]) -> list[Character]:
        """Return characters of a data set: the weights' own where they hold them, with the style learned for them.

        Others come from the data set, whose sheets are inputs; their style is read off the sheet.

        Raises:
            CharacterError: one is missing or damaged.
        """
        found = {name: self._kept.get(name) or self._loaded(reader, name) for name in names}
        self._kept = dict(list((found | self._kept).items())[:MOST_KEPT])
        return [found[name] for name in names]

    def engine(self, characters: Sequence[Character]) -> Engine:
        """Return an engine that draws these characters; whoever asks closes it.

        Raises:
            BackendError: the backend cannot run here.
        """
        return load_engine(self.backend, self.folder, self.threads, characters, strict=True)

    def _loaded(self, reader: DatasetReader, name: str) -> Character:
        if name in self._own:
            return load_character(characters_folder(self.folder) / name)
        character = reader.character(name)
        return replace(character, w=style_of(character.sheet, self.folder).w)
