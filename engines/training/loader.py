"""Batches of a phase from its first step to its last, read by worker processes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from engines.errors import DatasetError
from engines.training.phase import Phase, Place, place_of, steps_of
from engines.training.sample_order import StepSamples
from engines.training.seeds import seed_sample
from engines.training.task import Samples, Task

#: Batches that each worker has ready: enough to bridge a slow one, few enough for the memory.
_PREFETCH = 4


class _SeededSamples(Dataset[Any]):
    """Samples whose random parts follow from their number in the training, in whatever process they are read."""

    def __init__(self, samples: Samples, seed: int) -> None:
        self._samples, self._seed = samples, seed

    def __getitem__(self, key: tuple[int, int]) -> Any:
        index, number = key
        seed_sample(self._seed, number)
        return self._samples[index]


def batches(
    task: Task, first: int, *, seed: int, workers: int, rank: int = 0, world: int = 1, pinned: bool = False
) -> Iterator[tuple[Place, dict[str, Tensor]]]:
    """Yield place and batch (on the CPU) of each step from `first` to the end of the last phase.

    Args:
        task: what is trained.
        first: number of the first step.
        seed: of the training.
        workers: processes that read; 0: this one.
        rank: number of this process.
        world: number of processes.
        pinned: in page-locked memory, from where copying to a GPU does not wait.

    Raises:
        DatasetError: a phase has no samples.
        TrainingError: a batch cannot be divided by the processes.
    """
    step = first
    while step < steps_of(task.phases):
        place = place_of(task.phases, step)
        last = step + place.phase.steps - place.phase_step
        samples = _samples(task, place.phase)
        order = StepSamples(place, last, len(samples), seed, rank, world)
        loader = DataLoader(
            _SeededSamples(samples, seed),
            batch_sampler=order,
            num_workers=workers,
            prefetch_factor=_PREFETCH if workers else None,
            pin_memory=pinned,
            worker_init_fn=_leave_interrupts,
        )
        for batch in loader:
            yield place_of(task.phases, step), batch
            step += 1


def _leave_interrupts(worker: int) -> None:
    """Leave Ctrl-C, which reaches all processes of a terminal, to the one that trains."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _samples(task: Task, phase: Phase) -> Samples:
    samples = task.samples(phase)
    if not len(samples):
        raise DatasetError(f"{task.name}: no samples at {phase.resolution_px} px; expected one at least")
    return samples
