"""The check names parameters that learn nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch
from torch import nn

from engines.errors import TrainingError
from engines.training.compute import find_compute
from engines.training.distributed import Processes
from engines.training.gradient_check import GradientCheck, check_gradients
from engines.training.loop import Loop, LoopOptions
from engines.training.task import TaskOptions
from tests.fakes.blur_task import BlurTask


def loop_of(folder: Path, **settings: str) -> Loop:
    """Return a loop of the small task."""
    compute = find_compute("cpu")
    task = BlurTask(TaskOptions(data=folder, compute=compute, settings=settings))
    return Loop(task, folder, compute, Processes(), LoopOptions())


def test_check_of_a_sound_task_finds_nothing(tmp_path: Path) -> None:
    """Every parameter of both networks is reached, and nothing is written."""
    check = check_gradients(loop_of(tmp_path), 2)
    assert check.unreached() == check.untrained() == []
    assert list(tmp_path.iterdir()) == []


def test_check_names_a_parameter_that_nothing_depends_on(tmp_path: Path) -> None:
    """It belongs to an optimiser, which never gets a gradient for it."""
    assert check_gradients(loop_of(tmp_path, idle="yes"), 2).unreached() == ["generator.idle"]


def test_check_ends_with_a_gradient_that_is_no_number(tmp_path: Path) -> None:
    """Step 3 has one."""
    with pytest.raises(TrainingError, match="step 3: the gradient of generator"):
        check_gradients(loop_of(tmp_path, fault="gradient"), 6)


def test_check_counts_a_parameter_reached_once() -> None:
    """Rectified units may rest for a step; zero in all steps is what counts."""
    module = nn.Linear(2, 1)
    loose = nn.Linear(1, 1, bias=False)
    optimiser = torch.optim.SGD(module.parameters())
    check = GradientCheck({"one": module, "loose": loose}, {"it": optimiser})
    for weight, bias in ((0.0, 0.0), (1.0, 0.0), (0.0, 0.0)):
        module.weight.grad, module.bias.grad = torch.full((1, 2), weight), torch.full((1,), bias)
        check.see("it", list(module.parameters()))
    assert check.unreached() == ["one.bias"]
    assert check.untrained() == ["loose.weight"]
