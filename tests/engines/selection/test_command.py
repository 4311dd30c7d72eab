"""The command `animirror engines`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realtime.command import FAILED, OK, main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command and return what it printed."""
    assert main(["engines", "--threads", "1", *arguments]) == OK
    return capsys.readouterr().out


def test_engines_prints_a_line_for_each_way_and_what_is_chosen(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Four backends, their figures or reasons, one chosen, and where that is remembered."""
    lines = run(capsys, "--cache", str(tmp_path)).splitlines()
    assert lines[0].split() == ["backend", "precision", "version", "device", "ms", "parity"]
    assert {line.split()[0] for line in lines[1 : lines.index("")]} == {"openvino", "onnxruntime", "tensorrt", "torch"}
    assert sum(line.endswith("  chosen") for line in lines) == 1
    assert sum("reference" in line for line in lines) == 1
    assert lines[-2].startswith(("openvino ", "onnxruntime "))
    assert lines[-1].startswith(f"Remembered in {tmp_path}")


def test_engines_as_json_has_every_field(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A script reads the same from it; a second run says that it remembers."""
    run(capsys, "--cache", str(tmp_path))
    content = json.loads(run(capsys, "--cache", str(tmp_path), "--json"))
    assert content["remembered"] is True
    chosen = [row for row in content["engines"] if row["chosen"]]
    assert len(chosen) == 1
    assert content["chosen"].startswith(chosen[0]["backend"])
    assert all(row["reason"] for row in content["engines"])
    assert all((row["ms"] is None) == (row["version"] is None) for row in content["engines"])


def test_engines_of_missing_weights_fails_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What is wrong, without a trace."""
    assert main(["engines", "--weights", str(tmp_path)]) == FAILED
    assert capsys.readouterr().err.strip().startswith(f"animirror: {tmp_path}")
