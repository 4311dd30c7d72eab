"""Codes of known characters."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the teacher needs the train extra")

import torch

from engines.teacher.codes import NOISY, Codes


def test_codes_are_noisy_in_training_and_exact_afterwards() -> None:
    """Each avatar fills a region while it is learnt, and each character is one point when it is drawn."""
    torch.manual_seed(0)
    codes = Codes(["a", "b", "b"], 64)
    index = torch.full((400,), 2)
    places = codes(index)
    exact = codes.eval()(index)
    assert torch.equal(exact[0], exact[1])
    same = (places - exact).abs().amax(dim=1) < 1e-6
    assert same.float().mean().item() == pytest.approx(1 - NOISY, abs=0.1)


def test_characters_of_one_avatar_are_nearer_than_others() -> None:
    """Recolouring changes a character less than another avatar does."""
    torch.manual_seed(0)
    first, second, other = Codes(["a", "a", "b"], 256).eval()(torch.arange(3))
    assert (first - second).norm() < 0.7 * (first - other).norm()


def test_codes_have_the_variance_of_a_standard_normal() -> None:
    """Codes drawn from N(0, I), with or without noise, are from N(0, I)."""
    torch.manual_seed(0)
    codes = Codes([str(number) for number in range(500)], 64)
    assert codes(torch.arange(500)).var().item() == pytest.approx(1.0, rel=0.03)
    assert codes.eval()(torch.arange(500)).var().item() == pytest.approx(1.0, rel=0.03)


def test_prior_holds_codes_where_latents_are_sampled() -> None:
    """Codes from N(0, I) cost next to nothing; such that have all gone one way, or grown, cost."""
    torch.manual_seed(0)
    codes = Codes([str(number) for number in range(20)], 256)
    assert codes.prior_loss().item() < 0.1
    with torch.no_grad():
        codes.base.add_(1.0)
    assert codes.prior_loss().item() > 0.5
