"""Losses between a picture and its render."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the teacher needs the train extra")

import torch

from engines.teacher.paired import (
    FACE_WEIGHT,
    feature_loss,
    gradient_loss,
    haar,
    pixel_loss,
    pixel_weights,
    wavelet_loss,
)
from engines.teacher.structure_maps import STRUCTURE, STRUCTURE_CHANNELS

_ONE = torch.ones(1, 1, 8, 8)


def test_equal_pictures_lose_nothing() -> None:
    """Every term is zero where there is no difference."""
    x = torch.randn(1, 4, 8, 8)
    for term in (pixel_loss, gradient_loss, wavelet_loss):
        assert term(x, x, _ONE).item() == 0
    assert feature_loss([x], [x]).item() == 0


def test_constant_offset_is_a_matter_of_pixels_only() -> None:
    """Gradients and wavelets look at details; an offset has none."""
    x = torch.randn(1, 4, 8, 8)
    assert gradient_loss(x + 0.5, x, _ONE).item() == pytest.approx(0, abs=1e-6)
    assert wavelet_loss(x + 0.5, x, _ONE).item() == pytest.approx(0, abs=1e-6)
    assert pixel_loss(x + 0.5, x, _ONE).item() == pytest.approx(0.75)


def test_haar_is_orthonormal_and_keeps_an_edge_in_its_band() -> None:
    """Energy is the same before and after; a vertical edge is horizontal detail."""
    x = torch.randn(2, 3, 8, 8)
    assert haar(x).square().sum().item() == pytest.approx(x.square().sum().item(), rel=1e-5)
    edge = torch.zeros(1, 1, 2, 2)
    edge[..., 1] = 1.0
    assert haar(edge).flatten().tolist() == pytest.approx([1.0, -1.0, 0.0, 0.0])


def test_eyes_weigh_more_and_empty_cells_weigh_one() -> None:
    """Weights follow the structure maps' discs."""
    maps = torch.zeros(1, STRUCTURE_CHANNELS, 8, 8)
    maps[0, STRUCTURE.index("eyes"), 2, 2] = 1.0
    weight = pixel_weights(maps, 8)
    assert weight[0, 0, 2, 2].item() == 1 + FACE_WEIGHT
    assert weight[0, 0, 5, 5].item() == 1.0
    assert pixel_weights(maps, 16).shape == (1, 1, 16, 16)


def test_feature_matching_teaches_the_drawn_picture_only() -> None:
    """Features of the render are the aim and get no gradient."""
    got, expected = torch.randn(2, 3, requires_grad=True), torch.randn(2, 3, requires_grad=True)
    feature_loss([got], [expected]).backward()
    assert got.grad is not None
    assert expected.grad is None
