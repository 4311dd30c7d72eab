"""Which Python the environment is made with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent.parent / "scripts" / "find_python.sh"


def run(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script with some commands before the system's own."""
    search = f"{path}:/usr/bin:/bin"
    return subprocess.run(
        ["bash", str(SCRIPT)],
        env={"PATH": search, "HOME": os.environ.get("HOME", "/"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def command(folder: Path, name: str, script: str) -> None:
    """Put an executable into a folder."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.mark.skipif(sys.version_info[:2] not in ((3, 11), (3, 12)), reason="needs a supported Python to find")
def test_a_shim_that_does_not_start_is_passed_over(tmp_path: Path) -> None:
    """A version manager's shim for a Python that is not installed is no Python."""
    command(tmp_path, "python3.11", "echo 'command not found' >&2; exit 127")
    command(tmp_path, "python3.12", f'exec "{sys.executable}" "$@"')
    result = run(tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "python3.12"


def test_a_named_python_goes_first(tmp_path: Path) -> None:
    """`make PYTHON=...` is believed when it can do the work."""
    command(tmp_path, "python3.11", f'exec "{sys.executable}" "$@"')
    command(tmp_path, "mine", f'exec "{sys.executable}" "$@"')
    assert run(tmp_path, PYTHON=str(tmp_path / "mine")).stdout.strip() == str(tmp_path / "mine")


def test_without_a_supported_python_it_says_what_to_do(tmp_path: Path) -> None:
    """The message names what was tried and how to name another."""
    for name in ("python3.11", "python3.12", "python3", "python"):
        command(tmp_path, name, "exit 1")
    text = SCRIPT.read_text().replace("/usr/bin/python3.11", "").replace("/usr/bin/python3.12", "")
    result = subprocess.run(
        ["bash", "-c", text], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "no Python 3.11 or 3.12 found" in result.stderr
    assert "make PYTHON=" in result.stderr
