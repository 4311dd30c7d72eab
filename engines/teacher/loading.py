"""The teacher on disk: `teacher.safetensors` and `teacher.json`, and `discriminator.safetensors` to go on training.

`teacher.json` holds the config, the hash of the control spec, the channels of the structure maps, and for each known
character name, palette and proportions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from engines import controls
from engines.errors import SpecMismatchError, WeightsError
from engines.skeleton import Proportions
from engines.studio.palette import PALETTE
from engines.teacher.config import TeacherConfig
from engines.teacher.proportions import proportions_from, proportions_json
from engines.teacher.structure_maps import STRUCTURE

WEIGHTS_FILE, DISCRIMINATOR_FILE, CARD_FILE = "teacher.safetensors", "discriminator.safetensors", "teacher.json"
_GENERATOR = "generator."
_CODES = "codes.z"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownCharacter:
    """A character that the teacher has learnt.

    Args:
        name: unique among them.
        lab: float32, (len(PALETTE), 3), its palette, NaN where absent.
        proportions: of its figure.
    """

    name: str
    lab: np.ndarray[Any, np.dtype[np.float32]]
    proportions: Proportions


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TeacherParts:
    """What a folder of weights holds.

    Args:
        config: sizes.
        generator: the generator's weights.
        codes: (characters, z_dim), z of the known characters.
        known: the characters, in the codes' order.
        discriminator: its weights, or None where the folder has none.
        training: how it was trained: free figures.
    """

    config: TeacherConfig
    generator: dict[str, Tensor]
    codes: Tensor
    known: tuple[KnownCharacter, ...]
    discriminator: dict[str, Tensor] | None
    training: dict[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the known characters, in the codes' order."""
        return tuple(one.name for one in self.known)


def save_parts(folder: Path, parts: TeacherParts) -> None:
    """Write a folder of weights; every file is written beside its place and moved there when complete."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {f"{_GENERATOR}{name}": value for name, value in parts.generator.items()} | {_CODES: parts.codes}
    _save(folder / WEIGHTS_FILE, weights)
    if parts.discriminator is not None:
        _save(folder / DISCRIMINATOR_FILE, parts.discriminator)
    card = {
        "architecture": "teacher-1",
        "config": parts.config.to_json(),
        "spec_hash": controls.spec_hash(),
        "structure": list(STRUCTURE),
        "licence": "CC-BY-SA-4.0",
        "training": parts.training,
        "characters": [_character_json(one) for one in parts.known],
    }
    partial = folder / f"{CARD_FILE}.partial"
    partial.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    partial.replace(folder / CARD_FILE)


def load_parts(folder: Path) -> TeacherParts:
    """Read a folder of weights; nothing is unpickled.

    Raises:
        WeightsError: it is missing, damaged or of another architecture.
        SpecMismatchError: it was made for another control spec.
    """
    try:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        if card["spec_hash"] != controls.spec_hash():
            raise SpecMismatchError(
                f"{folder}: made for control spec {card['spec_hash']}, this is {controls.spec_hash()}; train it anew"
            )
        if card["structure"] != list(STRUCTURE):
            raise WeightsError(f"{folder}: made for other structure maps; use the version that made it")
        weights = load_file(folder / WEIGHTS_FILE)
        beside = folder / DISCRIMINATOR_FILE
        return TeacherParts(
            config=TeacherConfig.from_json(card["config"]),
            generator={
                name.removeprefix(_GENERATOR): value for name, value in weights.items() if name.startswith(_GENERATOR)
            },
            codes=weights[_CODES],
            known=tuple(_character_from(one) for one in card["characters"]),
            discriminator=load_file(beside) if beside.exists() else None,
            training=card["training"],
        )
    except WeightsError:
        raise
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise WeightsError(f"{folder}: no teacher can be read from it ({error}); export it again") from error


def _save(path: Path, tensors: dict[str, Tensor]) -> None:
    partial = path.with_suffix(".partial")
    save_file({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, partial)
    partial.replace(path)


def _character_json(one: KnownCharacter) -> dict[str, Any]:
    rows = zip(PALETTE, np.round(one.lab.astype(np.float64), 3), strict=True)
    return {
        "name": one.name,
        "palette": {paint.name: None if np.isnan(lab).any() else lab.tolist() for paint, lab in rows},
        "proportions": proportions_json(one.proportions),
    }


def _character_from(values: dict[str, Any]) -> KnownCharacter:
    absent = (np.nan,) * 3
    return KnownCharacter(
        name=str(values["name"]),
        lab=np.array([values["palette"][paint.name] or absent for paint in PALETTE], np.float32),
        proportions=proportions_from(values["proportions"]),
    )
