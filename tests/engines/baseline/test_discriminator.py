"""The discriminators of direct synthesis and what they are taught."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="direct synthesis needs the train extra")

import torch

from engines.baseline.discriminator import SCALES, Discriminator, feature_loss, true_loss
from engines.baseline.structure import STRUCTURE_CHANNELS, structure_pyramid


def test_scores_say_something_about_every_patch() -> None:
    """Each scale gives three layers of features and a score for every eighth pixel, but for the border."""
    structures = structure_pyramid(torch.rand(2, STRUCTURE_CHANNELS, 32, 32))
    said = Discriminator(4)(torch.rand(2, 4, 64, 64), structures)
    assert [len(scale) for scale in said] == [4] * SCALES
    assert [tuple(scale[-1].shape) for scale in said] == [(2, 1, 7, 7), (2, 1, 3, 3)]


def test_true_loss_is_the_squared_distance_from_the_truth() -> None:
    """Scores of one are true, and as far from false as can be taught."""
    said = [[torch.ones(1, 1, 2, 2)], [torch.ones(1, 1, 1, 1)]]
    assert float(true_loss(said, 1.0)) == 0.0
    assert float(true_loss(said, 0.0)) == 1.0


def test_feature_loss_leaves_out_scores_and_teaches_one_side() -> None:
    """Features of the render are what is aimed at; scores are no features."""
    ours, true = torch.zeros(1, 2, requires_grad=True), torch.ones(1, 2, requires_grad=True)
    loss = feature_loss([[ours, torch.full((1,), 9.0)]], [[true, torch.zeros(1)]])
    loss.backward()
    assert loss.item() == 1.0
    assert ours.grad is not None
    assert true.grad is None


def test_discriminator_learns_to_tell_noise_from_a_plane() -> None:
    """Thirty steps are enough."""
    torch.manual_seed(0)
    judge, blank = Discriminator(4), structure_pyramid(torch.zeros(2, STRUCTURE_CHANNELS, 24, 24))
    optimiser = torch.optim.Adam(judge.parameters(), 4e-3)
    for _ in range(30):
        noise, plane = (
            judge(torch.rand(2, 4, 48, 48), blank),
            judge(torch.rand(2, 4, 1, 1).expand(-1, -1, 48, 48), blank),
        )
        loss = true_loss(plane, 1.0) + true_loss(noise, 0.0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.5
