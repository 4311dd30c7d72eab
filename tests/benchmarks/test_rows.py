"""Benchmark rows and the tables that are made from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.report import MissingMarker, glass_to_glass_table, replace_table
from benchmarks.rows import Row, Spread, provenance, read_rows, write_rows


def row(target: str, p50_ms: float) -> Row:
    """Return a row of the glass-to-glass benchmark."""
    return {
        "target": target,
        "p50_ms": p50_ms,
        "p95_ms": p50_ms + 20,
        "p99_ms": p50_ms + 30,
        "fps_out": 27.0,
        "fps_sent": 30.0,
        "seconds": 10.0,
        "dropped": 30,
        "codec": "H264",
        "chromium": "150.0",
        "commit": "0123456789ab",
        "load_before": 0.1,
        "machine": {"cpu": "a processor", "cores": 2, "gpus": [], "system": "a system"},
        "engine": {"backend": "openvino", "backend_version": "2026.3", "precision": "bf16", "resolution_px": 512},
    }


def test_spread_of_times_has_percentiles() -> None:
    """A hundred times from 1 to 100 ms."""
    spread = Spread.of([float(time) for time in range(1, 101)])
    assert (spread.n, spread.p50_ms, spread.max_ms) == (100, 50.5, 100.0)
    assert spread.p95_ms == pytest.approx(95.05)


def test_spread_of_nothing_is_refused() -> None:
    """A benchmark in which nothing came back has no figures."""
    with pytest.raises(ValueError, match="got no times"):
        Spread.of([])


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    """JSON there and back."""
    rows = [row("echo", 70) | provenance(), row("animirror", 120)]
    write_rows("some", rows, tmp_path)
    assert read_rows("some", tmp_path) == rows


def test_rows_of_a_benchmark_that_was_never_run_are_none(tmp_path: Path) -> None:
    """No file is no row, not a failure."""
    assert read_rows("some", tmp_path) == []


def test_provenance_names_commit_machine_and_versions() -> None:
    """A figure without its origin is worth nothing."""
    origin = provenance()
    assert {"commit", "dirty", "when", "machine", "versions"} <= origin.keys()
    assert origin["machine"]["cores"] >= 1
    assert "aiortc" in origin["versions"]


def test_table_takes_medians_over_rounds_and_tells_what_is_added() -> None:
    """70 ms through the echo, 120 through us: 50 added."""
    rows = [row("echo", 70), row("echo", 60), row("echo", 300), row("animirror", 120), row("animirror", 110)]
    table = glass_to_glass_table([*rows, row("animirror", 130)])
    assert "| bare aiortc echo | 70 ms | 90 ms | 100 ms | 27 | 10 % |" in table
    assert "| Animirror | 120 ms | 140 ms | 150 ms | 27 | 10 % |" in table
    assert "| added | 50 ms | 50 ms | 50 ms | | |" in table
    assert "a processor, 2 cores, no GPU" in table


def test_table_says_when_the_machine_was_busy() -> None:
    """Figures from a loaded machine are marked as such."""
    rows = [row("echo", 70), row("animirror", 120) | {"load_before": 5.0}]
    assert "the machine was busy" in glass_to_glass_table(rows)
    assert "busy" not in glass_to_glass_table([row("echo", 70), row("animirror", 120)])


def test_table_replaces_what_stands_between_its_markers() -> None:
    """Everything else of the document stays."""
    text = "before\n<!-- benchmark:a -->\nold\n<!-- /benchmark -->\nafter <!-- benchmark:b --><!-- /benchmark -->"
    replaced = replace_table(text, "a", "new")
    assert replaced.startswith("before\n<!-- benchmark:a -->\nnew\n<!-- /benchmark -->\nafter")
    assert replaced.endswith("<!-- benchmark:b --><!-- /benchmark -->")


def test_document_without_the_marker_is_refused() -> None:
    """A table that has no place is not dropped silently."""
    with pytest.raises(MissingMarker, match="benchmark:a"):
        replace_table("nothing", "a", "new")
