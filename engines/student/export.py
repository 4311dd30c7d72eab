"""Turns a training's averaged weights into the folder that engines run: ``python -m engines.student.export --help``."""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from engines import controls
from engines.character import load_character, save_character
from engines.errors import CheckpointError, DatasetError
from engines.network import INPUTS, OUTPUT
from engines.onnx_session import BATCH
from engines.structure import CHANNELS
from engines.student.data import encoder_views
from engines.student.network import Encoder, ModulatedConv, Student, StudentConfig
from engines.studio.dataset_manifest import read_manifest
from engines.style import ENCODER_PX, ENCODER_VIEWS
from engines.training.checkpoint import averaged_weights, checkpoint_paths, read_checkpoint
from engines.weights import ARCHITECTURE, ENCODER_FILE, ENCODER_ONNX_FILE, ONNX_FILE, SAFETENSORS_FILE

OPSET = 17
#: Cells per side of the maps of a picture of 512 pixels.
_CELLS = 128


class _Folded(nn.Module):
    """The student with every demodulation folded into its weight."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = student
        for module in student.modules():
            if isinstance(module, ModulatedConv):
                weight = module.folded().detach()
                module.folded = lambda weight=weight: weight  # type: ignore[method-assign, misc]

    def forward(self, maps: Tensor, condition: Tensor, w: Tensor) -> Tensor:
        change: Tensor = self.student(maps, condition, w)
        return change


def trained(run: Path) -> tuple[Student, Encoder, int]:
    """Return the averaged student and encoder of a run, and its number of steps.

    Raises:
        CheckpointError: the run has no checkpoint that can be read.
    """
    paths = checkpoint_paths(run)
    if not paths:
        raise CheckpointError(f"{run}: no checkpoint in it; expected the --run of a training")
    path = paths[0]
    state = read_checkpoint(path, torch.device("cpu"))
    config = StudentConfig.from_json(state["architecture"])
    student, encoder = Student(config), Encoder(config, len(ENCODER_VIEWS))
    student.load_state_dict(averaged_weights(path, "student"))
    encoder.load_state_dict(averaged_weights(path, "encoder"))
    return student.eval(), encoder.eval(), int(state["step"])


def export_student(student: Student, path: Path) -> None:
    """Write the student as ONNX for any number of pictures at once, standard operators only."""
    example = (
        torch.zeros(1, CHANNELS, _CELLS, _CELLS),
        torch.zeros(1, len(controls.NAMES)),
        torch.zeros(1, student.config.w_dim),
    )
    _export(_Folded(student), example, path, list(INPUTS), OUTPUT)
    model = onnx.load(str(path))
    for value in (*model.graph.input, *model.graph.output):  # no operator knows how many there are
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def export_encoder(encoder: Encoder, path: Path) -> None:
    """Write the encoder as ONNX: `views` (1, 4 views, ENCODER_PX, ENCODER_PX) premultiplied RGBA 0..1 to `w`."""
    _export(encoder, (torch.zeros(1, 4 * len(ENCODER_VIEWS), ENCODER_PX, ENCODER_PX),), path, ["views"], "w")


def _export(module: nn.Module, example: tuple[Tensor, ...], path: Path, inputs: list[str], output: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, example, str(path), input_names=inputs, output_names=[output], opset_version=OPSET, dynamo=False
        )
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, {"spec_hash": controls.spec_hash(), "architecture": ARCHITECTURE})
    onnx.save(model, str(path))


@torch.no_grad()
def style_of(encoder: Encoder, folder: Path) -> Tensor:
    """Return the style, (w_dim,), of the character in a folder."""
    views = encoder_views(load_character(folder).sheet)[None].float() / 255
    w: Tensor = encoder(views)[0]
    return w


def export(
    run: Path,
    out: Path,
    name: str,
    characters: Mapping[str, Path],
    credit_rows: Mapping[str, Mapping[str, str]],
    metrics: Mapping[str, Any],
) -> None:
    """Write weights, model.json and characters.

    Args:
        run: folder of a student's training.
        out: folder for the weights.
        name: of the weights.
        characters: name -> folder, of those that shall come with the weights.
        credit_rows: title, credit and licence by character; others keep what their folder says.
        metrics: kept in model.json.

    Raises:
        CharacterError: a character cannot be read.
        CheckpointError: the run has no checkpoint that can be read.
    """
    student, encoder, step = trained(run)
    out.mkdir(parents=True, exist_ok=True)
    for module, file in ((student, SAFETENSORS_FILE), (encoder, ENCODER_FILE)):
        save_file({key: value.contiguous() for key, value in module.state_dict().items()}, out / file)
    export_student(student, out / ONNX_FILE)
    export_encoder(encoder, out / ENCODER_ONNX_FILE)
    for chosen, folder in characters.items():
        character = load_character(folder)
        card = character.card
        if chosen in credit_rows:
            row = credit_rows[chosen]
            card = replace(card, title=row["title"], credit=row["credit"], licence=row["licence"])
        w = style_of(encoder, folder).numpy()
        save_character(out / "characters" / chosen, replace(character, card=card, w=w))
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    model = {
        "name": name,
        "architecture": ARCHITECTURE,
        "config": student.config.to_json(),
        "spec_hash": controls.spec_hash(),
        "controls": list(controls.NAMES),
        "onnx_sha256": hashlib.sha256((out / ONNX_FILE).read_bytes()).hexdigest(),
        "licence": "CC-BY-SA-4.0",
        "training": {"steps": step, "commit": commit},
        "metrics": dict(metrics),
    }
    (out / "model.json").write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")


def _chosen(data: Path, names: Sequence[str]) -> dict[str, Path]:
    """Return the folders of a data set's characters; none named: the avatars as they are."""
    bases: dict[str, str] = read_manifest(data)["bases"]
    unknown = [one for one in names if one not in bases]
    if unknown:
        raise DatasetError(f"{data}: has no character {unknown[0]!r}; it has {', '.join(sorted(bases))}")
    chosen = names or [one for one, base in bases.items() if one == base]
    return {one: data / "characters" / one / "character" for one in chosen}


def main() -> None:
    """Export a run to a folder of weights."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("run", type=Path, help="folder of the training")
    parser.add_argument("data", type=Path, help="folder of the data set")
    parser.add_argument("--characters", nargs="+", default=[], help="whom to include; default the avatars as they are")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="figure-2")
    parser.add_argument("--credits", type=Path, help="TOML with title, credit and licence per character")
    parser.add_argument("--metrics", type=Path, help="JSON written by the evaluation")
    arguments = parser.parse_args()
    export(
        arguments.run,
        arguments.out,
        arguments.name,
        _chosen(arguments.data, arguments.characters),
        tomllib.loads(arguments.credits.read_text(encoding="utf-8")) if arguments.credits else {},
        json.loads(arguments.metrics.read_text()) if arguments.metrics else {},
    )


if __name__ == "__main__":
    main()
