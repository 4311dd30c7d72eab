"""The folder of trained weights: what it must hold, and that it belongs to this program.

``model.json`` says what the weights are; ``student.onnx`` is what engines run; ``student.safetensors`` is the
same for training; ``characters/`` holds who can be drawn (`engines.character`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from engines import controls
from engines.character import PRETRAINED
from engines.errors import SpecMismatchError, WeightsError

#: What `model.json` must say for this program to run the weights: see `engines.student.network`.
ARCHITECTURE = "figure-student-2"
ONNX_FILE = "student.onnx"
SAFETENSORS_FILE = "student.safetensors"
#: Reads the style off a sheet: for characters that are made later.
ENCODER_FILE = "encoder.safetensors"
ENCODER_ONNX_FILE = "encoder.onnx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Trained weights on disk, checked.

    Args:
        folder: where they are.
        onnx: path of the ONNX file.
        name: name and hash to show, e.g. "portrait-1 (3f9a0c21)".
        spec_hash: the control spec they were trained with.
    """

    folder: Path
    onnx: Path
    name: str
    spec_hash: str


def find_weights(folder: Path | None = None) -> Weights:
    """Return the weights in a folder (default: the shipped ones), checked against this program.

    Raises:
        WeightsError: a file is missing or damaged, or the architecture is another.
        SpecMismatchError: they were trained with another control spec.
    """
    folder = folder or PRETRAINED
    path = folder / "model.json"
    try:
        model = json.loads(path.read_text(encoding="utf-8"))
        architecture, spec_hash = model["architecture"], model["spec_hash"]
        name, digest = model["name"], model["onnx_sha256"]
    except FileNotFoundError:
        raise WeightsError(f"{path}: not found; the folder of weights must hold model.json and {ONNX_FILE}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path}: cannot be read ({error!r}); fetch the weights again") from error
    if architecture != ARCHITECTURE:
        raise WeightsError(f"{path}: architecture is {architecture!r}, this program runs {ARCHITECTURE!r}")
    if spec_hash != controls.spec_hash():
        raise SpecMismatchError(
            f"{path}: trained with control spec {spec_hash}, this program has {controls.spec_hash()}; "
            "use the weights that came with this version"
        )
    onnx = folder / ONNX_FILE
    try:
        content = onnx.read_bytes()
    except OSError as error:
        raise WeightsError(f"{onnx}: cannot be read ({error}); fetch the weights again") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise WeightsError(f"{onnx}: damaged (its SHA-256 is not the one in model.json); fetch the weights again")
    return Weights(folder=folder, onnx=onnx, name=f"{name} ({digest[:8]})", spec_hash=spec_hash)
