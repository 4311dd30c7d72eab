"""The inputs with which backends are compared: real ones, for any number of pictures and any weights' styles."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from engines.controls import NAMES
from engines.network import INPUTS, MAX_BATCH
from engines.sample_inputs import FILE, sample_inputs, write_samples
from engines.structure import CHANNELS
from engines.weights import find_weights


def test_samples_have_the_network_s_shapes() -> None:
    """As many pictures as asked for; maps, controls and styles as the network takes them."""
    inputs = sample_inputs(find_weights(), MAX_BATCH)
    assert list(inputs) == list(INPUTS)
    assert inputs["maps"].shape == (MAX_BATCH, CHANNELS, 128, 128)
    assert inputs["condition"].shape == (MAX_BATCH, len(NAMES))
    assert inputs["w"].shape == (MAX_BATCH, 64)
    assert all(value.dtype == np.float32 and value.flags.c_contiguous for value in inputs.values())


def test_samples_are_pictures_of_somebody() -> None:
    """A figure on nothing: some of the maps are empty, some full, and no two samples are alike."""
    maps = sample_inputs(find_weights(), 4)["maps"]
    assert np.abs(maps).max() <= 1.01
    shown = (maps[:, 12:16] > 0.5).mean(axis=(1, 2, 3))  # alpha of four cells in one
    assert ((shown > 0.05) & (shown < 0.95)).all()
    assert len({sample.tobytes() for sample in maps}) == 4


def test_styles_fit_weights_of_any_length(tmp_path: Path) -> None:
    """Weights with shorter styles get the beginning, with longer ones zeros behind."""
    weights = find_weights()
    for length in (16, 80):
        (tmp_path / "model.json").write_text(json.dumps({"config": {"w_dim": length}}))
        w = sample_inputs(replace(weights, folder=tmp_path))["w"]
        assert w.shape == (1, length)
        np.testing.assert_array_equal(w[:, :16], sample_inputs(weights)["w"][:, :16])


def test_maps_are_kept_to_half_a_step(tmp_path: Path) -> None:
    """What is written is read to 1/254, and the file is small."""
    maps = np.linspace(-1, 1, 36 * 64, dtype=np.float32).reshape(1, 36, 8, 8)
    size = write_samples(tmp_path / "some.npz", maps, np.zeros((1, 2), np.float32), np.zeros((1, 3), np.float32))
    with np.load(tmp_path / "some.npz") as file:
        assert np.abs(file["maps"] / 127.0 - maps).max() <= 0.5 / 127 + 1e-6
    assert size == (tmp_path / "some.npz").stat().st_size
    assert FILE.stat().st_size < 500_000
