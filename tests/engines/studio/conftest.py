"""Avatars and a renderer for the studio's tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines.studio.avatar import Avatar, load_avatar
from engines.studio.renderer import Renderer
from tests.fakes.vrm import build_vrm

#: Where the avatars' files are, if anywhere: they are not part of the repository.
ASSETS = Path(os.environ.get("ANIMIRROR_ASSETS") or Path(__file__).parents[3].parent / "shared" / "assets")


@pytest.fixture(scope="session")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Avatar:
    """Return the synthetic avatar."""
    path = tmp_path_factory.mktemp("avatars") / "boxes.vrm"
    path.write_bytes(build_vrm())
    return load_avatar(path)


@pytest.fixture(scope="session")
def renderer() -> Iterator[Renderer]:
    """Return a renderer, or skip where OpenGL cannot be had."""
    renderer = Renderer()
    try:
        device = renderer.device
    except Exception as error:  # noqa: BLE001 - the driver's own exception types
        pytest.skip(f"no OpenGL through EGL here: {error}")
    assert device
    yield renderer
    renderer.close()


@pytest.fixture(scope="session")
def real_avatar() -> Callable[[str], Avatar]:
    """Return a loader of the real avatars, which skips where their files are absent."""
    loaded: dict[str, Avatar] = {}

    def load(name: str) -> Avatar:
        path = ASSETS / "avatars" / f"{name}.vrm"
        if not path.exists():
            pytest.skip(f"{name}.vrm is not here; point ANIMIRROR_ASSETS to a folder with avatars/{name}.vrm")
        if name not in loaded:
            loaded[name] = load_avatar(path)
        return loaded[name]

    return load
