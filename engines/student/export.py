"""Turns a checkpoint into the folder that engines run: ``python -m engines.training.export --help``."""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import tomllib
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import onnx
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from engines import controls
from engines.character import CharacterCard, load_character, save_character
from engines.errors import DatasetError, SpecMismatchError
from engines.network import INPUTS, OUTPUTS
from engines.sheet import FACE_VIEWS
from engines.structure import BODY_CHANNELS, FACE_CHANNELS, FACE_GRID, GRID
from engines.studio.dataset_manifest import read_manifest
from engines.training.network import ModulatedConv, Student, StudentConfig
from engines.weights import ARCHITECTURE, ONNX_FILE, SAFETENSORS_FILE

OPSET = 17


class _Folded(nn.Module):
    """The student with plain outputs, and with every demodulation folded into its weight."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = student
        for module in student.modules():
            if isinstance(module, ModulatedConv):
                weight = module.folded().detach()
                module.folded = lambda weight=weight: weight  # type: ignore[method-assign, misc]

    def forward(
        self, body: Tensor, face: Tensor, face_views: Tensor, condition: Tensor, w: Tensor
    ) -> tuple[Tensor, ...]:
        out = self.student(body, face, face_views, condition, w)
        return out.flow, out.weights, out.residual, out.face_flow, out.face_weights, out.face_residual


def student_from_checkpoint(path: Path) -> tuple[Student, dict[str, Tensor], int]:
    """Return the averaged student, the styles by character name, and the step of a checkpoint.

    Raises:
        SpecMismatchError: it was trained with another control spec.
    """
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["spec_hash"] != controls.spec_hash():
        raise SpecMismatchError(f"{path}: control spec {state['spec_hash']}, this is {controls.spec_hash()}")
    student = Student(StudentConfig.from_json(state["config"]))
    *weights, styles = state["average"]
    for parameter, value in zip(student.parameters(), weights, strict=True):
        parameter.data.copy_(value)
    return student.eval(), dict(zip(state["names"], styles, strict=True)), int(state["step"])


def export_onnx(student: Student, path: Path) -> None:
    """Write the student as ONNX, batch 1, standard operators only."""
    example = (
        torch.zeros(1, BODY_CHANNELS, GRID, GRID),
        torch.zeros(1, FACE_CHANNELS, FACE_GRID, FACE_GRID),
        torch.zeros(1, 4 * len(FACE_VIEWS), FACE_GRID, FACE_GRID),
        torch.zeros(1, len(controls.PORTRAIT_NAMES)),
        torch.zeros(1, student.config.w_dim),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Folded(student),
            example,
            str(path),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, {"spec_hash": controls.spec_hash(), "architecture": ARCHITECTURE})
    onnx.save(model, str(path))


def export(
    checkpoint: Path,
    data: Path,
    out: Path,
    name: str,
    credits_file: Path | None,
    metrics: dict[str, object],
    characters: Sequence[str] = (),
) -> None:
    """Write weights, model.json and characters of a data set.

    Args:
        checkpoint: that :mod:`engines.training.train` wrote.
        data: folder of the data set.
        out: folder for the weights.
        name: of the weights.
        credits_file: TOML with title, credit and licence per avatar; None takes what the avatars' files say.
        metrics: kept in model.json.
        characters: which of the set's; none named: the avatars as they are.

    Raises:
        DatasetError: the set has no such character, or cannot be read.
    """
    bases: dict[str, str] = read_manifest(data)["bases"]
    unknown = [one for one in characters if one not in bases]
    if unknown:
        raise DatasetError(f"{data}: has no character {unknown[0]!r}; it has {', '.join(sorted(bases))}")
    student, styles, step = student_from_checkpoint(checkpoint)
    out.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in student.state_dict().items()}, out / SAFETENSORS_FILE)
    export_onnx(student, out / ONNX_FILE)
    credit_rows = tomllib.loads(credits_file.read_text(encoding="utf-8")) if credits_file else {}
    for chosen in characters or [one for one, base in bases.items() if one == base]:
        character = load_character(data / "characters" / chosen / "character")
        card = character.card
        if bases[chosen] in credit_rows:
            row = credit_rows[bases[chosen]]
            card = CharacterCard(name=card.name, title=row["title"], credit=row["credit"], licence=row["licence"])
        style = styles.get(card.name)
        w = style if style is not None else torch.stack(list(styles.values())).mean(0)
        save_character(out / "characters" / card.name, replace(character, card=card, w=w.numpy()))
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    model = {
        "name": name,
        "architecture": ARCHITECTURE,
        "config": student.config.to_json(),
        "framing": "portrait",
        "spec_hash": controls.spec_hash(),
        "controls": list(controls.PORTRAIT_NAMES),
        "onnx_sha256": hashlib.sha256((out / ONNX_FILE).read_bytes()).hexdigest(),
        "licence": "CC-BY-SA-4.0",
        "training": {"steps": step, "characters": sorted(styles), "commit": commit},
        "metrics": metrics,
    }
    (out / "model.json").write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Export a checkpoint to a folder of weights."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("data", type=Path, help="folder of the data set")
    parser.add_argument("--characters", nargs="+", default=[], help="whom to include; default the avatars as they are")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="portrait-1")
    parser.add_argument("--credits", type=Path, help="TOML with title, credit and licence per character")
    parser.add_argument("--metrics", type=Path, help="JSON written by the evaluation")
    arguments = parser.parse_args()
    metrics = json.loads(arguments.metrics.read_text()) if arguments.metrics else {}
    export(
        arguments.checkpoint,
        arguments.data,
        arguments.out,
        arguments.name,
        arguments.credits,
        metrics,
        arguments.characters,
    )


if __name__ == "__main__":
    main()
