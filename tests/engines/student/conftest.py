"""A tiny data set for the student's tests, its maps computed once."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.studio.dataset import make_dataset
from engines.studio.dataset_plan import DatasetOptions
from engines.studio.renderer import Renderer
from tests.engines.studio.conftest import renderer  # noqa: F401 - a fixture
from tests.fakes.vrm import build_vrm


@pytest.fixture(scope="session")
def student_set(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """Make a set of one avatar of boxes and another that is held out: four pictures, and one or more held out."""
    assert renderer.device
    root = tmp_path_factory.mktemp("student")
    for name in ("boxes", "crates"):
        (root / f"{name}.vrm").write_bytes(build_vrm())
    options = DatasetOptions(
        avatars=(root / "boxes.vrm", root / "crates.vrm"),
        held_out_avatar="crates",
        count=4,
        identities=2,
        sequences=0.0,
        framings=("portrait", "full"),
        size=512,
        supersample=1,
        shard=2,
        seed=1,
    )
    make_dataset(options, root / "set", workers=1)
    return root / "set"
