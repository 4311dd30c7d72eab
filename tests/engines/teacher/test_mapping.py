"""The mapping network: styles follow from z and palette, and truncation pulls them to the mean."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the teacher needs the train extra")

import torch

from engines.teacher.mapping import W_AVG_DECAY, Mapping
from engines.teacher.palette_condition import PALETTE_LENGTH


def mapping() -> tuple[Mapping, torch.Tensor, torch.Tensor]:
    """Return a small mapping, latents and palettes."""
    torch.manual_seed(0)
    return Mapping(8, 12, layers=2), torch.randn(5, 8), torch.rand(5, PALETTE_LENGTH)


def test_style_depends_on_direction_of_z_and_on_the_palette() -> None:
    """The length of z means nothing; its direction and the colours do."""
    net, z, palette = mapping()
    w = net(z, palette)
    assert w.shape == (5, 12)
    torch.testing.assert_close(net(3 * z, palette), w, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(net(z.flip(0), palette), w, atol=1e-3)
    assert not torch.allclose(net(z, palette.flip(0)), w, atol=1e-3)


def test_truncation_goes_from_the_style_to_the_mean() -> None:
    """Psi 1 changes nothing, 0 gives the mean, one half lies half-way."""
    net, z, palette = mapping()
    net.w_avg.copy_(torch.randn(12))
    whole = net(z, palette)
    torch.testing.assert_close(net(z, palette, 0.0), net.w_avg.expand(5, -1))
    torch.testing.assert_close(net(z, palette, 0.5), (whole + net.w_avg) / 2)


def test_mean_style_follows_what_passes_in_training_only() -> None:
    """It moves by one minus the decay towards the batch's mean, and not when it is not asked to."""
    net, z, palette = mapping()
    w = net(z, palette, update_average=True)
    torch.testing.assert_close(net.w_avg, w.mean(0) * (1 - W_AVG_DECAY), rtol=1e-4, atol=1e-7)
    before = net.w_avg.clone()
    net(z, palette)
    assert torch.equal(net.w_avg, before)


def test_styles_are_float32_under_autocast() -> None:
    """Nothing of the mapping is rounded to bf16."""
    net, z, palette = mapping()
    exact = net(z, palette)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(net(z, palette), exact)
