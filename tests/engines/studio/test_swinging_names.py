"""Which joints swing by their names."""

from __future__ import annotations

import pytest

from engines.studio.swinging_names import Swinging, has_springs, swinging_nodes, swinging_of_name
from tests.fakes.swinging import constrain, document_with_chain, node_of, springs_0


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("前髪1_1", Swinging.BANGS),
        ("右横髪2_3", Swinging.HAIR),
        ("アホ毛C_IA", Swinging.AHOGE),
        ("J_Sec_Hair3_09", Swinging.HAIR),
        ("hair_tail_4", Swinging.HAIR),
        ("J_Sec_L_CoatSkirtBack_01", Swinging.SKIRT),
        ("すそ4_1", Swinging.SKIRT),
        ("横クローク3_2", Swinging.CLOAK),
        ("bag_rope_L.002", Swinging.RIBBON),
        ("イヤリング1_2", Swinging.EARRING),
        ("Breast_L", Swinging.BUST),
        ("cat_ear_L", Swinging.EARS),
        ("しっぽ2", Swinging.TAIL),
        ("Heart", None),
        ("Tailor", None),
        ("hair_ik", None),
        ("左足ＩＫ髪", None),
        ("J_Bip_C_Head", None),
        ("左親指１", None),
        ("Retie2", None),
    ],
)
def test_swinging_of_name_knows_several_languages(name: str, what: Swinging | None) -> None:
    """A joint's name promises what it moves, or nothing."""
    assert swinging_of_name(name) is what


def _children(document: dict[str, list[dict[str, list[int]]]]) -> list[list[int]]:
    return [node.get("children", []) for node in document["nodes"]]


def test_swinging_nodes_take_what_hangs_below_along() -> None:
    """Below a joint of hair, joints with other names are hair too; what has a mesh is no joint."""
    document, _ = document_with_chain()
    document["nodes"][node_of(document, "strand 0")]["name"] = "hair"
    document["nodes"].append({"name": "hair mesh", "mesh": 0})
    document["nodes"][node_of(document, "head")]["children"].append(len(document["nodes"]) - 1)
    found = swinging_nodes(document, _children(document))
    assert found == {node_of(document, name): Swinging.HAIR for name in ("hair", "strand 1", "strand 2")}


def test_swinging_nodes_leave_alone_what_something_else_moves() -> None:
    """Neither what leads to a humanoid bone nor what a constraint uses swings."""
    document, _ = document_with_chain()
    document["nodes"][node_of(document, "head")]["name"] = "hair head"
    document["nodes"][node_of(document, "strand 0")]["name"] = "hair"
    constrain(document, "strand 1", "rotation", "chest")
    found = swinging_nodes(document, _children(document))
    assert node_of(document, "hair head") not in found
    assert node_of(document, "hair") not in found  # it carries a constrained joint
    assert node_of(document, "strand 1") not in found


def test_swinging_nodes_of_a_file_with_springs_are_none() -> None:
    """A file's own springs are all that swings in it."""
    document, _ = document_with_chain()
    document["nodes"][node_of(document, "strand 0")]["name"] = "hair"
    assert not has_springs(document)
    document["nodes"][node_of(document, "hair")]["name"] = "strand 0"
    springs_0(document)
    document["nodes"][node_of(document, "strand 0")]["name"] = "hair"
    assert has_springs(document)
    assert swinging_nodes(document, _children(document)) == {}
