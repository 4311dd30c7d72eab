"""The order of samples is a pure function of seed and position."""

from __future__ import annotations

import pytest

from engines.errors import TrainingError
from engines.training.phase import Phase, place_of
from engines.training.sample_order import StepSamples, samples_of

PHASES = (Phase(resolution_px=8, batch=4, steps=25), Phase(resolution_px=16, batch=6, steps=10))
LENGTH = 10


def order(steps: range, seed: int = 0, rank: int = 0, world: int = 1) -> list[tuple[int, int]]:
    """Return the samples of some steps."""
    return [key for step in steps for key in samples_of(place_of(PHASES, step), LENGTH, seed, rank, world)]


def test_order_of_each_epoch_has_every_sample_once() -> None:
    """Epochs differ in order only, although batches reach from one into the next."""
    indices = [index for index, _ in order(range(25))]
    epochs = [indices[start : start + LENGTH] for start in range(0, 100, LENGTH)]
    assert all(sorted(epoch) == list(range(LENGTH)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == len(epochs)


def test_numbers_of_samples_count_through_the_phases() -> None:
    """No two samples of a training have one number."""
    assert [number for _, number in order(range(35))] == list(range(25 * 4 + 10 * 6))


def test_order_of_another_seed_is_another() -> None:
    """The seed decides."""
    assert order(range(25)) == order(range(25))
    assert order(range(25)) != order(range(25), seed=1)


def test_shares_of_processes_are_the_batch_together() -> None:
    """Two processes see what one would see, each its half."""
    for step in (0, 7, 30):
        whole = order(range(step, step + 1))
        halves = [order(range(step, step + 1), rank=rank, world=2) for rank in (0, 1)]
        assert halves[0] + halves[1] == whole
        assert len(halves[0]) == len(halves[1])


def test_batch_that_cannot_be_divided_is_refused() -> None:
    """Unequal shares would count unequally in the mean of the gradients."""
    with pytest.raises(TrainingError, match="batch of 4 cannot be divided by 3 processes"):
        order(range(1), world=3)


def test_step_samples_from_the_middle_are_the_rest() -> None:
    """Whoever begins at step 12 sees what the others see from step 12 on."""
    every = list(StepSamples(place_of(PHASES, 0), 25, LENGTH, 0, 0, 1))
    rest = StepSamples(place_of(PHASES, 12), 25, LENGTH, 0, 0, 1)
    assert list(rest) == every[12:]
    assert len(rest) == 13
