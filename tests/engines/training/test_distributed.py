"""Two processes with half a batch each learn what one learns with the whole."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch

from engines.errors import TrainingError
from engines.training.checkpoint import checkpoint_paths, read_checkpoint
from engines.training.distributed import Processes, join
from realtime.command import main
from tests.fakes.blur_task import add_to_commands

CPU = torch.device("cpu")
COMMAND = [sys.executable, "-m", "tests.fakes.blur_task"]
#: Without noise: each process draws its own numbers. In float32: halves are not rounded as the whole is.
OPTIONS = ["--device", "cpu", "--precision", "fp32", "--set", "noise=no", "--log-every", "1", "--workers", "0"]


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def train_by_two(folder: Path, *more: str) -> list[subprocess.CompletedProcess[str]]:
    """Train with two processes, started with the environment that torchrun gives them; return how they ended."""
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    command = [*COMMAND, str(folder), "--run", str(folder / "two"), *OPTIONS, *more]
    started = [
        subprocess.Popen(
            command,
            env=os.environ | address | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    ended = []
    for process in started:
        out, err = process.communicate(timeout=120)
        ended.append(subprocess.CompletedProcess(command, process.returncode, out, err))
    return ended


@pytest.mark.slow
def test_two_processes_equal_one_with_the_whole_batch(tmp_path: Path) -> None:
    """Weights, averages and buffers agree to float tolerance; process 0 alone writes; both resume."""
    first, second = train_by_two(tmp_path, "--minutes", "1e-9")  # one step, then both go on
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert checkpoint_paths(tmp_path / "two")[0].name == "checkpoint_00000001.pt"
    first, second = train_by_two(tmp_path)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "goes on at step 1 on CPU" in first.stderr
    assert "2 processes" in first.stderr
    assert first.stdout == f"{tmp_path / 'two'}: all 12 steps are taken\n"
    assert second.stdout == second.stderr == ""
    add_to_commands()
    assert main(["train", "blur", str(tmp_path), "--run", str(tmp_path / "one"), *OPTIONS]) == 0
    one, two = (read_checkpoint(checkpoint_paths(tmp_path / name)[0], CPU) for name in ("one", "two"))
    assert one["step"] == two["step"] == 12
    for kind in ("modules", "averages"):
        for module, weights in one[kind].items():
            for name, value in weights.items():
                if name == "mean":  # a buffer is that of process 0, which saw its half only
                    continue
                torch.testing.assert_close(two[kind][module][name], value, rtol=1e-4, atol=1e-5)


def test_two_processes_agree_when_one_has_no_number(tmp_path: Path) -> None:
    """A gradient that is no number reaches both with the average: both stop, and the checkpoint stays."""
    first, second = train_by_two(tmp_path, "--set", "fault=gradient", "--save-every", "0")
    assert first.returncode == second.returncode == 1
    assert "step 3: the gradient of generator.0.weight" in first.stderr
    assert checkpoint_paths(tmp_path / "two")[0].name == "checkpoint_00000003.pt"


def test_one_process_needs_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without torchrun nothing is averaged and nobody is waited for."""
    monkeypatch.delenv("RANK", raising=False)
    alone = join("cpu")
    assert alone == Processes()
    assert alone.writes
    assert str(alone) == "one process"
    parameter = torch.zeros(3, requires_grad=True)
    parameter.grad = torch.ones(3)
    alone.average_gradients([parameter])
    assert torch.equal(parameter.grad, torch.ones(3))
    assert alone.agree(5, CPU) == 5
    alone.wait()


def test_incomplete_environment_of_torchrun_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever starts processes by hand learns what starts them."""
    monkeypatch.setenv("RANK", "0")
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with pytest.raises(TrainingError, match=r"cannot be joined .*; start with torchrun"):
        join("cpu")
