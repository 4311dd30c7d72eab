"""The expressions that a file names."""

from __future__ import annotations

from typing import Any

import pytest

from engines.errors import AvatarError
from engines.glb import parse_glb
from engines.studio import expression_file
from engines.studio.expression_file import FileExpression, read_file_expressions
from engines.studio.expression_traits import Held, Override
from tests.fakes.vrm import build_document, pack
from tests.fakes.vrm1 import build_document1


def _read(document: dict[str, Any], binary: bytes) -> dict[str, FileExpression]:
    found = read_file_expressions(parse_glb(pack(document, binary), "boxes.vrm"))
    return {expression.name: expression for expression in found}


def test_read_file_expressions_presets_of_both_generations_stand_for_the_same() -> None:
    """VRM 0.x's a and blink_l are VRM 1.0's aa and blinkLeft."""
    older, newer = _read(*build_document()), _read(*build_document1())
    assert {one.stands_for for one in older.values()} == {"blink_left", "blink_right", "aa"}
    assert {one.stands_for for one in newer.values()} == {"blink_left", "blink_right", "aa", "joy", "cheekPuff"}
    assert newer["happy"].stands_for == "joy"


def test_read_file_expressions_binds_are_by_mesh_or_node_with_weights_to_1() -> None:
    """VRM 0.x binds a mesh with a hundred for all, VRM 1.0 a node with one for all."""
    older, newer = _read(*build_document())["a"].binds[0], _read(*build_document1())["aa"].binds[0]
    assert (older.mesh, older.node, older.weight) == (0, None, 1.0)
    assert (newer.mesh, newer.weight) == (None, 1.0)
    assert newer.node is not None


def test_read_file_expressions_custom_ones_keep_their_names_and_come_last() -> None:
    """A file's own expression is no preset."""
    found = _read(*build_document1())
    assert list(found)[-1] == "cheekPuff"
    assert not found["cheekPuff"].is_preset


def test_read_file_expressions_reads_overrides_and_material_binds() -> None:
    """Linear colours come out encoded, as all of ours are."""
    traits = _read(*build_document1())["happy"].traits
    assert traits.is_binary
    assert dict(traits.overrides) == {Held.BLINK: Override.BLOCK, Held.MOUTH: Override.BLEND}
    assert traits.colours[0].field == "lit_colour"
    assert traits.colours[0].target == pytest.approx((1.0, 0.5 ** (1 / 2.2), 0.5 ** (1 / 2.2), 1.0))
    assert traits.uvs[0].target.scale == (0.5, 1.0)


def test_read_file_expressions_vrm_0_material_values_count_from_the_top() -> None:
    """Unity's v counts upwards, so a texture's offset is turned over; colours are kept."""
    document, binary = build_document()
    group = document["extensions"]["VRM"]["blendShapeMaster"]["blendShapeGroups"][0]
    group["materialValues"] = [
        {"materialName": "skin", "propertyName": "_Color", "targetValue": [1, 0.5, 0.5, 1]},
        {"materialName": "eye", "propertyName": "_MainTex_ST", "targetValue": [0.5, 0.25, 0.5, 0]},
        {"materialName": "nobody", "propertyName": "_Color", "targetValue": [1, 1, 1, 1]},
    ]
    traits = _read(document, binary)["blink_l"].traits
    assert [(bind.material, bind.target) for bind in traits.colours] == [(1, (1.0, 0.5, 0.5, 1.0))]
    assert (traits.uvs[0].target.offset, traits.uvs[0].target.scale) == ((0.5, 0.75), (0.5, 0.25))


def test_read_file_expressions_binds_of_materials_that_are_not_there_are_left_out() -> None:
    """An index past the materials changes nothing."""
    document, binary = build_document1()
    happy = document["extensions"]["VRMC_vrm"]["expressions"]["preset"]["happy"]
    happy["materialColorBinds"][0]["material"] = 99
    happy["materialColorBinds"].append({"material": 0, "type": "sparkle", "targetValue": [1, 1, 1, 1]})
    assert _read(document, binary)["happy"].traits.colours == ()


@pytest.mark.parametrize("weight", [float("nan"), "much", None, 1e999])
def test_read_file_expressions_weight_that_is_no_number_is_refused(weight: object) -> None:
    """The message names the expression."""
    document, binary = build_document1()
    document["extensions"]["VRMC_vrm"]["expressions"]["preset"]["aa"]["morphTargetBinds"][0]["weight"] = weight
    with pytest.raises(AvatarError, match=r"expression 'aa'|not valid JSON"):
        _read(document, binary)


def test_read_file_expressions_bounds_the_number_of_binds() -> None:
    """A file cannot keep the loader busy with a hundred thousand binds."""
    document, binary = build_document1()
    preset = document["extensions"]["VRMC_vrm"]["expressions"]["preset"]
    preset["aa"]["morphTargetBinds"] *= expression_file.MAX_BINDS
    with pytest.raises(AvatarError, match="more than 5000 morph targets"):
        _read(document, binary)
