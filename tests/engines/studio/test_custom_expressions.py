"""Expressions beyond the control spec."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines.studio.avatar import load_avatar
from tests.fakes.vrm import build_document, pack
from tests.fakes.vrm1 import build_vrm1


def test_custom_expressions_have_the_files_own_names(tmp_path: Path) -> None:
    """Presets, custom expressions and named morph targets are all there, as the file writes them."""
    document, binary = build_document()
    document["meshes"][0]["extras"] = {"targetNames": ["eyeBlinkLeft", "eyeBlinkRight", "jawOpen"]}
    path = tmp_path / "a.vrm"
    path.write_bytes(pack(document, binary))
    custom = load_avatar(path).custom_expressions
    assert set(custom) == {"blink_l", "blink_r", "a", "eyeBlinkLeft", "eyeBlinkRight", "jawOpen"}
    assert len(custom) == 6
    np.testing.assert_array_equal(custom["jawOpen"].deltas, custom["a"].deltas)


def test_custom_expressions_apply_the_binds_weight(tmp_path: Path) -> None:
    """The file's cheekPuff is a quarter of its third morph target."""
    path = tmp_path / "a.vrm"
    path.write_bytes(build_vrm1())
    avatar = load_avatar(path)
    np.testing.assert_allclose(
        avatar.custom_expressions["cheekPuff"].deltas, avatar.expressions["aa"].deltas * 0.25, atol=1e-7
    )
    with pytest.raises(KeyError):
        avatar.custom_expressions["tongueOut"]


def test_custom_expressions_that_move_nothing_are_empty(tmp_path: Path) -> None:
    """A morph target past the end moves no vertex."""
    document, binary = build_document()
    document["meshes"][0]["extras"] = {"targetNames": ["a", "b", "c", "nothing"]}
    path = tmp_path / "a.vrm"
    path.write_bytes(pack(document, binary))
    morph = load_avatar(path).custom_expressions["nothing"]
    assert morph.vertices.shape == (0,)
    assert morph.deltas.shape == (0, 3)
