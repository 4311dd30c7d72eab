"""Codes of known characters."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the teacher needs the train extra")

import torch

from engines.teacher.codes import Codes


def test_codes_are_noisy_in_training_and_exact_afterwards() -> None:
    """Each character fills a region while it is learnt, and is one point when it is drawn."""
    torch.manual_seed(0)
    codes = Codes(("a", "b"), 64)
    index = torch.tensor([1, 1])
    one, other = codes(index)
    assert not torch.equal(one, other)
    codes.eval()
    assert torch.equal(codes(index)[0], codes.z[1])


def test_noise_keeps_the_variance_of_a_standard_normal() -> None:
    """Codes from N(0, I) with their noise are from N(0, I)."""
    torch.manual_seed(0)
    codes = Codes([str(number) for number in range(500)], 64)
    assert codes(torch.arange(500)).var().item() == pytest.approx(1.0, rel=0.03)


def test_prior_holds_codes_where_latents_are_sampled() -> None:
    """Codes from N(0, I) cost next to nothing; such that have all gone one way, or grown, cost."""
    torch.manual_seed(0)
    codes = Codes([str(number) for number in range(20)], 256)
    assert codes.prior_loss().item() < 0.05
    with torch.no_grad():
        codes.z.add_(1.0)
    assert codes.prior_loss().item() > 0.5
