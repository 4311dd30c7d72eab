"""Adversarial losses and penalties, held against closed forms."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("torch", reason="the teacher needs the train extra")

import torch

from engines.teacher.adversarial import (
    PATH_DECAY,
    PathLength,
    discriminator_loss,
    generator_loss,
    path_lengths,
    r1_penalty,
)


def test_losses_are_minus_log_likelihoods() -> None:
    """Softplus of the logits is -log of the sigmoid; undecided costs log 2."""
    logits = torch.tensor([2.0, -1.0])
    assert generator_loss(logits).item() == pytest.approx(-torch.sigmoid(logits).log().mean().item())
    expected = -torch.sigmoid(logits).log().mean() - (1 - torch.sigmoid(logits.flip(0) * 0.5)).log().mean()
    assert discriminator_loss(logits, logits.flip(0) * 0.5).item() == pytest.approx(expected.item())
    assert generator_loss(torch.zeros(3)).item() == pytest.approx(math.log(2))


def test_r1_of_a_known_function_is_its_squared_gradient() -> None:
    """For logits a . x + |x|^2 / 2 the gradient is a + x, picture by picture."""
    torch.manual_seed(0)
    a, x = torch.randn(2, 3, 3), torch.randn(4, 2, 3, 3)
    pictures = x.clone().requires_grad_()
    logits = (pictures * a).sum(dim=(1, 2, 3)) + pictures.square().sum(dim=(1, 2, 3)) / 2
    expected = (a + x).square().sum(dim=(1, 2, 3)).mean()
    torch.testing.assert_close(r1_penalty(pictures, logits), expected)


def test_r1_can_be_minimised() -> None:
    """Its own gradient reaches the weights: for logits a . x it is 2 a."""
    a = torch.randn(1, 2, 2, requires_grad=True)
    pictures = torch.randn(3, 1, 2, 2, requires_grad=True)
    r1_penalty(pictures, (pictures * a).sum(dim=(1, 2, 3))).backward()
    torch.testing.assert_close(a.grad, 2 * a.detach())


def test_path_length_of_a_linear_generator_is_that_of_its_transpose() -> None:
    """For pictures J w the length is |J^T y|, with y at a variance of one over the pixels."""
    torch.manual_seed(0)
    matrix, ws, noise = torch.randn(2 * 4 * 4, 5), torch.randn(3, 1, 5), torch.randn(3, 2, 4, 4)
    ws = ws.requires_grad_()
    pictures = (ws[:, 0] @ matrix.T).reshape(3, 2, 4, 4)
    expected = (noise.reshape(3, -1) / 4) @ matrix
    torch.testing.assert_close(path_lengths(pictures, ws, noise), expected.norm(dim=1))


def test_path_length_over_several_styles_is_their_mean_square() -> None:
    """Two styles that are added to one another each have the whole length."""
    torch.manual_seed(0)
    matrix, noise = torch.randn(16, 5), torch.randn(2, 1, 4, 4)
    ws = torch.randn(2, 2, 5).requires_grad_()
    pictures = (ws.sum(1) @ matrix.T).reshape(2, 1, 4, 4)
    expected = ((noise.reshape(2, -1) / 4) @ matrix).norm(dim=1)
    torch.testing.assert_close(path_lengths(pictures, ws, noise), expected)


def test_path_penalty_keeps_its_running_mean_in_a_buffer() -> None:
    """The mean moves by one minus the decay, and is part of what a checkpoint holds."""
    torch.manual_seed(0)
    penalty = PathLength()
    ws = torch.randn(4, 1, 5).requires_grad_()
    pictures = (ws[:, 0] @ torch.randn(5, 16)).reshape(4, 1, 4, 4)
    value = penalty(pictures, ws)
    assert value.item() > 0
    assert 0 < penalty.mean.item() < 1.0 - PATH_DECAY + 0.2
    assert "mean" in penalty.state_dict()
