"""The discriminator: it sees picture, structure and palette, grows smoothly, and knows how varied a batch is."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the teacher needs the train extra")

import torch
from torch.nn import functional

from engines.teacher.discriminator import Discriminator, minibatch_deviation
from engines.teacher.structure_embedding import StructureEmbedding
from tests.engines.teacher.test_generator import SMALL, inputs


def test_minibatch_deviation_equals_the_slow_form() -> None:
    """Per group: standard deviation over its pictures, mean over everything else; groups are interleaved."""
    torch.manual_seed(0)
    x = torch.randn(6, 3, 2, 2)
    got = minibatch_deviation(x, group=3)
    assert torch.equal(got[:, :3], x)
    for start in (0, 1):
        members = torch.stack([x[start], x[start + 2], x[start + 4]])
        variance = (members - members.mean(dim=0)).square().sum(dim=0) / 3
        expected = (variance + 1e-8).sqrt().mean().item()
        for member in (start, start + 2, start + 4):
            assert got[member, 3].flatten().tolist() == pytest.approx([expected] * 4, rel=1e-5)


def test_minibatch_deviation_of_equal_pictures_is_nothing() -> None:
    """A generator that always draws the same is seen through; a batch no group divides takes smaller ones."""
    x = torch.randn(1, 3, 2, 2).expand(5, -1, -1, -1)
    assert minibatch_deviation(x, group=4)[:, 3].abs().max().item() < 1e-3


def test_new_resolution_fades_in_from_the_old_one() -> None:
    """At a fade of 0 a picture is judged as its half-size version was before growing."""
    _, palette, maps = inputs()
    torch.manual_seed(1)
    discriminator = Discriminator(SMALL)
    picture = torch.randn(2, 4, 32, 32)
    small = functional.avg_pool2d(picture, 2)
    old, grown = discriminator(small, maps, palette), discriminator(picture, maps, palette, fade=0.0)
    torch.testing.assert_close(grown.logits, old.logits)
    assert len(grown.features) == len(old.features) + 1


def test_judgement_depends_on_picture_structure_and_palette() -> None:
    """The right picture of another pose, or in other colours, is another thing."""
    _, palette, maps = inputs()
    torch.manual_seed(1)
    discriminator = Discriminator(SMALL)
    picture = torch.randn(2, 4, 32, 32)
    logits = discriminator(picture, maps, palette).logits
    assert logits.shape == (2,)
    assert not torch.allclose(discriminator(picture.flip(0), maps, palette).logits, logits)
    assert not torch.allclose(discriminator(picture, maps.flip(0), palette).logits, logits)
    assert not torch.allclose(discriminator(picture, maps, palette.flip(0)).logits, logits)


def test_every_resolution_is_told_the_structure() -> None:
    """The embedding at each scale decides on the judgement."""
    _, palette, maps = inputs()
    discriminator = Discriminator(SMALL)
    discriminator(torch.randn(2, 4, 32, 32), maps, palette).logits.sum().backward()
    embeddings = [block.embed_structure for block in discriminator.blocks.values()] + [discriminator.embed_structure]
    for embedding in embeddings:
        assert isinstance(embedding, StructureEmbedding)
        assert embedding.conv.weight.grad is not None
        assert embedding.conv.weight.grad.abs().sum() > 0
