"""The order in which a training sees its samples: a pure function of seed and position.

Position p of a phase is sample `permutation(seed, phase, p // length)[p % length]`: every sample once, in a new order,
then all again. Batches take consecutive positions, processes take consecutive shares of a batch, so the order depends
neither on the number of processes or workers nor on interruptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from engines.errors import TrainingError
from engines.training.phase import Place


def share_of(batch: int, rank: int, world: int) -> slice:
    """Return which part of a batch a process takes.

    Raises:
        TrainingError: the batch cannot be divided evenly.
    """
    if batch % world:
        raise TrainingError(f"a batch of {batch} cannot be divided by {world} processes; change --batch")
    size = batch // world
    return slice(rank * size, (rank + 1) * size)


def samples_of(place: Place, length: int, seed: int, rank: int = 0, world: int = 1) -> list[tuple[int, int]]:
    """Return a process's share of a step's samples.

    Args:
        place: the step.
        length: how many samples the phase has.
        seed: of the training.
        rank: number of the process.
        world: number of processes.

    Returns:
        (index, number) of each: where it is in the data set, and which sample of the training it is.
    """
    share = share_of(place.phase.batch, rank, world)
    return [
        (int(_permutation(seed, place.phase_number, position // length, length)[position % length]), number)
        for position, number in (
            (place.phase_pictures + offset, place.pictures + offset) for offset in range(share.start, share.stop)
        )
    ]


@lru_cache(maxsize=2)  # a batch can reach from one epoch into the next
def _permutation(seed: int, phase: int, epoch: int, length: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng((seed, phase, epoch)).permutation(length)


class StepSamples:
    """A batch sampler: what each step from `first` to before `last` of one phase sees.

    Args:
        first: the place of the first step.
        last: number of the step to end before; in the phase of `first`, or its end.
        length: how many samples the phase has.
        seed: of the training.
        rank: number of the process.
        world: number of processes.
    """

    def __init__(self, first: Place, last: int, length: int, seed: int, rank: int, world: int) -> None:
        self._first, self._last = first, last
        self._length, self._seed, self._rank, self._world = length, seed, rank, world

    def __len__(self) -> int:
        return self._last - self._first.step

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        first = self._first
        for ahead in range(len(self)):
            place = Place(
                step=first.step + ahead,
                phase=first.phase,
                phase_number=first.phase_number,
                phase_step=first.phase_step + ahead,
                pictures=first.pictures + ahead * first.phase.batch,
            )
            yield samples_of(place, self._length, self._seed, self._rank, self._world)
