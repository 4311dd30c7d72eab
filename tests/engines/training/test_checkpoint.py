"""Checkpoints come back as they were, whatever has happened to the files, or are refused in one line."""

from __future__ import annotations

import dataclasses
import logging
import os
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch
from torch import Tensor

from engines.errors import CheckpointError
from engines.training.checkpoint import (
    Checkpoint,
    Checkpoints,
    Origin,
    averaged_weights,
    difference,
    read_checkpoint,
)

CPU = torch.device("cpu")
ORIGIN = Origin(task="student", architecture={"generator": {"width": 8}}, data_hash="first", seed=0)


def checkpoint_of(step: int) -> Checkpoint:
    """Return a checkpoint whose weights are its step's number."""
    module = torch.nn.Linear(64, 64)
    torch.nn.init.constant_(module.weight, step)
    optimiser = torch.optim.Adam(module.parameters())
    module(torch.ones(1, 64)).sum().backward()
    optimiser.step()
    return Checkpoint(
        step=step,
        modules={"generator": module.state_dict()},
        averages={"generator": {"weight": torch.full((64, 64), float(step))}},
        optimisers={"generator": optimiser.state_dict()},
    )


def saved(folder: Path, *steps: int) -> Checkpoints:
    """Return checkpoints of which some were written."""
    checkpoints = Checkpoints(folder, ORIGIN)
    for step in steps:
        checkpoints.save(checkpoint_of(step))
    return checkpoints


def test_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    """Step, weights, averages and optimisers are what was written."""
    written = checkpoint_of(7)
    checkpoints = Checkpoints(tmp_path, ORIGIN)
    checkpoints.save(written)
    read = checkpoints.load(CPU)
    assert read is not None
    assert read.step == 7
    assert torch.equal(read.modules["generator"]["weight"], written.modules["generator"]["weight"])
    assert torch.equal(read.averages["generator"]["weight"], torch.full((64, 64), 7.0))
    moments: Tensor = read.optimisers["generator"]["state"][0]["exp_avg"]
    assert torch.equal(moments, written.optimisers["generator"]["state"][0]["exp_avg"])


def test_checkpoints_of_an_empty_folder_are_none(tmp_path: Path) -> None:
    """A training that begins has nothing to go on from."""
    assert Checkpoints(tmp_path, ORIGIN).load(CPU) is None


def test_checkpoints_keep_the_last_two(tmp_path: Path) -> None:
    """The newest comes back; one before it stays, the rest goes."""
    checkpoints = saved(tmp_path, 10, 200, 3000)
    assert [path.name for path in checkpoints.paths()] == ["checkpoint_00003000.pt", "checkpoint_00000200.pt"]
    read = checkpoints.load(CPU)
    assert read is not None
    assert read.step == 3000
    checkpoints.delete()
    assert list(tmp_path.iterdir()) == []


def truncate(path: Path) -> None:
    """Leave half of a file."""
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    """Leave nothing of a file."""
    os.truncate(path, 0)


def flip(path: Path) -> None:
    """Change one bit of a weight."""
    with zipfile.ZipFile(path) as archive:
        weight = max(archive.infolist(), key=lambda one: one.file_size)
    contents = bytearray(path.read_bytes())
    contents[weight.header_offset + weight.file_size // 2] ^= 1
    path.write_bytes(contents)


def replace(path: Path) -> None:
    """Put something else in its place."""
    torch.save({"weights": torch.zeros(3)}, path)


@pytest.mark.parametrize("damage", [truncate, empty, flip, replace])
def test_damaged_checkpoint_falls_back_to_the_one_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None]
) -> None:
    """The damaged one is named and put aside."""
    checkpoints = saved(tmp_path, 100, 200)
    damage(tmp_path / "checkpoint_00000200.pt")
    with caplog.at_level(logging.WARNING):
        read = checkpoints.load(CPU)
    assert read is not None
    assert read.step == 100
    (message,) = caplog.messages
    assert "checkpoint_00000200.pt: is damaged" in message
    assert "trying the one before" in message
    assert "\n" not in message
    assert (tmp_path / "checkpoint_00000200.damaged").exists()


def test_damaged_checkpoints_without_another_are_an_error(tmp_path: Path) -> None:
    """A training does not begin anew unasked."""
    checkpoints = saved(tmp_path, 100, 200)
    for path in checkpoints.paths():
        truncate(path)
    with pytest.raises(CheckpointError, match="no checkpoint can be read; begin anew with --fresh"):
        checkpoints.load(CPU)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"architecture": {"generator": {"width": 16}}},
            "another architecture: generator.width 8 in the checkpoint, 16",
        ),
        ({"architecture": {"generator": {"width": 8}, "grown": True}}, "grown is in the new one only"),
        ({"data_hash": "second"}, "learnt from data set first, this is second; .* --start-from"),
        ({"task": "teacher"}, "of a student, this is a teacher"),
        ({"seed": 5}, "made with --seed 0, this is 5"),
    ],
)
def test_checkpoint_of_another_training_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    """The message says what differs and what to do; nothing is put aside."""
    saved(tmp_path, 100)
    other = Checkpoints(tmp_path, dataclasses.replace(ORIGIN, **change))  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match=message) as caught:
        other.load(CPU)
    assert "--fresh" in str(caught.value)
    assert len(other.paths()) == 1


def test_checkpoint_of_another_control_spec_or_format_is_refused(tmp_path: Path) -> None:
    """What was learnt for other controls cannot go on with these."""
    checkpoints = saved(tmp_path, 100)
    (path,) = checkpoints.paths()
    contents = read_checkpoint(path, CPU)
    torch.save({**contents, "spec_hash": "0123"}, path)
    with pytest.raises(CheckpointError, match="made for control spec 0123, this is"):
        checkpoints.load(CPU)
    torch.save({**contents, "format": 99}, path)
    with pytest.raises(CheckpointError, match="has format 99, expected 1"):
        read_checkpoint(path, CPU)


def test_checkpoint_on_a_full_disk_keeps_those_before(tmp_path: Path) -> None:
    """The kernel's own "no space left" ends in one line; nothing half written stays."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here, the device that is always full")
    checkpoints = saved(tmp_path, 100)
    (tmp_path / "checkpoint.partial").symlink_to("/dev/full")
    with pytest.raises(CheckpointError) as caught:
        checkpoints.save(checkpoint_of(200))
    message = str(caught.value)
    assert "checkpoint_00000200.pt: cannot be written (No space left on device)" in message
    assert "that of step 100 is kept; make room and start the same command again" in message
    assert "\n" not in message
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint_00000100.pt"]
    checkpoints.save(checkpoint_of(200))  # when there is room again


def test_checkpoint_that_is_cut_off_while_it_is_written_keeps_those_before(tmp_path: Path) -> None:
    """A file that the system lets grow only so far fails in its middle; the reason is the system's, not torch's."""
    checkpoints = saved(tmp_path, 100)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(CheckpointError, match=r"cannot be written \(File too large\); that of step 100 is kept"):
            checkpoints.save(checkpoint_of(200))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint_00000100.pt"]


def test_checkpoint_killed_in_mid_write_leaves_the_one_before(tmp_path: Path) -> None:
    """A process that is killed again and again while it writes never leaves a checkpoint that is not whole."""
    program = f"""
import sys, torch
from pathlib import Path
from engines.training.checkpoint import Checkpoint, Checkpoints, Origin
origin = Origin(task="student", architecture={{"generator": {{"width": 8}}}}, data_hash="first", seed=0)
checkpoints = Checkpoints(Path({str(tmp_path)!r}), origin)
weights = {{"weight": torch.rand(4_000_000)}}
for step in range(1, 10_000):
    checkpoints.save(Checkpoint(step=step, modules={{"generator": weights}}, averages={{}}, optimisers={{}}))
    print(step, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    partial = tmp_path / "checkpoint.partial"
    while int(process.stdout.readline()) < 3:
        pass
    while not (partial.exists() and 0 < partial.stat().st_size < 15_000_000):
        pass
    process.kill()
    process.communicate()
    checkpoints = Checkpoints(tmp_path, ORIGIN)
    steps = [read_checkpoint(path, CPU)["step"] for path in checkpoints.paths()]
    assert len(steps) == 2
    assert steps[0] == steps[1] + 1 >= 3
    read = checkpoints.load(CPU)
    assert read is not None
    assert read.step == steps[0]
    assert not partial.exists()


def test_averaged_weights_come_from_the_newest_checkpoint_of_a_run(tmp_path: Path) -> None:
    """That is what is evaluated and shipped."""
    saved(tmp_path, 100, 200)
    assert torch.equal(averaged_weights(tmp_path, "generator")["weight"], torch.full((64, 64), 200.0))
    path = tmp_path / "checkpoint_00000100.pt"
    assert torch.equal(averaged_weights(path, "generator")["weight"], torch.full((64, 64), 100.0))
    with pytest.raises(CheckpointError, match="no average of 'critic'; there are generator"):
        averaged_weights(path, "critic")
    with pytest.raises(CheckpointError, match="no checkpoint in it"):
        averaged_weights(tmp_path / "..", "generator")
    with pytest.raises(CheckpointError, match="there is no such checkpoint"):
        averaged_weights(tmp_path / "checkpoint_00000001.pt", "generator")


def test_difference_names_the_first_field_that_differs() -> None:
    """Lists that came back as tuples are no difference."""
    assert difference({"a": [1, 2], "b": {"c": 3}}, {"a": (1, 2), "b": {"c": 3}}) == ""
    assert difference({"b": {"c": 3, "d": 4}}, {"b": {"c": 3, "d": 5}}) == "b.d 4 in the checkpoint, 5 here"
    assert difference({"b": {}}, {"b": {"c": 1}}) == "b.c is in the new one only"
