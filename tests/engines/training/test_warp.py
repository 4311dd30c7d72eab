"""The differentiable compositor: sampling conventions that everything else relies on."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch

from engines.training import warp


def test_sampling_at_pixel_centres_gives_the_image() -> None:
    """Coordinates are 0..1 with centres at (i + 0.5) / size."""
    image = torch.rand(1, 4, 16, 16)
    where = warp.frame_cells(16, image.device)[None]
    assert torch.allclose(warp.sample(image, where), image, atol=1e-5)


def test_sampling_outside_gives_nothing() -> None:
    """Beyond an image's edge there is transparency."""
    image = torch.ones(1, 4, 8, 8)
    assert not warp.sample(image, torch.full((1, 2, 4, 4), 1.5)).any()


def test_residual_share_replaces_the_views() -> None:
    """A share of one shows the residual alone, a share of zero the views alone."""
    views = torch.full((1, 2, 4, 8, 8), 0.25)
    where = warp.frame_cells(8, views.device)[None, None].expand(1, 2, 2, 8, 8)
    weights = torch.full((1, 2, 8, 8), 0.5)
    residual = torch.full((1, 5, 8, 8), 0.75)
    residual[:, 4] = torch.tensor([0.0, 1.0]).repeat_interleave(4)
    picture = warp.warp_views(views, where, weights, residual, 8)
    assert torch.allclose(picture[..., :4], torch.tensor(0.25))
    assert torch.allclose(picture[..., 4:], torch.tensor(0.75))
