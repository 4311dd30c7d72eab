"""Moving averages follow slowly, and quickly in the beginning."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch

from engines.training.average import Averages, decay_of


def test_decay_over_a_half_life_is_a_half() -> None:
    """However many steps the pictures are divided into."""
    late = 10**9
    assert decay_of(late, 1000, 1000.0) == pytest.approx(0.5)
    assert decay_of(late, 10, 1000.0) ** 100 == pytest.approx(0.5)


def test_decay_in_the_beginning_forgets_at_once() -> None:
    """The half-life is at most a twentieth of the pictures seen: nothing stays of the initial weights."""
    assert decay_of(0, 8, 10_000.0) == 0.0
    assert decay_of(800, 40, 10_000.0) == pytest.approx(0.5)
    assert decay_of(200_000, 8, 10_000.0) == decay_of(10**9, 8, 10_000.0)


def test_averages_follow_parameters_slowly_and_buffers_at_once() -> None:
    """The average of weights is a mean over time; statistics are the original's."""
    module = torch.nn.Linear(1, 2)
    module.register_buffer("seen", torch.zeros(2))
    averages = Averages({"one": module, "other": torch.nn.Linear(1, 1)}, {"one": 100.0})
    assert list(averages.modules) == ["one"]
    with torch.no_grad():
        module.weight.add_(2.0)
        module.get_buffer("seen").fill_(7.0)
    averages.follow(pictures=10**6, batch=100)
    average = averages.modules["one"]
    torch.testing.assert_close(average.get_parameter("weight"), module.weight.detach() - 1.0)
    assert torch.equal(average.get_buffer("seen"), torch.full((2,), 7.0))
    assert not average.training
    assert not any(one.requires_grad for one in average.parameters())


def test_averages_begin_anew_when_reset() -> None:
    """Weights taken over from elsewhere are where the averages begin."""
    module = torch.nn.Linear(2, 2)
    averages = Averages({"one": module}, {"one": 100.0})
    with torch.no_grad():
        module.weight.fill_(3.0)
    averages.reset()
    begun = averages.modules["one"].get_parameter("weight")
    assert torch.equal(begun, module.weight)
    assert begun is not module.weight
