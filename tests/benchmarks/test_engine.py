"""The engine benchmarks on a few runs, their tables, and the GPU jobs rehearsed without a GPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import engine, engine_load
from benchmarks.rows import ROOT
from engines.backends.cuda import why_no_driver
from engines.weights import find_weights


def test_every_way_and_batch_has_a_row_with_parity_beside_speed(tmp_path: Path) -> None:
    """Times, likeness, and the ratio against ONNX Runtime in f32 of the same run; the reference is itself."""
    rows = engine.measure(find_weights(), ("openvino", "onnxruntime"), (1, 2), runs=2, threads=1, cache=tmp_path)
    assert {row["batch"] for row in rows} == {1, 2}
    for row in rows:
        assert row["n"] == 2
        assert 0 < row["p50_ms"] <= row["max_ms"]
        assert row["parity_ok"]
        assert row["device_ms"] is None, "no card"
        assert row["engine"]["backend_version"]
        if row["name"] == "onnxruntime CPU f32":
            assert (row["parity_db"], row["times_as_fast"]) == (120.0, 1.0)
    text = engine.table(rows)
    assert "onnxruntime CPU f32" in text
    assert "2 at once" in text
    json.dumps(rows)


@pytest.mark.skipif(why_no_driver() is None, reason="this machine has an NVIDIA driver")
def test_way_that_does_not_run_has_a_row_with_its_reason(tmp_path: Path) -> None:
    """Nothing is left out of a table silently."""
    rows = engine.measure(find_weights(), ("tensorrt",), (1,), runs=1, threads=1, cache=tmp_path)
    assert [row["name"] for row in rows] == ["tensorrt"]
    assert "no NVIDIA card" in rows[0]["refusal"]
    assert "tensorrt: no NVIDIA card" in engine.table(rows)


def test_loading_is_measured_in_processes_of_their_own(tmp_path: Path) -> None:
    """Twice each; a way that cannot be opened has its last words in its row."""
    rows = engine_load.measure(["onnxruntime", "onnxruntime:f32:Nothing"], tmp_path, seconds=60)
    assert [(row["way"], row["opening"]) for row in rows] == [
        (way, opening) for way in ("onnxruntime", "onnxruntime:f32:Nothing") for opening in engine_load.OPENINGS
    ]
    assert all(row["parity_db"] == 120.0 and row["first_picture_s"] <= row["process_s"] for row in rows[:2])
    assert all("has no provider 'Nothing' here" in row["refusal"] for row in rows[2:])
    assert "has no provider 'Nothing'" in engine_load.table(rows)


def run_job(name: str, out: Path, **settings: str) -> str:
    """Run one of the jobs in scripts/gpu and return what it printed."""
    result = subprocess.run(
        ["bash", str(ROOT / "scripts" / "gpu" / name)], capture_output=True, text=True,
        env={**os.environ, "OUT": str(out), "WORK": str(out / "work"), "PYTHON": sys.executable, **settings},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_build_job_rehearses_on_the_cpu(tmp_path: Path) -> None:
    """It builds what there is to build, and ends with a short table."""
    text = run_job("build_tensorrt.sh", tmp_path, WAYS="onnxruntime")
    assert text.splitlines()[-1].startswith("onnxruntime             again")
    assert len(json.loads((tmp_path / "engine_load.json").read_text())) == 2


def test_timing_job_rehearses_on_the_cpu_and_goes_on_where_it_was(tmp_path: Path) -> None:
    """Rows of every step, tables last; started again, it measures nothing twice."""
    pytest.importorskip("torch", reason="PyTorch's own ways are timed, too")
    settings = {
        "BACKENDS": "onnxruntime", "BATCHES": "1", "RUNS": "1", "MODES": "eager graph", "PRECISIONS": "f32",
    }  # fmt: skip
    text = run_job("time_backends.sh", tmp_path, **settings)
    assert "onnxruntime CPU f32" in text
    assert "graph f32" in text
    assert text.splitlines()[-1].startswith("Remembered in ")
    kept = {name: (tmp_path / name).read_text() for name in ("engine.json", "engine_torch.json")}
    again = run_job("time_backends.sh", tmp_path, **settings)
    assert "== engine: there already" in again
    assert "ms a call" not in (tmp_path / "engine_torch.log").read_text()
    assert kept == {name: (tmp_path / name).read_text() for name in kept}
