"""The avatar that parity's tests pose."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.studio.avatar import Avatar, load_avatar
from tests.fakes.vrm import build_vrm


@pytest.fixture(scope="session")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Avatar:
    """Return the synthetic avatar."""
    path: Path = tmp_path_factory.mktemp("avatars") / "boxes.vrm"
    path.write_bytes(build_vrm())
    return load_avatar(path)
