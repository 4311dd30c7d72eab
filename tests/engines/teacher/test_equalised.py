"""Layers with an equalised learning rate."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the teacher needs the train extra")

import torch

from engines.teacher.equalised import EqualConv, EqualLinear, pixel_norm


def test_layers_keep_the_variance_of_their_input() -> None:
    """He's constant is applied when the weight is used, and the activation's gain makes up for the activation."""
    torch.manual_seed(0)
    assert EqualLinear(256, 512)(torch.randn(64, 256)).var().item() == pytest.approx(1.0, rel=0.1)
    squares = EqualConv(64, 64, kernel=3)(torch.randn(4, 64, 32, 32)).square().mean()
    assert squares.item() == pytest.approx(1.04, rel=0.12)


def test_multiplier_changes_the_speed_and_not_the_start() -> None:
    """A step of the same size on the parameter moves the weight in use a hundredth as far."""
    torch.manual_seed(0)
    slow = EqualLinear(64, 64, lr_multiplier=0.01)
    x = torch.randn(512, 64)
    before = slow(x)
    assert before.var().item() == pytest.approx(1.0, rel=0.15)
    with torch.no_grad():
        slow.weight.add_(1.0)
    moved = (slow(x) - before).abs().mean().item()
    assert moved == pytest.approx(0.01 * x.sum(1).abs().mean().item() / 8, rel=0.01)


def test_pixel_norm_leaves_only_the_direction() -> None:
    """Rows come out at a mean square of one, however long they were."""
    x = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
    got = pixel_norm(x)
    torch.testing.assert_close(got[0], got[1], rtol=1e-4, atol=1e-5)
    assert got[0].square().mean().item() == pytest.approx(1.0, rel=1e-4)
