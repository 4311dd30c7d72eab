"""The generator of direct synthesis."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="direct synthesis needs the train extra")

import numpy as np
import torch
from torch import Tensor

from engines import controls
from engines.baseline.export import INPUTS, OUTPUT, export_baseline
from engines.baseline.network import Baseline, BaselineConfig, normalised
from engines.baseline.structure import STRUCTURE_CHANNELS

TINY = BaselineConfig(w_dim=6, widths=(4, 6, 8), blocks=1, fine_width=4, encoder_width=4)


def inputs(count: int = 2, cells: int = 16) -> tuple[Tensor, Tensor, Tensor]:
    """Return structure, controls and styles of noise."""
    torch.manual_seed(0)
    structure = torch.rand(count, STRUCTURE_CHANNELS, cells, cells)
    return structure, torch.rand(count, len(controls.NAMES)), torch.randn(count, TINY.w_dim)


@torch.no_grad()
def test_picture_is_premultiplied_at_twice_the_maps_size() -> None:
    """No colour is more than its alpha, and everything is within 0 to 1."""
    picture = Baseline(TINY)(*inputs())
    assert picture.shape == (2, 4, 32, 32)
    assert picture.dtype == torch.float32
    assert bool((picture[:, :3] <= picture[:, 3:]).all())
    assert 0 <= float(picture.min()) <= float(picture.max()) <= 1


@torch.no_grad()
def test_coarse_picture_has_the_maps_size() -> None:
    """The global generator draws at half the picture's resolution."""
    assert Baseline(TINY).coarse(*inputs()).shape == (2, 4, 16, 16)


@torch.no_grad()
def test_picture_depends_on_everything_that_is_given() -> None:
    """Structure, controls and style all change it."""
    network, given = Baseline(TINY), inputs(1)
    before = network(*given)
    for number in range(3):
        other = [one.clone() for one in given]
        other[number] += 1
        assert float((network(*other) - before).abs().max()) > 1e-4


def test_config_survives_json() -> None:
    """What a checkpoint keeps gives the same sizes again."""
    assert BaselineConfig.from_json(TINY.to_json()) == TINY


@torch.no_grad()
def test_exported_network_draws_the_same(tmp_path: Path) -> None:
    """ONNX Runtime agrees with torch to rounding."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="runs the exported file")
    network, given = Baseline(TINY).eval(), inputs(1)
    export_baseline(network, tmp_path / "baseline.onnx", 16)
    session = onnxruntime.InferenceSession(str(tmp_path / "baseline.onnx"), providers=["CPUExecutionProvider"])
    feed = {name: one.numpy() for name, one in zip(INPUTS, given, strict=True)}
    (got,) = session.run([OUTPUT], feed)
    np.testing.assert_allclose(got, network(*given).numpy(), atol=1e-5)


@torch.no_grad()
def test_normalised_features_have_unit_length_however_large_they_were() -> None:
    """Large features do not grow from layer to layer, and nothing stays nothing."""
    x = torch.randn(1, 8, 4, 4)
    for scale in (2.0, 1e4):
        assert torch.allclose(normalised(x * scale).square().mean(dim=1), torch.ones(1, 4, 4), atol=0.05)
    assert not normalised(torch.zeros(1, 8, 4, 4)).any()


@torch.no_grad()
def test_picture_survives_convolutions_that_amplify() -> None:
    """Ten times the gain in every layer does not saturate the picture."""
    network = Baseline(TINY)
    for name, parameter in network.named_parameters():
        if name.endswith("gain"):
            parameter.mul_(10)
    alpha = network(*inputs())[:, 3]
    assert 0.02 < float(alpha.min()) < float(alpha.max()) < 0.98
