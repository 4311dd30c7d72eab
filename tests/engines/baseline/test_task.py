"""The training of direct synthesis through the real loop: coarse, then fine and judged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="direct synthesis needs the train extra")

import torch

from engines.baseline.export import trained
from engines.baseline.network import Baseline, BaselineConfig
from engines.baseline.task import BaselineTask
from engines.errors import CheckpointError, WeightsError
from engines.training.compute import find_compute
from engines.training.distributed import Processes
from engines.training.gradient_check import check_gradients
from engines.training.loop import Loop, LoopOptions
from engines.training.seeds import seed_weights
from engines.training.task import TaskOptions

SMALL = BaselineConfig(w_dim=16, widths=(8, 12, 16), blocks=1, fine_width=4, encoder_width=4)


def loop(data: Path, run: Path, steps: int) -> Loop:
    """Return the training of a small baseline on all four pictures at once."""
    run.mkdir(parents=True, exist_ok=True)
    seed_weights(0)
    compute = find_compute("cpu", "fp32")
    options = TaskOptions(data=data, compute=compute, steps=steps, batch=4, settings={"rate": "0.01"})
    return Loop(
        BaselineTask(options, SMALL), run, compute, Processes(), LoopOptions(workers=0, show_every=steps, log_every=1)
    )


@pytest.fixture(scope="module")
def run(pose_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train for a few steps and return the run's folder."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    one = loop(pose_set, folder, 20)
    one.begin()
    assert one.run()
    return folder


def test_training_is_coarse_first_and_then_fine_and_judged(run: Path) -> None:
    """The loss falls; discriminators are only asked about fine pictures; figures and pictures are written down."""
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    losses = [row["baseline/picture"] for row in rows if "baseline/picture" in row]
    assert np.mean(losses[8:10]) < losses[0]  # the last of the coarse steps, in the midst of the warm-up
    assert ["discriminator/true" in row for row in rows if "baseline/picture" in row] == [False] * 10 + [True] * 10
    measured = [row for row in rows if "held_out/psnr" in row]
    assert measured[-1]["held_out/psnr"] > 3
    assert any((run / "pictures").iterdir())


def test_every_parameter_learns(pose_set: Path, tmp_path: Path) -> None:
    """Over both phases nothing is left without a gradient, and nothing without an optimiser."""
    one = loop(pose_set, tmp_path, 4)
    one.begin()
    check = check_gradients(one, 2)
    assert check.untrained() == []
    assert check.unreached() == []


def test_trained_weights_are_the_average(pose_set: Path, run: Path) -> None:
    """What is measured and timed is what the training's contact sheets show."""
    baseline, encoder, steps = trained(run)
    assert steps == 20
    one = loop(pose_set, run, 20)
    assert one.resume()
    averaged = one._averages.modules
    assert isinstance(averaged["baseline"], Baseline)
    for module, name in ((baseline, "baseline"), (encoder, "encoder")):
        for key, value in averaged[name].state_dict().items():
            assert torch.equal(value, module.state_dict()[key]), f"{name}.{key}"


def test_trained_of_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """There is no checkpoint in it."""
    with pytest.raises(CheckpointError, match="no checkpoint"):
        trained(tmp_path)


def test_exported_weights_cannot_be_taken_over(pose_set: Path, tmp_path: Path) -> None:
    """Direct synthesis always begins with nothing."""
    with pytest.raises(WeightsError, match="--start-from"):
        loop(pose_set, tmp_path / "run", 2).begin(tmp_path)
