"""The student's training through the real loop: it learns, goes on, and comes out as weights that run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the student needs the train extra")

import torch
from safetensors.torch import load_file

from engines.character import load_character
from engines.condition import Condition
from engines.controls import controls
from engines.errors import CheckpointError, WeightsError
from engines.loading import load_engine
from engines.student.export import export, trained
from engines.student.network import StudentConfig
from engines.student.task import StudentTask
from engines.training.compute import find_compute
from engines.training.distributed import Processes
from engines.training.gradient_check import check_gradients
from engines.training.loop import Loop, LoopOptions
from engines.training.seeds import seed_weights
from engines.training.task import TaskOptions
from engines.weights import SAFETENSORS_FILE, find_weights

SMALL = StudentConfig(w_dim=16, widths=(8, 12, 16), encoder_width=4)


def loop(data: Path, run: Path, steps: int) -> Loop:
    """Return the training of a small student on all four pictures at once."""
    run.mkdir(parents=True, exist_ok=True)
    seed_weights(0)
    compute = find_compute("cpu", "fp32")
    task = StudentTask(
        TaskOptions(data=data, compute=compute, steps=steps, batch=4, settings={"rate": "0.01", "small": "0"}), SMALL
    )
    return Loop(task, run, compute, Processes(), LoopOptions(workers=0, show_every=steps, log_every=1))


@pytest.fixture(scope="module")
def run(student_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train for a few steps and return the run's folder."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    one = loop(student_set, folder, 30)
    one.begin()
    assert one.run()
    return folder


@pytest.fixture(scope="module")
def weights(student_set: Path, run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export the run with its character and return the folder of weights."""
    out = tmp_path_factory.mktemp("weights")
    credit = {"boxes": {"title": "Boxes", "credit": "nobody", "licence": "CC0"}}
    export(run, out, "small", {"boxes": student_set / "characters" / "boxes" / "character"}, credit, {"psnr": 1.0})
    return out


def test_training_brings_pictures_nearer_to_their_renders(run: Path) -> None:
    """Four pictures are learnt by heart: the loss falls, and what is written down says so."""
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    losses = [row["student/picture"] for row in rows if "student/picture" in row]
    assert len(losses) == 30
    assert np.mean(losses[-3:]) < 0.8 * losses[0]
    measured = [row for row in rows if "held_out/psnr" in row]
    assert measured
    assert measured[-1]["held_out/psnr_views_alone"] > 10
    assert [path.suffix for path in (run / "pictures").iterdir()] != []


def test_training_goes_on_as_if_it_had_not_been_stopped(student_set: Path, tmp_path: Path) -> None:
    """Two steps, a checkpoint and one step are three steps, to the bit."""
    whole, half = loop(student_set, tmp_path / "whole", 3), loop(student_set, tmp_path / "half", 3)
    for one, count in ((whole, 3), (half, 2)):
        one.begin()
        for place, batch in one.batches(0):
            one.take(place, batch)
            if one.step == count:
                break
    half.save()
    second = loop(student_set, tmp_path / "half", 3)
    assert second.resume()
    for place, batch in second.batches(2):
        second.take(place, batch)
    for name, module in whole.task.modules.items():
        for key, value in module.state_dict().items():
            assert torch.equal(value, second.task.modules[name].state_dict()[key]), f"{name}.{key}"


def test_every_parameter_learns(student_set: Path, tmp_path: Path) -> None:
    """Nothing is left without a gradient, in the student or in the encoder."""
    one = loop(student_set, tmp_path / "run", 3)
    one.begin()
    check = check_gradients(one, 2)
    assert not check.untrained()
    assert not check.unreached()


def test_exported_weights_draw_the_character(weights: Path) -> None:
    """The folder is complete: an engine opens it and draws who came with it."""
    assert find_weights(weights).name.startswith("small (")
    assert json.loads((weights / "model.json").read_text())["metrics"] == {"psnr": 1.0}
    one = load_character(weights / "characters" / "boxes")
    assert (one.card.title, one.card.licence) == ("Boxes", "CC0")
    assert one.w.shape == (SMALL.w_dim,)
    engine = load_engine("onnxruntime", weights, threads=1)
    picture = engine.generate(Condition(character="boxes", controls=controls()))
    assert picture[..., 3].max() == 255


def test_exported_weights_are_the_average(run: Path, weights: Path) -> None:
    """What runs is what the moving average says after the last step."""
    student, _, steps = trained(run)
    assert steps == 30
    stored = load_file(weights / SAFETENSORS_FILE)
    assert stored.keys() == student.state_dict().keys()
    assert all(torch.equal(value, stored[name]) for name, value in student.state_dict().items())


def test_training_starts_from_exported_weights(student_set: Path, weights: Path, tmp_path: Path) -> None:
    """Student and encoder begin with them; weights of another architecture are refused."""
    task = loop(student_set, tmp_path / "run", 1).task
    task.start_from(weights)
    stored = load_file(weights / SAFETENSORS_FILE)
    assert all(torch.equal(value, stored[name]) for name, value in task.modules["student"].state_dict().items())
    compute = find_compute("cpu", "fp32")
    other = StudentTask(TaskOptions(data=student_set, compute=compute), StudentConfig(w_dim=4, widths=(4, 4, 4)))
    with pytest.raises(WeightsError, match="cannot be taken over"):
        other.start_from(weights)


def test_run_without_a_checkpoint_is_not_exported(tmp_path: Path) -> None:
    """The message says what was expected."""
    with pytest.raises(CheckpointError, match="no checkpoint in it"):
        trained(tmp_path)
