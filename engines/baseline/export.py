"""A run's averaged weights, and as ONNX, so that direct synthesis can be timed on the library that runs the student."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from engines import controls
from engines.baseline.network import Baseline, BaselineConfig
from engines.baseline.structure import STRUCTURE_CHANNELS
from engines.errors import CheckpointError
from engines.student.export import OPSET
from engines.student.network import Encoder
from engines.style import ENCODER_VIEWS
from engines.training.checkpoint import averaged_weights, checkpoint_paths, read_checkpoint

#: Names of the ONNX file's inputs and output; shapes in :meth:`engines.baseline.network.Baseline.forward`.
INPUTS = ("structure", "condition", "w")
OUTPUT = "picture"


def trained(run: Path) -> tuple[Baseline, Encoder, int]:
    """Return the averaged generator and encoder of a run, and its number of steps.

    Raises:
        CheckpointError: the run has no checkpoint of a baseline that can be read.
    """
    paths = checkpoint_paths(run)
    if not paths:
        raise CheckpointError(f"{run}: no checkpoint in it; expected the --run of `animirror train baseline`")
    path = paths[0]
    state = read_checkpoint(path, torch.device("cpu"))
    if state["task"] != "baseline":
        raise CheckpointError(f"{path}: is of the {state['task']}; expected a run of `animirror train baseline`")
    config = BaselineConfig.from_json(state["architecture"])
    baseline, encoder = Baseline(config), Encoder(config.encoder(), len(ENCODER_VIEWS))
    baseline.load_state_dict(averaged_weights(path, "baseline"))
    encoder.load_state_dict(averaged_weights(path, "encoder"))
    return baseline.eval(), encoder.eval(), int(state["step"])


def export_baseline(baseline: Baseline, path: Path, cells: int) -> None:
    """Write direct synthesis as ONNX, batch 1, standard operators only, for structure of `cells` x `cells`."""
    example = (
        torch.zeros(1, STRUCTURE_CHANNELS, cells, cells),
        torch.zeros(1, len(controls.NAMES)),
        torch.zeros(1, baseline.config.w_dim),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            baseline,
            example,
            str(path),
            input_names=list(INPUTS),
            output_names=[OUTPUT],
            opset_version=OPSET,
            dynamo=False,
        )
