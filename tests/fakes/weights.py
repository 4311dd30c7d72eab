"""A folder of weights that nobody trained, with the character of balls."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from engines import controls
from engines.character import Character, save_character
from engines.style import ENCODER_VIEWS
from engines.weights import ARCHITECTURE, ENCODER_FILE, ENCODER_ONNX_FILE, ONNX_FILE, SAFETENSORS_FILE

#: How much an untrained student changes colours, in parts of what it would at first.
LOUDNESS = 4.0


def write_weights(folder: Path, *characters: Character) -> None:
    """Write what engines run; the characters' styles must be 16 long.  Needs torch and onnx."""
    import torch
    from safetensors.torch import save_file

    from engines.student.export import export_encoder, export_student
    from engines.student.network import Encoder, Student, StudentConfig

    torch.manual_seed(0)
    config = StudentConfig(w_dim=16, widths=(8, 12, 16), encoder_width=4)
    student, encoder = Student(config).eval(), Encoder(config, len(ENCODER_VIEWS)).eval()
    with torch.no_grad():
        student.out.weight.mul_(LOUDNESS)
    for module, file in ((student, SAFETENSORS_FILE), (encoder, ENCODER_FILE)):
        save_file({key: value.contiguous() for key, value in module.state_dict().items()}, folder / file)
    export_student(student, folder / ONNX_FILE)
    export_encoder(encoder, folder / ENCODER_ONNX_FILE)
    model = {
        "name": "untrained",
        "architecture": ARCHITECTURE,
        "config": config.to_json(),
        "spec_hash": controls.spec_hash(),
        "onnx_sha256": hashlib.sha256((folder / ONNX_FILE).read_bytes()).hexdigest(),
    }
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")
    for character in characters:
        save_character(folder / "characters" / character.card.name, character, effort=0)
