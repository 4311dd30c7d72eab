"""Modulated convolutions, held against the explicit form: one weight per sample, scaled and normalised."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the teacher needs the train extra")

import torch
from torch import Tensor
from torch.nn import functional

from engines.teacher.equalised import activated
from engines.teacher.modulated import ModulatedConv, ToPicture, demodulation
from engines.teacher.resampling import convolved_up


def slow(layer: ModulatedConv, x: Tensor, w: Tensor, noise: Tensor) -> Tensor:
    """Return what the paper's equations 1 to 3 say, one sample and one output channel at a time."""
    results = []
    for sample, style_of in zip(x, layer.affine(w), strict=True):
        structure = torch.full((layer.structure_channels,), layer.structure_gain)
        style = torch.cat([style_of, structure])
        weight = layer.weight * layer.gain * style[None, :, None, None]
        weight = torch.stack([one / (one.square().sum() + 1e-8).sqrt() for one in weight])
        y = convolved_up(sample[None], weight) if layer.up else functional.conv2d(sample[None], weight, padding=1)
        results.append(y[0])
    y = torch.stack(results) + noise * layer.noise_strength
    return activated(y + layer.bias[None, :, None, None])


@pytest.mark.parametrize("up", [False, True])
def test_modulated_convolution_equals_a_weight_per_sample(up: bool) -> None:
    """Scaling inputs and outputs of one shared convolution gives what scaling each sample's own weight gives."""
    torch.manual_seed(0)
    layer = ModulatedConv(5, 7, w_dim=6, structure_channels=3, up=up)
    torch.nn.init.normal_(layer.bias)
    torch.nn.init.constant_(layer.noise_strength, 0.3)
    x, w = torch.randn(4, 8, 6, 6), torch.randn(4, 6)
    noise = torch.randn(4, 1, *(12, 12) if up else (6, 6))
    torch.testing.assert_close(layer(x, w, noise), slow(layer, x, w, noise), rtol=1e-4, atol=1e-4)


def test_demodulated_output_has_unit_variance() -> None:
    """Whatever the style, white noise leaves the convolution at a variance of one in each channel."""
    torch.manual_seed(0)
    weight, style = torch.randn(8, 16, 3, 3), torch.randn(2, 16).exp()
    x = torch.randn(2, 16, 130, 130) * style[:, :, None, None]
    y = functional.conv2d(x, weight) * demodulation(weight, style)[:, :, None, None]
    torch.testing.assert_close(y.var(dim=(2, 3)), torch.ones(2, 8), rtol=0.05, atol=0.0)


def test_demodulation_stays_float32_under_autocast() -> None:
    """The sum of squares is not rounded to bf16, inside of autocast either."""
    torch.manual_seed(0)
    weight, style = torch.randn(8, 256, 3, 3), torch.randn(2, 256)
    exact = demodulation(weight.double(), style.double())
    with torch.autocast("cpu", torch.bfloat16):
        got = demodulation(weight, style)
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, exact.float(), rtol=1e-5, atol=0.0)


def test_picture_layer_scales_its_input_channels_by_the_style() -> None:
    """It is a 1x1 convolution with one weight per sample, without demodulation."""
    torch.manual_seed(0)
    layer = ToPicture(5, 4, w_dim=6)
    x, w = torch.randn(3, 5, 4, 4), torch.randn(3, 6)
    style = layer.affine(w) * layer.gain
    expected = torch.einsum("bchw,bc,oc->bohw", x, style, layer.weight[:, :, 0, 0])
    torch.testing.assert_close(layer(x, w), expected)
