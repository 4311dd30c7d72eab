"""A training that was killed and goes on ends in the very weights of one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch
from safetensors.torch import save_file
from torch import Tensor

from engines.errors import CheckpointError, TrainingError, WeightsError
from engines.training.checkpoint import averaged_weights, checkpoint_paths, read_checkpoint
from engines.training.compute import Precision, find_compute
from engines.training.distributed import Processes
from engines.training.loop import Loop, LoopOptions
from engines.training.seeds import seed_weights
from engines.training.task import TaskOptions
from tests.fakes.blur_task import BlurTask


def loop_of(
    folder: Path,
    steps: int = 12,
    precision: Precision = "bf16",
    options: LoopOptions | None = None,
    settings: Mapping[str, str] | None = None,
) -> Loop:
    """Return a training of the small task: two phases of half the steps each."""
    folder.mkdir(exist_ok=True)
    options = options or LoopOptions(save_every_s=0.0, log_every=1, show_every=5)
    seed_weights(options.seed)
    compute = find_compute("cpu", precision)
    task = BlurTask(TaskOptions(data=folder, compute=compute, seed=options.seed, steps=steps, settings=settings or {}))
    return Loop(task, folder, compute, Processes(), options)


def tensors(value: Any, where: str = "") -> dict[str, Tensor]:
    """Return all tensors in a checkpoint's contents by their path."""
    if isinstance(value, Tensor):
        return {where: value}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {name: one for key, inner in items for name, one in tensors(inner, f"{where}/{key}").items()}


def last_of(folder: Path) -> dict[str, Tensor]:
    """Return the tensors of a run's newest checkpoint."""
    return tensors(read_checkpoint(checkpoint_paths(folder)[0], torch.device("cpu")))


def assert_same(folder: Path, other: Path) -> None:
    """Compare two runs' last checkpoints bit by bit: weights, averages, moments."""
    first, second = last_of(folder), last_of(other)
    assert first.keys() == second.keys()
    assert len(first) > 20
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a training that ran through."""
    folder = tmp_path_factory.mktemp("runs") / "straight"
    loop = loop_of(folder)
    assert not loop.resume()
    loop.begin()
    assert loop.run()
    return folder


def rows(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of a run's log."""
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_loop_learns(straight: Path) -> None:
    """The small network does learn to blur, and everything is written down."""
    errors = [row["generator/picture"] for row in rows(straight) if "generator/picture" in row]
    assert len(errors) == 12
    assert errors[-1] < 0.2 * errors[0]
    measured = {row["step"]: row["held_out/error"] for row in rows(straight) if "held_out/error" in row}
    assert list(measured) == [5, 10, 12]
    assert measured[12] < measured[5]
    assert sorted(path.stem for path in (straight / "pictures").iterdir()) == [
        f"blurred_{step:08d}" for step in (5, 10, 12)
    ]


def test_loop_with_one_seed_is_deterministic(straight: Path, tmp_path: Path) -> None:
    """Twice the same, also with other processes reading, other times of saving and of drawing."""
    loop = loop_of(tmp_path, options=LoopOptions(workers=2, save_every_s=1e9, log_every=7, show_every=100))
    loop.begin()
    assert loop.run()
    assert_same(straight, tmp_path)
    other = loop_of(tmp_path / "other", options=LoopOptions(seed=1))
    other.begin()
    assert other.run()
    first, second = last_of(straight), last_of(tmp_path / "other")
    assert not torch.equal(first["/modules/generator/0.weight"], second["/modules/generator/0.weight"])


@pytest.mark.parametrize("after", [1, 5, 6, 11])
def test_loop_stopped_and_resumed_ends_in_the_same_weights(straight: Path, tmp_path: Path, after: int) -> None:
    """Wherever it was stopped: in a phase, or between two."""
    loop = loop_of(tmp_path)
    loop.begin()
    for place, batch in loop.batches(0):
        loop.take(place, batch)
        if loop.step == after:
            break
    loop.stop()
    assert not loop.run() or after == 11
    again = loop_of(tmp_path)
    assert again.resume()
    assert again.run()
    assert_same(straight, tmp_path)


def test_loop_killed_and_resumed_ends_in_the_same_weights(straight: Path, tmp_path: Path) -> None:
    """The process is killed by SIGKILL within a step, its last checkpoint is two steps old, another one goes on."""
    command = [sys.executable, "-m", "tests.fakes.blur_task", str(tmp_path), "--run", str(tmp_path / "run")]
    options = ["--save-every", "0", "--log-every", "1", "--device", "cpu", "--workers", "2"]
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}  # sums over other numbers of threads round differently
    killed = subprocess.run(
        [*command, *options, "--set", "fault=kill"], capture_output=True, text=True, env={**os.environ, **threads}
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    folder = tmp_path / "run"
    newest = checkpoint_paths(folder)[0]
    assert newest.name == "checkpoint_00000003.pt"
    newest.unlink()  # as if it had not been due yet
    again = loop_of(folder)
    assert again.resume()
    assert again.step == 2
    assert again.run()
    assert_same(straight, folder)
    assert [row["step"] for row in rows(folder) if "generator/picture" in row] == list(range(1, 13))


def test_loop_with_a_damaged_checkpoint_goes_on_from_the_one_before(straight: Path, tmp_path: Path) -> None:
    """It only takes a few steps again."""
    loop = loop_of(tmp_path)
    loop.begin()
    for place, batch in loop.batches(0):
        loop.take(place, batch)
        loop.save()
        if loop.step == 8:
            break
    newest = checkpoint_paths(tmp_path)[0]
    newest.write_bytes(newest.read_bytes()[:1000])
    again = loop_of(tmp_path)
    assert again.resume()
    assert again.step == 7
    assert again.run()
    assert_same(straight, tmp_path)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("loss", "step 3: in the loss of the generator, critic is nan; the last checkpoint is kept"),
        ("gradient", r"step 3: the gradient of generator\.0\.weight, .* is not finite \(picture .*, critic"),
    ],
)
def test_loop_stops_when_something_is_no_number(tmp_path: Path, fault: str, message: str) -> None:
    """The term is named, the last checkpoint is that of the step before, and all of it is finite."""
    loop = loop_of(tmp_path, settings={"fault": fault})
    loop.begin()
    with pytest.raises(TrainingError, match=message):
        loop.run()
    assert checkpoint_paths(tmp_path)[0].name == "checkpoint_00000003.pt"
    assert all(value.isfinite().all() for value in last_of(tmp_path).values())


def test_loop_saves_no_weights_that_are_no_numbers(tmp_path: Path) -> None:
    """What went wrong between two checks does not replace a good checkpoint."""
    loop = loop_of(tmp_path)
    loop.begin()
    loop.save()
    with torch.no_grad():
        loop.task.modules["critic"].get_parameter("0.bias").fill_(torch.inf)
    loop.step = 1
    with pytest.raises(TrainingError, match=r"step 1: critic\.0\.bias is not finite; the last checkpoint is kept"):
        loop.save()
    assert [path.name for path in checkpoint_paths(tmp_path)] == ["checkpoint_00000000.pt"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": "4"}, r"of another architecture: generator\.width 8 in the checkpoint, 4 here"),
        ({"data": "second"}, "learnt from data set first, this is second"),
    ],
)
def test_loop_refuses_what_another_training_left(straight: Path, settings: dict[str, str], message: str) -> None:
    """Other networks and other data are another training."""
    with pytest.raises(CheckpointError, match=message):
        loop_of(straight, settings=settings).resume()


def test_loop_on_a_full_disk_says_so_before_it_has_learnt_anything(tmp_path: Path) -> None:
    """The first checkpoint is written before the first step."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here, the device that is always full")
    loop = loop_of(tmp_path)
    loop.begin()
    (tmp_path / "checkpoint.partial").symlink_to("/dev/full")
    with pytest.raises(CheckpointError, match=r"No space left on device.*; there is none before it; make room"):
        loop.run()
    assert loop.step == 0


def test_loop_begins_with_given_weights(straight: Path, tmp_path: Path) -> None:
    """They are where both network and average begin."""
    weights = averaged_weights(straight, "generator")
    save_file(weights, tmp_path / "weights.safetensors")
    loop = loop_of(tmp_path / "run")
    loop.begin(tmp_path / "weights.safetensors")
    loop.save()
    begun = last_of(tmp_path / "run")
    for name, value in weights.items():
        assert torch.equal(begun[f"/modules/generator/{name}"], value)
        assert torch.equal(begun[f"/averages/generator/{name}"], value)
    with pytest.raises(WeightsError, match="no such weights"):
        loop.begin(tmp_path / "none.safetensors")


def test_loop_begun_anew_forgets_what_was(straight: Path, tmp_path: Path) -> None:
    """Checkpoints, log and pictures of the training before go."""
    first = loop_of(tmp_path, steps=14)
    first.begin()
    assert first.run()
    fresh = loop_of(tmp_path)
    fresh.begin()
    assert fresh.run()
    assert_same(straight, tmp_path)
    assert [row["step"] for row in rows(tmp_path) if "generator/picture" in row] == list(range(1, 13))
    assert not (tmp_path / "pictures" / "blurred_00000014.png").exists()


def test_loop_stops_after_its_minutes(tmp_path: Path) -> None:
    """With a checkpoint, from which more minutes go on."""
    loop = loop_of(tmp_path, options=LoopOptions(minutes=1e-9))
    loop.begin()
    assert not loop.run()
    assert loop.step == 1
    assert checkpoint_paths(tmp_path)[0].name == "checkpoint_00000001.pt"


def test_loop_in_float32_and_in_bfloat16_learn_alike(straight: Path, tmp_path: Path) -> None:
    """The precision of the forward passes changes weights by little, and does change them."""
    loop = loop_of(tmp_path, precision="fp32")
    loop.begin()
    assert loop.run()
    exact, rounded = last_of(tmp_path), last_of(straight)
    name = "/modules/generator/2.weight"
    assert not torch.equal(exact[name], rounded[name])
    torch.testing.assert_close(exact[name], rounded[name], atol=0.02, rtol=0.0)
