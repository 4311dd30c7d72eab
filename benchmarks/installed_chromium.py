"""Finds the Chromium that benchmarks and browser tests drive: the one named, an installed one, or Playwright's.

``python -m benchmarks.installed_chromium`` prints its path, or exits with 1 where none runs.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

#: Names a browser to be used before all others.
VARIABLE = "ANIMIRROR_TEST_BROWSER"
INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: A browser that has not shown an empty page after this long does not run here.
START_LIMIT_S = 60.0

# In a process of its own, because Playwright's blocking interface refuses to start where an event loop runs.
_PLAYWRIGHT = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


@functools.cache
def find_chromium() -> str | None:
    """Return the path of a Chromium that starts on this machine, or None."""
    return next((path for path in _candidates() if _starts(path)), None)


def _candidates() -> Iterator[str]:
    for name in (os.environ.get(VARIABLE), *INSTALLED):
        if name and (path := shutil.which(name)):
            yield path
    result = subprocess.run([sys.executable, "-c", _PLAYWRIGHT], capture_output=True, text=True, check=False)
    if path := shutil.which(result.stdout.strip()):
        yield path


def _starts(path: str) -> bool:
    """Return whether a browser shows an empty page; a wrapper or a missing library may keep it from that."""
    command = [path, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom", "about:blank"]
    try:
        result = subprocess.run(command, capture_output=True, timeout=START_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0 and b"<html>" in result.stdout


def main() -> int:
    """Print the browser's path."""
    path = find_chromium()
    if path is None:
        print(f"no Chromium runs here (tried {VARIABLE}, {', '.join(INSTALLED)}, Playwright's)", file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
