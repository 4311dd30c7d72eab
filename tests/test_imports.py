"""What importing costs, and what it must not bring along."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "jax", "moderngl", "matplotlib")


def modules_after(statement: str) -> set[str]:
    """Return the names of all modules that a fresh interpreter has loaded after a statement."""
    result = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("module", ["realtime.command", "realtime.assembly", "engines.loading"])
def test_running_imports_no_training_library(module: str) -> None:
    """Whoever runs the shipped weights needs neither torch nor the renderer."""
    assert not modules_after(f"import {module}") & set(HEAVY)


def test_the_tracker_s_adapter_imports_no_torch() -> None:
    """MediaPipe brings much along, but not that."""
    assert "torch" not in modules_after("import realtime.tracking.mediapipe_tracker")


def test_the_command_line_starts_light() -> None:
    """`animirror --help` answers without loading tracker, engine or WebRTC."""
    loaded = modules_after("import realtime.command")
    assert not loaded & {"mediapipe", "cv2", "openvino", "onnxruntime", "aiortc", "fastapi"}
