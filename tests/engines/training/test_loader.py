"""Batches do not depend on who reads them, nor on where reading begins."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch

from engines.training.compute import find_compute
from engines.training.loader import batches
from engines.training.task import TaskOptions
from tests.fakes.blur_task import BlurTask


@pytest.fixture(scope="module")
def task() -> BlurTask:
    """Return a task of two phases with six steps each, whose samples are partly random."""
    return BlurTask(TaskOptions(data=Path(), compute=find_compute("cpu")))


def test_batches_of_workers_are_those_of_none(task: BlurTask) -> None:
    """What is random in a sample follows from its number, in whatever process it is read."""
    alone = list(batches(task, 0, seed=3, workers=0))
    helped = list(batches(task, 0, seed=3, workers=2))
    assert len(alone) == len(helped) == 12
    for (place, batch), (other_place, other) in zip(alone, helped, strict=True):
        assert place == other_place
        assert torch.equal(batch["picture"], other["picture"])
        assert torch.equal(batch["index"], other["index"])


def test_batches_from_the_middle_are_the_rest(task: BlurTask) -> None:
    """Step 4 sees the same pictures in a training that begins with it; the next phase follows by itself."""
    every = list(batches(task, 0, seed=3, workers=0))
    rest = list(batches(task, 4, seed=3, workers=0))
    assert [place.step for place, _ in rest] == list(range(4, 12))
    assert [batch["picture"].shape[-1] for _, batch in rest] == [8, 8, *[16] * 6]
    assert all(
        torch.equal(one["picture"], other["picture"]) for (_, one), (_, other) in zip(every[4:], rest, strict=True)
    )


def test_batches_show_a_sample_differently_each_time(task: BlurTask) -> None:
    """Random parts are drawn anew in the next epoch."""
    shown = [
        picture
        for _, batch in islice(batches(task, 0, seed=3, workers=0), 6)
        for index, picture in zip(batch["index"], batch["picture"], strict=True)
        if index == 0
    ]
    assert len(shown) >= 2
    assert not torch.equal(shown[0], shown[1])
