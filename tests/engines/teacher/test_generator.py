"""The generator: shapes, growing, and structure at every scale."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the teacher needs the train extra")

import torch
from torch import Tensor

from engines.teacher.config import TeacherConfig
from engines.teacher.generator import Generator, SynthesisBlock, mixed
from engines.teacher.palette_condition import PALETTE_LENGTH
from engines.teacher.resampling import upsampled
from engines.teacher.structure_maps import STRUCTURE_CHANNELS

SMALL = TeacherConfig(
    resolution=32, z_dim=8, w_dim=12, mapping_layers=2, channel_base=256, channel_max=16, structure_width=4
)


def inputs(config: TeacherConfig = SMALL, batch: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """Return z, palette and maps."""
    torch.manual_seed(0)
    maps = torch.rand(batch, STRUCTURE_CHANNELS, *2 * (config.structure_px(config.resolution),))
    return torch.randn(batch, config.z_dim), torch.rand(batch, PALETTE_LENGTH), maps


def test_pictures_have_four_channels_at_each_resolution_grown_to() -> None:
    """RGBA of the resolution that is asked for, or that the weights say they have grown to."""
    z, palette, maps = inputs()
    generator = Generator(SMALL)
    for resolution in (8, 16, 32):
        assert generator(z, palette, maps, grown=(resolution, 1.0)).shape == (2, 4, resolution, resolution)
    generator.synthesis.grow(16, 1.0)
    assert generator(z, palette, maps).shape == (2, 4, 16, 16)


def test_new_resolution_fades_in_from_the_enlarged_old_one() -> None:
    """At a fade of 0 growing changes nothing, and it adds in proportion from there."""
    z, palette, maps = inputs()
    generator = Generator(SMALL)
    old = upsampled(generator(z, palette, maps, grown=(16, 1.0), noise="none"))
    start, half, end = (generator(z, palette, maps, grown=(32, fade), noise="none") for fade in (0.0, 0.5, 1.0))
    torch.testing.assert_close(start, old)
    torch.testing.assert_close(half, (start + end) / 2, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(start, end, atol=1e-3)


def test_every_resolution_is_told_the_structure() -> None:
    """The embedding of each block decides on the picture."""
    z, palette, maps = inputs()
    generator = Generator(SMALL)
    generator(z, palette, maps).square().sum().backward()
    for px in SMALL.resolutions:
        block = generator.synthesis.blocks[str(px)]
        assert isinstance(block, SynthesisBlock)
        gradient = block.embed_structure.conv.weight.grad
        assert gradient is not None
        assert gradient.abs().sum() > 0, px


def test_every_style_is_used_and_mixing_exchanges_the_fine_ones() -> None:
    """Each of the styles changes the picture; mixed ones are the first's up to a layer and the other's from there."""
    z, palette, maps = inputs()
    generator = Generator(SMALL)
    ws = generator.styles(generator.mapping(z, palette)).detach().clone().requires_grad_()
    assert ws.shape == (2, SMALL.num_ws, 12)
    generator.synthesis(ws, maps, noise="none").square().sum().backward()
    assert ws.grad is not None
    assert (ws.grad.abs().sum(dim=(0, 2)) > 0).all()
    both = mixed(ws[:1], ws[1:], 3)
    assert torch.equal(both[:, :3], ws[:1, :3])
    assert torch.equal(both[:, 3:], ws[1:, 3:])


def test_fixed_noise_gives_the_same_picture_twice_and_fresh_noise_does_not() -> None:
    """What is drawn for a film must not flicker."""
    z, palette, maps = inputs()
    generator = Generator(SMALL)
    for block in generator.synthesis.blocks.values():
        assert isinstance(block, SynthesisBlock)
        torch.nn.init.constant_(block.conv1.noise_strength, 0.5)
    first, second = (generator(z, palette, maps, noise="fixed") for _ in range(2))
    assert torch.equal(first, second)
    one, other = (generator(z, palette, maps, noise="random") for _ in range(2))
    assert not torch.equal(one, other)


def test_generator_of_512_pixels_learns_in_bf16() -> None:
    """A picture of 512 pixels is drawn from maps of 128 cells, and its gradient is finite."""
    config = TeacherConfig(resolution=512, z_dim=16, w_dim=16, channel_base=2048, channel_max=32, structure_width=8)
    z, palette, maps = inputs(config, batch=1)
    assert maps.shape[-1] == 128
    generator = Generator(config)
    with torch.autocast("cpu", torch.bfloat16):
        picture = generator(z, palette, maps)
    assert picture.shape == (1, 4, 512, 512)
    assert picture.dtype == torch.float32
    picture.square().mean().backward()
    assert all(one.grad is None or one.grad.isfinite().all() for one in generator.parameters())
