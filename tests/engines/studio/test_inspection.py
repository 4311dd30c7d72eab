"""Looking into a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.errors import AvatarError
from engines.studio.inspection import inspect_avatar
from tests.engines.studio.conftest import ASSETS
from tests.fakes.vrm import build_document, build_vrm, pack


def test_inspect_avatar_counts_and_names_what_is_there(tmp_path: Path) -> None:
    """Mesh, expressions, terms and generation of the synthetic avatar."""
    path = tmp_path / "boxes.vrm"
    path.write_bytes(build_vrm())
    found = inspect_avatar(path)
    assert found.generation == "0.x"
    assert found.triangles > 100
    assert {"blink_left", "aa"} <= set(found.expressions)
    assert set(found.expressions).isdisjoint(found.expressions_missing)
    assert found.terms["title"] == "Boxes"
    assert found.forbids == ""
    assert "left_index_proximal" in found.bones_missing
    assert any("fingers do not bend" in warning for warning in found.warnings)


def test_inspect_avatar_of_forbidden_modification_says_so_and_goes_on(tmp_path: Path) -> None:
    """Looking is not modifying: the terms are shown, not enforced."""
    document, binary = build_document()
    document["extensions"]["VRM"]["meta"]["licenseName"] = "CC_BY_ND"
    path = tmp_path / "kept.vrm"
    path.write_bytes(pack(document, binary))
    found = inspect_avatar(path)
    assert "CC_BY_ND" in found.forbids
    assert "modification is forbidden" in found.as_text()


def test_inspect_avatar_text_and_json_hold_the_same(tmp_path: Path) -> None:
    """Everything goes into JSON, and the text has a line per thing."""
    path = tmp_path / "boxes.vrm"
    path.write_bytes(build_vrm())
    found = inspect_avatar(path)
    assert json.loads(json.dumps(found.as_dict()))["triangles"] == found.triangles
    assert f"{found.triangles:,} triangles" in found.as_text()


def test_inspect_avatar_of_something_else_is_an_avatar_error(tmp_path: Path) -> None:
    """A file that is no avatar is refused in one line."""
    path = tmp_path / "a.vrm"
    path.write_bytes(b"Kaydara FBX Binary  ")
    with pytest.raises(AvatarError, match="is an FBX file"):
        inspect_avatar(path)


@pytest.mark.parametrize(("name", "arkit"), [("gene", 52), ("unitykun", 52), ("vita", 0)])
def test_inspect_avatar_finds_arkit_shapes_of_real_files(
    real_avatar: Callable[[str], object], name: str, arkit: int
) -> None:
    """Two of the avatars have all of ARKit's 52 blend shapes, VRoid's have none."""
    real_avatar(name)  # skips where the file is absent
    assert inspect_avatar(ASSETS / "avatars" / f"{name}.vrm").arkit == arkit
