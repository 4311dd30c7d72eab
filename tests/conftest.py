"""What every test runs under."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from engines.cache_folder import ENVIRONMENT

# No deadline: a shared machine's pauses are not failures.  The same examples every time: a red run can be repeated.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let tests, and the servers that they start, measure and remember in a folder of their own."""
    folder: Path = tmp_path_factory.mktemp("cache")
    os.environ[ENVIRONMENT] = str(folder)
