"""What this machine is called: its processor, its NVIDIA cards, and the versions of libraries, without loading any."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path

#: Where NVIDIA's driver for Linux describes its cards, one folder each.
_DRIVER_FOLDER = Path("/proc/driver/nvidia")
#: Seconds that the driver's own tool may take to answer.
_ANSWER_S = 5.0


@cache
def cpu_name() -> str:
    """Return the processor's own name, e.g. "AMD EPYC"."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def usable_cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def nvidia_gpus() -> tuple[str, ...]:
    """Return the names of the NVIDIA cards whose driver is loaded; none where there is no driver."""
    names = []
    for file in sorted(_DRIVER_FOLDER.glob("gpus/*/information")):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("Model:"):
                names.append(line.partition(":")[2].strip())
    return tuple(names) or _asked_gpus()


@cache
def nvidia_driver() -> str:
    """Return the first line with which NVIDIA's driver describes itself; empty where there is none."""
    try:
        return (_DRIVER_FOLDER / "version").read_text(encoding="utf-8", errors="replace").splitlines()[0].strip()
    except (OSError, IndexError):
        return ""


@cache
def library_version(distribution: str) -> str | None:
    """Return the version of an installed distribution, None where it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _asked_gpus() -> tuple[str, ...]:
    """Return what `nvidia-smi` says, for systems that have no folder of cards."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    try:
        answer = subprocess.run(
            [tool, "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True, text=True, timeout=_ANSWER_S, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in answer.stdout.splitlines() if line.strip())
