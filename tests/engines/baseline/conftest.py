"""A tiny data set for the tests of direct synthesis; its maps are computed by whoever trains first."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.studio.dataset import make_dataset
from engines.studio.dataset_plan import DatasetOptions
from engines.studio.renderer import Renderer
from tests.engines.studio.conftest import renderer  # noqa: F401 - a fixture
from tests.fakes.vrm import build_vrm


@pytest.fixture(scope="session")
def pose_set(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """Make a set of one avatar of boxes: four pictures, and one that is held out."""
    assert renderer.device
    root = tmp_path_factory.mktemp("baseline")
    (root / "boxes.vrm").write_bytes(build_vrm())
    options = DatasetOptions(
        avatars=(root / "boxes.vrm",), count=4, identities=1, sequences=0.0, size=256, supersample=1, shard=4, seed=1
    )
    make_dataset(options, root / "set", workers=1)
    return root / "set"
