"""The regressor: learns, is the same in ONNX, and says what is wrong with a file."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import onnx
import torch

from engines import controls
from engines.controls import INDEX, SPEC, mirrored
from engines.errors import SpecMismatchError, WeightsError
from engines.evaluation import regressor
from engines.evaluation.control_accuracy import true_values
from engines.evaluation.control_reader import NOTE, ControlReader
from engines.evaluation.reading import CROPS, READ_CONTROLS, READ_PX, Crops
from engines.evaluation.regressor import export, read, train
from engines.evaluation.regressor_data import Augmentation, Readable
from engines.evaluation.regressor_network import Regressor

F32 = npt.NDArray[np.float32]


def pictures(count: int = 8) -> Readable:
    """Return opaque pictures whose left half is as bright as the head is turned."""
    random = np.random.default_rng(0)
    vectors = np.stack([controls.controls()] * count)
    vectors[:, [INDEX[name] for name in READ_CONTROLS]] += random.normal(size=(count, len(READ_CONTROLS)))
    crop = np.full((count, READ_PX, READ_PX, 4), 255, np.uint8)
    crop[:, :, : READ_PX // 2, :3] = (128 + 30 * vectors[:, INDEX["head_yaw"]]).clip(0, 255)[:, None, None, None]
    return Readable(crops=Crops(whole=crop, head=crop, face=crop), controls=vectors.astype(np.float32))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Regressor, Path]:
    """Train for three batches; return the network and its file."""
    torch.set_num_threads(1)
    network, steps = train(pictures(), minutes=1, steps=3)
    assert steps == 3
    path = tmp_path_factory.mktemp("regressor") / "regressor.onnx"
    export(network, path, {"batches": steps})
    return network, path


def test_training_is_the_same_for_the_same_seed(trained: tuple[Regressor, Path]) -> None:
    """Weights, order and changes follow from it."""
    again, _ = train(pictures(), minutes=1, steps=3)
    for ours, theirs in zip(again.parameters(), trained[0].parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_the_file_reads_what_the_network_reads(trained: tuple[Regressor, Path]) -> None:
    """ONNX Runtime agrees with torch within what 16-bit weights cost, at under three megabytes."""
    network, path = trained
    data = pictures(3)
    reader = ControlReader(path)
    got, expected = reader.read(data.crops), read(network, data)
    spread = true_values(data.controls).std(axis=0) + 0.1
    assert (np.abs(got.controls - expected) / spread).max() < 0.02
    assert got.whole_features.shape == got.face_features.shape == (3, 64)
    assert reader.note["batches"] == 3
    assert path.stat().st_size < 3e6


def test_a_mirrored_picture_has_the_mirrored_reading(trained: tuple[Regressor, Path]) -> None:
    """Left becomes right, and turns to the sides change their sign."""
    data = pictures(4)
    turned = Readable(
        crops=Crops(**{name: np.ascontiguousarray(getattr(data.crops, name)[:, :, ::-1]) for name in CROPS}),
        controls=data.controls,
    )
    rows = [INDEX[name] for name in READ_CONTROLS]
    whole = np.zeros((4, len(SPEC)), np.float32)
    whole[:, rows] = read(trained[0], data)
    assert read(trained[0], turned) == pytest.approx(mirrored(whole)[:, rows], abs=1e-4)


def test_augmentation_mirrors_controls_with_pictures_and_keeps_colours_in_range() -> None:
    """About half of the batch is mirrored; what is mirrored has the mirrored controls."""
    data = pictures(40)
    changed, vectors = Augmentation(1)(data)
    flipped = ~np.isclose(vectors[:, INDEX["head_yaw"]], data.controls[:, INDEX["head_yaw"]])
    assert 8 < flipped.sum() < 32
    assert np.allclose(vectors[flipped], mirrored(data.controls[flipped]))
    assert [tuple(crop.shape) for crop in changed] == [(40, 3, READ_PX, READ_PX)] * 3
    assert all(float(crop.min()) >= 0 and float(crop.max()) <= 1 for crop in changed)


def test_a_missing_or_damaged_file_says_how_to_make_one(tmp_path: Path) -> None:
    """One line, with the command."""
    with pytest.raises(WeightsError, match=r"no regressor can be read there .* engines\.evaluation\.regressor"):
        ControlReader(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="is no regressor"):
        ControlReader(tmp_path / "bad.onnx")


def test_a_regressor_of_another_spec_is_refused(trained: tuple[Regressor, Path], tmp_path: Path) -> None:
    """Its readings would mean something else."""
    model = onnx.load(str(trained[1]))
    note = model.metadata_props[0].value.replace(controls.spec_hash(), "0123456789abcdef")
    onnx.helper.set_model_props(model, {NOTE: note})
    onnx.save(model, str(tmp_path / "other.onnx"))
    with pytest.raises(SpecMismatchError, match="0123456789abcdef"):
        ControlReader(tmp_path / "other.onnx")


def test_the_command_refuses_a_folder_without_a_data_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line and exit code 1."""
    monkeypatch.setattr(sys, "argv", ["regressor", str(tmp_path), "--out", str(tmp_path / "r.onnx")])
    assert regressor.main() == 1
    assert "no manifest.json" in capsys.readouterr().err
