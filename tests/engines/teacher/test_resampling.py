"""The filter [1, 3, 3, 1], held against explicit sums."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the teacher needs the train extra")

import torch
from torch.nn import functional

from engines.teacher.resampling import convolved_down, convolved_up, downsampled, upsampled

_TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
_FILTER = torch.outer(_TAPS, _TAPS)


def test_even_colour_stays_even_up_and_down() -> None:
    """No border and no grid shows in a plain picture."""
    plain = torch.full((1, 2, 8, 8), 0.7)
    torch.testing.assert_close(upsampled(plain), torch.full((1, 2, 16, 16), 0.7))
    torch.testing.assert_close(downsampled(plain), torch.full((1, 2, 4, 4), 0.7))


def test_upsampling_is_the_filter_over_a_picture_with_zeros_between() -> None:
    """Inside of the picture, linear interpolation is zero insertion and [1, 3, 3, 1] with a gain of four."""
    torch.manual_seed(0)
    x = torch.randn(1, 1, 6, 6)
    spread = torch.zeros(1, 1, 12, 12)
    spread[..., ::2, ::2] = x
    expected = functional.conv2d(functional.pad(spread, (2, 1, 2, 1)), 4 * _FILTER[None, None])
    torch.testing.assert_close(upsampled(x)[..., 2:-2, 2:-2], expected[..., 2:-2, 2:-2])


def test_convolution_up_is_zero_insertion_convolution_and_filter() -> None:
    """The transposed convolution is a convolution of the spread picture with the turned kernel, then filtered."""
    torch.manual_seed(0)
    x, weight = torch.randn(2, 3, 5, 5), torch.randn(4, 3, 3, 3)
    spread = torch.zeros(2, 3, 9, 9)
    spread[..., ::2, ::2] = x
    full = functional.conv2d(functional.pad(spread, (2, 2, 2, 2)), weight.flip(2, 3))  # (2, 4, 11, 11)
    expected = functional.conv2d(full, 4 * _FILTER.expand(4, 1, 4, 4), padding=1, groups=4)
    got = convolved_up(x, weight)
    assert got.shape == (2, 4, 10, 10)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


def test_convolution_down_is_filter_and_every_second_convolution() -> None:
    """Filtered at full resolution, convolved at every second pixel."""
    torch.manual_seed(0)
    x, weight = torch.randn(2, 3, 8, 8), torch.randn(4, 3, 3, 3)
    blurred = functional.conv2d(x, _FILTER.expand(3, 1, 4, 4), padding=2, groups=3)
    expected = functional.conv2d(blurred, weight)[..., ::2, ::2]
    torch.testing.assert_close(convolved_down(x, weight), expected, rtol=1e-4, atol=1e-5)
