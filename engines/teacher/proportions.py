"""A figure's proportions as JSON: read from a data set's characters, kept beside the teacher's weights."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from engines.errors import CharacterError
from engines.skeleton import Proportions


def proportions_json(proportions: Proportions) -> dict[str, Any]:
    """Return proportions as JSON values, to a thousandth of a millimetre."""
    return {name: np.round(np.asarray(value, np.float64), 6).tolist() for name, value in asdict(proportions).items()}


def proportions_from(values: dict[str, Any]) -> Proportions:
    """Return the proportions that :func:`proportions_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: something is missing or of another form.
    """
    return Proportions(
        joints=np.array(values["joints"], np.float32),
        left_eye=np.array(values["left_eye"], np.float32),
        right_eye=np.array(values["right_eye"], np.float32),
        mouth=np.array(values["mouth"], np.float32),
        head_top=float(values["head_top"]),
        eye_gain=float(values["eye_gain"]),
    )


def read_proportions(character: Path) -> Proportions:
    """Return the proportions of a character's folder without reading its pictures.

    Raises:
        CharacterError: they cannot be read.
    """
    path = character / "character.json"
    try:
        return proportions_from(json.loads(path.read_text(encoding="utf-8"))["proportions"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CharacterError(f"{path}: no proportions can be read ({error}); make the data set again") from error
