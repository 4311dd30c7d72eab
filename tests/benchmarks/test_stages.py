"""The stage benchmark on a handful of frames, and its table."""

from __future__ import annotations

from benchmarks.report import stages_table
from benchmarks.stages import STAGES, measure


def test_every_stage_is_measured_and_stands_in_the_table() -> None:
    """Each stage and their sum have a row that says what ran, and a line in the table."""
    rows = measure("auto", frames=3, threads=2)
    assert [row["stage"] for row in rows] == [*STAGES, "sum"]
    assert all(row["n"] == 3 and 0 <= row["p50_ms"] <= row["max_ms"] for row in rows)
    assert rows[0]["engine"]["backend"] in ("openvino", "onnxruntime")
    table = stages_table(rows)
    assert all(f"| {stage} |" in table for stage in (*STAGES, "sum"))
