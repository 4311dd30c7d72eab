"""Measuring and remembering on this machine, with the real backends."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.backends.openvino import precisions
from engines.errors import BackendError
from engines.selection.remembered import Remembered
from engines.selection.select import Selection, select
from engines.selection.trial import LEAST_PARITY_DB, MOST_PARITY_DB, parity_db, try_all
from engines.weights import Weights, find_weights


@pytest.fixture(scope="module")
def weights() -> Weights:
    """Return the shipped weights."""
    return find_weights()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which one measurement is kept."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def first(weights: Weights, cache: Path) -> Selection:
    """Measure once."""
    return select(weights, 1, cache)


def test_fastest_that_is_right_runs(first: Selection) -> None:
    """Every way that runs was timed, compared with the reference, and the fastest taken."""
    able = [trial for trial in first.trials if trial.ms is not None]
    assert first.chosen == min(able, key=lambda trial: trial.ms or 0).candidate
    assert {trial.candidate.backend for trial in able} == {"openvino", "onnxruntime"}
    for trial in able:
        if trial.parity_db is not None:
            assert trial.parity_db >= LEAST_PARITY_DB[trial.candidate.precision or "f32"]
    assert first.network.info.precision == first.chosen.precision
    assert not first.remembered


def test_all_four_backends_are_spoken_of(first: Selection) -> None:
    """One that is not taken has a reason."""
    assert {trial.candidate.backend for trial in first.trials} == {"openvino", "onnxruntime", "tensorrt", "torch"}
    assert len(first.rejected) == len(first.trials) - 1
    assert all(first.rejected.values())
    assert first.rejected["torch"].startswith("not measured at the start")


def test_second_start_remembers(first: Selection, weights: Weights, cache: Path) -> None:
    """Nothing is measured again, and the same runs for the same reason."""
    again = select(weights, 1, cache, say=lambda text: pytest.fail(f"opened {text} to measure it"))
    assert again.remembered
    assert (again.chosen, again.trials) == (first.chosen, first.trials)
    assert again.reason.split(", measured")[0] == first.reason.split(", measured")[0]
    assert again.network.info == first.network.info


def test_other_threads_and_weights_are_measured_by_themselves(
    first: Selection, weights: Weights, cache: Path, tmp_path: Path
) -> None:
    """What a measurement depends on is in the file's name, and in the file, with versions and processor."""
    assert first.kept is not None
    assert Remembered(cache, weights, 1).path == first.kept
    other = tmp_path / "student.onnx"
    other.write_bytes(weights.onnx.read_bytes() + b" ")
    paths = {first.kept, Remembered(cache, weights, 2).path, Remembered(cache, replace(weights, onnx=other), 1).path}
    assert len(paths) == 3
    content = json.loads(first.kept.read_text())
    assert set(content["versions"]) >= {"openvino", "onnxruntime"}
    assert content["cpu"]
    assert content["cores"] >= 1


@pytest.mark.parametrize("content", ["", "{}", '{"trials": [{}], "when": 1}', "[1"])
def test_damaged_memory_is_measured_again(
    weights: Weights, tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said, and nobody's start fails for it."""
    kept = Remembered(tmp_path, weights, 1)
    kept.path.parent.mkdir(parents=True)
    kept.path.write_text(content)
    with caplog.at_level(logging.WARNING):
        assert kept.read() is None
    assert "measures again" in caplog.text


def test_way_that_runs_no_more_is_measured_again(
    first: Selection, weights: Weights, cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A memory that names a precision which this processor has not: it is said, and what runs runs."""
    assert first.kept is not None
    kept = Remembered(tmp_path, weights, 1)
    content = json.loads(first.kept.read_text())
    content["trials"][0]["candidate"] = {"backend": "openvino", "precision": "int8", "provider": None}
    content["trials"][0]["ms"] = 0.1
    kept.path.parent.mkdir(parents=True)
    kept.path.write_text(json.dumps(content))
    with caplog.at_level(logging.WARNING):
        again = select(weights, 1, tmp_path)
    assert "openvino int8 ran on" in caplog.text
    assert "measures again" in caplog.text
    assert not again.remembered
    assert again.chosen.precision != "int8"


def test_cache_that_cannot_be_written_to_is_said_and_goes_on(
    weights: Weights, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason, which the page shows, says that nothing is remembered."""
    (tmp_path / "file").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        picked = select(weights, 1, tmp_path / "file")
    assert picked.kept is None
    assert "not remembered: " in picked.reason
    assert "measures again at the next start" in caplog.text


def test_network_that_nobody_can_run_names_everybody_s_reason(weights: Weights, tmp_path: Path) -> None:
    """Each backend's own words stand in the error."""
    path = tmp_path / "student.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(BackendError, match=r"no backend runs here \(openvino .*refuses.*onnxruntime.*refuses.*tens"):
        select(replace(weights, onnx=path), 1, tmp_path)


def test_way_whose_results_differ_is_not_taken(weights: Weights, tmp_path: Path) -> None:
    """A network that bfloat16 is too coarse for: the refusal carries the figure, and f32 runs."""
    if "bf16" not in precisions():
        pytest.skip("this processor does not compute in bfloat16")
    onnx = pytest.importorskip("onnx", reason="writing such a network needs the train extra")
    model = onnx.load(str(weights.onnx))
    last = [node for node in model.graph.node if node.op_type == "Conv"][-1]
    for tensor in model.graph.initializer:
        if tensor.name == last.input[1]:
            tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor) * 3000, tensor.name))
    onnx.save(model, str(tmp_path / "student.onnx"))
    trials, networks = try_all(replace(weights, onnx=tmp_path / "student.onnx"), 1, tmp_path)
    assert {candidate.precision for candidate in networks} == {"f32"}
    refused = next(trial for trial in trials if trial.candidate.precision == "bf16")
    assert re.match(r"differs from onnxruntime CPU f32 by too much: \d+\.\d dB, at least 38 is", refused.refusal or "")
    for network in networks.values():
        network.close()


def test_parity_is_the_peak_signal_to_noise_ratio_with_white_as_peak() -> None:
    """A hundredth of white everywhere is 40 dB; identical is called 120; what is no number passes no gate."""
    zero = np.zeros((3, 4, 4), np.float32)
    assert parity_db(zero + np.float32(0.01), zero) == pytest.approx(40, abs=1e-4)
    assert parity_db(zero, zero) == MOST_PARITY_DB
    assert not parity_db(zero + np.float32(np.nan), zero) >= LEAST_PARITY_DB["int8"]
