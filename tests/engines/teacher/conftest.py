"""A tiny data set for the teacher's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.studio.dataset import make_dataset
from engines.studio.dataset_plan import DatasetOptions
from engines.studio.renderer import Renderer
from tests.engines.studio.conftest import renderer  # noqa: F401 - a fixture
from tests.fakes.vrm import build_vrm


@pytest.fixture(scope="session")
def small_set(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """Make a set of two avatars of boxes, four pictures each."""
    root = tmp_path_factory.mktemp("teacher")
    for name in ("boxes", "crates"):
        (root / f"{name}.vrm").write_bytes(build_vrm())
    options = DatasetOptions(
        avatars=(root / "boxes.vrm", root / "crates.vrm"),
        count=8,
        identities=2,
        sequences=0.0,
        size=128,
        shard=4,
        seed=1,
    )
    make_dataset(options, root / "set")
    return root / "set"
