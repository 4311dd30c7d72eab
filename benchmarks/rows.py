"""Benchmark rows: what was measured, on what, with what, as JSON that tables are made from."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"

Row = dict[str, Any]
"""One line of a result file: JSON values only, flat but for `machine`, `versions` and `engine`."""

_LIBRARIES = ("aiortc", "av", "mediapipe", "numpy", "onnxruntime", "openvino", "opencv-contrib-python", "playwright")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How times are spread, in milliseconds.

    Args:
        n: how many there are.
        p50_ms: the median.
        p95_ms: 19 of 20 are below.
        p99_ms: 99 of 100 are below.
        max_ms: the longest.
    """

    n: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float

    @classmethod
    def of(cls, times_ms: Sequence[float]) -> Spread:
        """Return the spread of times.

        Raises:
            ValueError: there are none.
        """
        if not times_ms:
            raise ValueError("spread: got no times, expected at least one; nothing came back from what was measured")
        p50, p95, p99 = np.percentile(np.asarray(times_ms, np.float64), [50, 95, 99])
        return cls(
            n=len(times_ms),
            p50_ms=round(float(p50), 2),
            p95_ms=round(float(p95), 2),
            p99_ms=round(float(p99), 2),
            max_ms=round(max(times_ms), 2),
        )

    def as_row(self) -> Row:
        """Return the fields as a part of a row."""
        return {"n": self.n, "p50_ms": self.p50_ms, "p95_ms": self.p95_ms, "p99_ms": self.p99_ms, "max_ms": self.max_ms}


def provenance() -> Row:
    """Return what every row says about its origin: commit, time, machine, its load before, and library versions."""
    return {
        "commit": _git("rev-parse", "--short=12", "HEAD") or "unknown",
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load_before": round(os.getloadavg()[0], 2),
        "versions": versions(),
    }


def machine() -> Row:
    """Return the processor, how many of its cores we may use, and the graphics cards."""
    return {
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)),
        "gpus": _gpu_names(),
        "system": platform.platform(),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that decide speed."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def write_rows(name: str, rows: Iterable[Mapping[str, Any]], folder: Path = RESULTS) -> Path:
    """Write a benchmark's rows to `<folder>/<name>.json`, one row per line, and return the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    return path


def read_rows(name: str, folder: Path = RESULTS) -> list[Row]:
    """Return a benchmark's rows; none when it has never been run."""
    path = folder / f"{name}.json"
    if not path.exists():
        return []
    rows: list[Row] = json.loads(path.read_text(encoding="utf-8"))
    return rows


def _git(*arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return result.stdout.strip() if result.returncode == 0 else ""


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _gpu_names() -> list[str]:
    if shutil.which("nvidia-smi") is None:
        return []
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    result = subprocess.run(query, capture_output=True, text=True)
    return result.stdout.split("\n")[:-1] if result.returncode == 0 else []
