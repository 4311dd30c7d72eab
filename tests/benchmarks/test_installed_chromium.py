"""The browser that benchmarks and browser tests drive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.installed_chromium import VARIABLE, find_chromium


@pytest.mark.browser
def test_find_chromium_finds_the_one_that_setup_saw_to() -> None:
    """`make test` has seen to a browser, so one starts."""
    path = find_chromium()
    assert path is not None
    assert Path(path).is_file()


@pytest.mark.browser
def test_a_named_browser_that_does_not_start_is_passed_over(tmp_path: Path) -> None:
    """A wrapper without a browser behind it is no browser."""
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.installed_chromium"],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(Path.home()), VARIABLE: str(broken)},
        cwd=Path(__file__).parent.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() != str(broken)
