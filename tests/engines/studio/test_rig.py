"""The humanoid rig."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engines.errors import AvatarError
from engines.glb import parse_glb
from engines.skeleton import BONE_INDEX, BONES, PARENT
from engines.studio.rig import Rig, read_rig
from tests.fakes.vrm import build_document, build_vrm, pack
from tests.fakes.vrm1 import build_document1, build_vrm1


def _rig(**options: Any) -> Rig:
    return read_rig(parse_glb(build_vrm(**options), "boxes.vrm"))


def test_read_rig_turns_the_figure_to_the_viewer() -> None:
    """In canonical axes the figure's left is at +X and its eyes are in front of its head."""
    joints = _rig().bone_positions
    assert joints[BONE_INDEX["left_hand"], 0] > 0 > joints[BONE_INDEX["right_hand"], 0]
    assert joints[BONE_INDEX["left_eye"], 2] > joints[BONE_INDEX["head"], 2]


def test_read_rig_places_missing_bones_near_their_parent() -> None:
    """Fingers that a file lacks sit in the wrist, and its missing shoulders between neck and arm."""
    joints = _rig().bone_positions
    np.testing.assert_allclose(joints[BONE_INDEX["left_index_distal"]], joints[BONE_INDEX["left_hand"]])
    assert 0 < joints[BONE_INDEX["left_shoulder"], 0] < joints[BONE_INDEX["left_upper_arm"], 0]


def test_read_rig_folds_other_nodes_into_their_bone() -> None:
    """Hair that hangs on the head follows the head."""
    glb = parse_glb(build_vrm(), "boxes.vrm")
    names = [node["name"] for node in glb.json["nodes"]]
    assert BONES[read_rig(glb).bone_of_node[names.index("hair")]] == "head"


@pytest.mark.parametrize("droop_deg", [20.0, 45.0, 85.0])
def test_read_rig_a_pose_arms_are_straightened(droop_deg: float) -> None:
    """Whatever the arms' rest angle, they come out as the T-pose."""
    np.testing.assert_allclose(_rig(arm_droop_deg=droop_deg).bone_positions, _rig().bone_positions, atol=1e-9)


def test_read_rig_nearly_t_posed_arms_are_left_alone() -> None:
    """Within a few degrees the file's own rest pose is the T-pose."""
    assert np.array_equal(_rig(arm_droop_deg=3.0).corrections, np.tile(np.eye(4), (len(BONES), 1, 1)))


def test_read_rig_corrections_keep_bone_lengths() -> None:
    """Straightening turns bones and stretches none."""
    bent, straight = _rig(arm_droop_deg=50.0), _rig()
    for index, parent in enumerate(PARENT):
        if parent >= 0:
            lengths = [
                np.linalg.norm(rig.bone_positions[index] - rig.bone_positions[parent]) for rig in (bent, straight)
            ]
            assert lengths[0] == pytest.approx(lengths[1], abs=1e-9)


def test_read_rig_without_vrm_extension_says_so() -> None:
    """A plain glTF file is no avatar of either generation."""
    document, binary = build_document()
    document["extensions"].pop("VRM")
    with pytest.raises(AvatarError, match=r"no VRM extension, neither 0\.x's nor 1\.0's"):
        read_rig(parse_glb(pack(document, binary), "a.vrm"))


def test_read_rig_missing_bones_are_listed() -> None:
    """The message lists which humanoid bones are missing."""
    document, binary = build_document()
    humanoid = document["extensions"]["VRM"]["humanoid"]
    humanoid["humanBones"] = [bone for bone in humanoid["humanBones"] if bone["bone"] not in {"head", "leftLowerArm"}]
    with pytest.raises(AvatarError, match="bones missing: head, left_lower_arm"):
        read_rig(parse_glb(pack(document, binary), "a.vrm"))


def test_read_rig_loop_in_the_tree_is_refused() -> None:
    """A node that is its own ancestor does not hang the loader."""
    document, binary = build_document()
    document["nodes"][3]["children"].append(0)
    with pytest.raises(AvatarError, match="loop"):
        read_rig(parse_glb(pack(document, binary), "a.vrm"))


def test_read_rig_vrm_1_names_of_the_thumb_are_ours_shifted() -> None:
    """VRM 1.0's metacarpal is the first bone of three, as VRM 0.x's proximal is."""
    older = read_rig(parse_glb(pack(*build_document(more_bones=True)), "a.vrm"))
    newer = read_rig(parse_glb(build_vrm1(), "b.vrm"))
    thumb = [BONE_INDEX[f"left_thumb_{part}"] for part in ("proximal", "intermediate", "distal")]
    np.testing.assert_allclose(newer.bone_positions[thumb], older.bone_positions[thumb], atol=1e-9)
    assert len(np.unique(newer.bone_positions[thumb, 0])) == 3


@pytest.mark.parametrize("turned_nodes", [False, True])
def test_read_rig_vrm_1_faces_front_as_it_is(turned_nodes: bool) -> None:
    """VRM 1.0 looks along +Z already, whatever rotations its nodes carry."""
    newer = read_rig(parse_glb(build_vrm1(turned_nodes=turned_nodes), "b.vrm"))
    older = read_rig(parse_glb(pack(*build_document(more_bones=True)), "a.vrm"))
    np.testing.assert_allclose(newer.bone_positions, older.bone_positions, atol=1e-9)


def test_read_rig_node_far_off_is_refused() -> None:
    """A node at no finite place, or astronomically far, is named."""
    for place in (1e300, 1e12):
        document, binary = build_document1()
        document["nodes"][4]["translation"][1] = place
        with pytest.raises(AvatarError, match=r"node \d+ lies nowhere near the figure"):
            read_rig(parse_glb(pack(document, binary), "a.vrm"))


def test_read_rig_child_that_is_not_there_is_refused() -> None:
    """A child's index past the nodes is named."""
    document, binary = build_document()
    document["nodes"][3]["children"].append(99)
    with pytest.raises(AvatarError, match="node 3 has child 99"):
        read_rig(parse_glb(pack(document, binary), "a.vrm"))


def test_read_rig_long_chain_takes_no_longer_than_a_wide_tree() -> None:
    """Fifty thousand nodes in a row are ordered in one pass."""
    document, binary = build_document()
    first = len(document["nodes"])
    document["nodes"].extend({"children": [first + link + 1]} for link in range(50_000))
    document["nodes"].append({})
    assert len(read_rig(parse_glb(pack(document, binary), "a.vrm")).bone_of_node) == first + 50_001
