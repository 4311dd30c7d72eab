"""Inputs as the network really gets them, for measuring speed and parity: a few poses of shipped characters.

The file is made by ``scripts/sample_inputs.py``: structure maps in whole numbers, because all that is measured with
them is how two ways of running one network differ.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.character import PRETRAINED
from engines.errors import WeightsError
from engines.network import INPUTS
from engines.weights import Weights

F32 = npt.NDArray[np.float32]

FILE = PRETRAINED / "sample_inputs.npz"
#: Maps are kept in steps of 1/127, -1..1: finer than the bytes that most of them come from.
STEPS = 127.0


def write_samples(path: Path, maps: F32, condition: F32, w: F32) -> int:
    """Write samples and return the file's size in bytes.

    Args:
        path: of the file.
        maps: (N, CHANNELS, cells, cells), about -1..1.
        condition: (N, controls).
        w: (N, w_dim).
    """
    steps = np.clip(np.round(maps * STEPS), -128, 127).astype(np.int8)
    np.savez_compressed(path, maps=steps, condition=condition, w=w)
    return path.stat().st_size


def sample_inputs(weights: Weights, count: int = 1) -> dict[str, F32]:
    """Return inputs of N pictures by name, `engines.network.INPUTS`, repeating the samples when there are too few.

    Args:
        weights: that the network has: their styles may be longer or shorter than the shipped ones'.
        count: N.

    Raises:
        WeightsError: the file of samples is not there or damaged.
    """
    maps, condition, w = _read()
    w_dim = _w_dim(weights.folder, w.shape[1])
    styles = np.zeros((len(w), w_dim), np.float32)
    styles[:, : min(w_dim, w.shape[1])] = w[:, :w_dim]
    chosen = np.arange(count) % len(maps)
    values = (maps[chosen].astype(np.float32) / np.float32(STEPS), condition[chosen], styles[chosen])
    return {name: np.ascontiguousarray(value, np.float32) for name, value in zip(INPUTS, values, strict=True)}


@cache
def _read() -> tuple[npt.NDArray[np.int8], F32, F32]:
    try:
        with np.load(FILE) as file:
            return file["maps"], file["condition"], file["w"]
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(f"{FILE}: cannot be read ({error}); install this program again") from error


def _w_dim(folder: Path, default: int) -> int:
    try:
        return int(json.loads((folder / "model.json").read_text(encoding="utf-8"))["config"]["w_dim"])
    except (OSError, ValueError, KeyError, TypeError):
        return default
