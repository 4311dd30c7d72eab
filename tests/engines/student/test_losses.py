"""What the student is trained to do."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the student needs the train extra")

import torch

from engines import finishing
from engines.character import Character
from engines.controls import controls
from engines.sheet import premultiplied
from engines.structure import CharacterStructure
from engines.student.losses import EDGE_SHARE, SQUARE_SHARE, before, changed, picture_loss
from tests.fakes.pictures import premultiplied_fine


def test_before_is_the_picture_in_the_maps(balls_structure: CharacterStructure) -> None:
    """The twin of what the run time takes out of the maps."""
    maps = balls_structure.structure(controls(), "portrait", 64).maps
    np.testing.assert_allclose(before(torch.from_numpy(maps[None]))[0].numpy(), premultiplied_fine(maps), atol=1e-6)


def test_changed_is_what_the_run_time_does(balls: Character, balls_structure: CharacterStructure) -> None:
    """A smooth change of a picture, averaged down, is the change of the picture that was averaged down."""
    assert balls.card.name
    structure = balls_structure.structure(controls(), "portrait", 128)
    change = np.empty((3, 64, 64), np.float32)
    change[:] = np.linspace(-0.08, 0.08, 64)
    got = changed(torch.from_numpy(structure.maps[None]), torch.from_numpy(change[None]))[0].numpy()
    drawn = premultiplied(finishing.changed(structure.picture.copy(), change)).astype(np.float64)
    expected = drawn.reshape(64, 2, 64, 2, 4).mean(axis=(1, 3)).transpose(2, 0, 1) / 255
    inside = structure.picture[..., 3].reshape(64, 2, 64, 2).min(axis=(1, 3)) == 255
    assert inside.sum() > 500
    assert np.abs(got - expected)[:, inside].max() < 0.02
    np.testing.assert_allclose(got[3], expected[3], atol=0.01)


def test_picture_loss_of_equal_pictures_is_nothing() -> None:
    """And it has no gradient that is no number there."""
    picture = torch.rand(2, 4, 8, 8).requires_grad_()
    loss = picture_loss(picture, picture.detach(), torch.ones(2, 1, 8, 8))
    loss.backward()
    assert float(loss.detach()) == 0
    assert picture.grad is not None
    assert torch.isfinite(picture.grad).all()


def test_picture_loss_of_an_even_difference_has_no_edges() -> None:
    """Everywhere a tenth too bright costs a tenth, and its square's share."""
    picture = torch.rand(1, 4, 8, 8)
    loss = picture_loss(picture + 0.1, picture, torch.ones(1, 1, 8, 8))
    assert float(loss) == pytest.approx(0.1 + SQUARE_SHARE * 0.01, abs=1e-5)


def test_picture_loss_of_an_edge_counts_both_its_sides() -> None:
    """A row that differs costs what its pixels and the edges above and below it cost."""
    expected = torch.zeros(1, 4, 8, 8)
    got = expected.clone()
    got[:, :, 3] = 0.5
    loss = picture_loss(got, expected, torch.ones(1, 1, 8, 8))
    assert float(loss) == pytest.approx((0.5 + SQUARE_SHARE * 0.25) / 8 + EDGE_SHARE * 0.5 * 2 / 7, abs=1e-5)


def test_picture_loss_counts_pixels_by_their_weight() -> None:
    """The same mistake in an eye costs four times what it costs on a sleeve."""
    expected, weight = torch.zeros(1, 4, 8, 8), torch.ones(1, 1, 8, 8)
    weight[..., :4, :] = 4.0
    eye, sleeve = expected.clone(), expected.clone()
    eye[:, :, 1], sleeve[:, :, 6] = 0.3, 0.3
    assert float(picture_loss(eye, expected, weight)) == pytest.approx(
        4 * float(picture_loss(sleeve, expected, weight))
    )
