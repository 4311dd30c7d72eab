"""Expressions by the names of the control spec."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engines.errors import AvatarError
from engines.glb import parse_glb
from engines.studio.expression_file import read_file_expressions
from engines.studio.material_file import read_materials
from engines.studio.mesh import Mesh, read_mesh
from engines.studio.morph_targets import Morph, MorphTargets
from engines.studio.morphs import read_expressions
from engines.studio.rig import read_rig
from tests.fakes.vrm import build_document, pack
from tests.fakes.vrm1 import build_document1


def _read(document: dict[str, Any], binary: bytes) -> tuple[dict[str, Morph], Mesh]:
    glb = parse_glb(pack(document, binary), "boxes.vrm")
    mesh = read_mesh(glb, read_rig(glb), read_materials(glb))
    targets = MorphTargets(glb, mesh.pieces, mesh.positions)
    return read_expressions(targets, read_file_expressions(glb)), mesh


def test_read_expressions_blink_left_moves_the_left_side() -> None:
    """The subject's left is at +X."""
    expressions, mesh = _read(*build_document())
    assert mesh.positions[expressions["blink_left"].vertices, 0].min() > 0
    assert mesh.positions[expressions["blink_right"].vertices, 0].max() < 0


def test_read_expressions_deltas_are_canonical_and_sparse() -> None:
    """Only the moved vertices are kept, each once, with the weight of the bind."""
    document, binary = build_document()
    document["extensions"]["VRM"]["blendShapeMaster"]["blendShapeGroups"][2]["binds"][0]["weight"] = 50
    expressions, _ = _read(document, binary)
    assert len(np.unique(expressions["aa"].vertices)) == 24
    np.testing.assert_allclose(expressions["aa"].deltas, np.tile([0, -0.015, 0], (24, 1)), atol=1e-7)


def test_read_expressions_without_presets_uses_known_target_names() -> None:
    """ARKit's and VRoid's morph target names stand in for missing presets, with VRoid's prefix or without."""
    document, binary = build_document()
    document["extensions"]["VRM"]["blendShapeMaster"]["blendShapeGroups"] = []
    names = ["eyeBlinkLeft", "Face.M_F00_000_00_Fcl_EYE_Close_R", "Fcl_MTH_A"]
    document["meshes"][0]["extras"] = {"targetNames": names}
    expressions, mesh = _read(document, binary)
    assert set(expressions) == {"blink_left", "blink_right", "aa"}
    assert mesh.positions[expressions["blink_right"].vertices, 0].max() < 0


def test_read_expressions_shape_for_both_sides_is_split() -> None:
    """A brow shape for both sides becomes a left and a right one."""
    document, binary = build_document()
    document["meshes"][0]["extras"] = {"targetNames": ["other", "another", "Fcl_BRW_Angry"]}
    expressions, mesh = _read(document, binary)
    left, right = expressions["brow_down_left"], expressions["brow_down_right"]
    assert len(left.vertices) + len(right.vertices) == 24
    assert mesh.positions[left.vertices, 0].min() > 0 > mesh.positions[right.vertices, 0].max()


def test_read_expressions_absent_ones_are_absent() -> None:
    """What a file does not have is not made up."""
    expressions, _ = _read(*build_document())
    assert set(expressions) == {"blink_left", "blink_right", "aa"}


def test_read_expressions_both_lids_are_split_where_nothing_else_is_there() -> None:
    """A file that only blinks with both eyes gets a blink for each."""
    document, binary = build_document()
    groups = document["extensions"]["VRM"]["blendShapeMaster"]["blendShapeGroups"]
    both = {"name": "Blink", "presetName": "blink", "binds": [*groups[0]["binds"], *groups[1]["binds"]]}
    document["extensions"]["VRM"]["blendShapeMaster"]["blendShapeGroups"] = [both]
    expressions, mesh = _read(document, binary)
    assert set(expressions) == {"blink_left", "blink_right"}
    assert mesh.positions[expressions["blink_left"].vertices, 0].min() > 0
    assert mesh.positions[expressions["blink_right"].vertices, 0].max() < 0


def test_read_expressions_arkit_names_are_found_among_the_files_own_expressions() -> None:
    """Without morph target names, an expression called eyeBlinkLeft is as good as a morph target."""
    document, binary = build_document1()
    block = document["extensions"]["VRMC_vrm"]["expressions"]
    block["custom"] = {"eyeBlinkLeft": block["preset"].pop("blinkLeft"), "mouthPucker": block["preset"].pop("aa")}
    expressions, _ = _read(document, binary)
    assert {"blink_left", "ou"} <= set(expressions)


def test_read_expressions_vrm_1_binds_move_one_node_only() -> None:
    """Two nodes show one mesh; an expression that binds one of them leaves the other still."""
    document, binary = build_document1()
    document["nodes"].append(dict(document["nodes"][-1]))
    expressions, mesh = _read(document, binary)
    assert len(mesh.positions) == 2 * 13 * 24
    assert len(expressions["aa"].vertices) == 24


def test_read_expressions_real_preset_comes_before_one_that_is_only_called_so() -> None:
    """A group that the file marks as a preset counts, wherever it stands."""
    document, binary = build_document()
    groups = document["extensions"]["VRM"]["blendShapeMaster"]["blendShapeGroups"]
    impostor = {"name": "A", "presetName": "unknown", "binds": [{"mesh": 0, "index": 0, "weight": 100}]}
    expressions, _ = _read(document, binary)
    groups.insert(0, impostor)
    again, _ = _read(document, binary)
    np.testing.assert_array_equal(again["aa"].vertices, expressions["aa"].vertices)


def test_read_expressions_morph_target_with_too_few_rows_is_refused() -> None:
    """A morph target has a row for every vertex of its mesh."""
    document, binary = build_document()
    for target in document["meshes"][0]["primitives"][11]["targets"]:
        document["accessors"][target["POSITION"]]["count"] = 3
    with pytest.raises(AvatarError):
        _read(document, binary)
