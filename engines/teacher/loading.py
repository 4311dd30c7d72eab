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
_BASE_CODES, _OWN_CODES = "codes.base", "codes.own"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownCharacter:
    """A character that the teacher has learnt.

    Args:
        name: unique among them.
        base: the avatar that it was made of.
        lab: float32, (len(PALETTE), 3), its palette, NaN where absent.
        proportions: of its figure.
    """

    name: str
    base: str
    lab: np.ndarray[Any, np.dtype[np.float32]]
    proportions: Proportions


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TeacherParts:
    """What a folder of weights holds.

    Args:
        config: sizes.
        generator: the generator's weights.
        base_codes: (avatars, z_dim), in the order of `bases`.
        own_codes: (characters, z_dim), in the order of `known`.
        known: the known characters.
        discriminator: its weights, or None where the folder has none.
        training: how it was trained: free figures.
    """

    config: TeacherConfig
    generator: dict[str, Tensor]
    base_codes: Tensor
    own_codes: Tensor
    known: tuple[KnownCharacter, ...]
    discriminator: dict[str, Tensor] | None
    training: dict[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the known characters."""
        return tuple(one.name for one in self.known)

    @property
    def bases(self) -> tuple[str, ...]:
        """Names of the avatars that they were made of, in order of appearance."""
        return tuple(dict.fromkeys(one.base for one in self.known))


def save_parts(folder: Path, parts: TeacherParts, *, half: bool = False) -> None:
    """Write a folder of weights; every file is written beside its place and moved there when complete.

    Args:
        folder: made if it is not there.
        parts: what to write.
        half: whether weights are stored as float16: half the size, and rounded to three digits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = {f"{_GENERATOR}{name}": value for name, value in parts.generator.items()} | {
        _BASE_CODES: parts.base_codes,
        _OWN_CODES: parts.own_codes,
    }
    _save(folder / WEIGHTS_FILE, weights, half)
    if parts.discriminator is not None:
        _save(folder / DISCRIMINATOR_FILE, parts.discriminator, half)
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
        weights = _load(folder / WEIGHTS_FILE)
        beside = folder / DISCRIMINATOR_FILE
        return TeacherParts(
            config=TeacherConfig.from_json(card["config"]),
            generator={
                name.removeprefix(_GENERATOR): value for name, value in weights.items() if name.startswith(_GENERATOR)
            },
            base_codes=weights[_BASE_CODES],
            own_codes=weights[_OWN_CODES],
            known=tuple(_character_from(one) for one in card["characters"]),
            discriminator=_load(beside) if beside.exists() else None,
            training=card["training"],
        )
    except WeightsError:
        raise
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise WeightsError(f"{folder}: no teacher can be read from it ({error}); export it again") from error


def _save(path: Path, tensors: dict[str, Tensor], half: bool) -> None:
    partial = path.with_suffix(".partial")
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    save_file({name: value.half() for name, value in plain.items()} if half else plain, partial)
    partial.replace(path)


def _load(path: Path) -> dict[str, Tensor]:
    return {name: value.float() for name, value in load_file(path).items()}


def _character_json(one: KnownCharacter) -> dict[str, Any]:
    rows = zip(PALETTE, np.round(one.lab.astype(np.float64), 3), strict=True)
    return {
        "name": one.name,
        "base": one.base,
        "palette": {paint.name: None if np.isnan(lab).any() else lab.tolist() for paint, lab in rows},
        "proportions": proportions_json(one.proportions),
    }


def _character_from(values: dict[str, Any]) -> KnownCharacter:
    absent = (np.nan,) * 3
    return KnownCharacter(
        name=str(values["name"]),
        base=str(values["base"]),
        lab=np.array([values["palette"][paint.name] or absent for paint in PALETTE], np.float32),
        proportions=proportions_from(values["proportions"]),
    )
