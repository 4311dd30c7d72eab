"""Springs of both generations, read from their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines.errors import AvatarError
from engines.skeleton import BONE_INDEX, BONES
from engines.studio.colliders import Side
from tests.fakes.swinging import collide_1, constrain, document_with_chain, load, node_of, springs_0, springs_1

#: The chain starts here, in canonical axes, and leads straight back by 10 cm per joint.
ROOT = np.array([0.0, 1.6, 0.0])
STEP = np.array([0.0, 0.0, -0.1])


def test_springs_0_swing_what_hangs_below_a_root(tmp_path: Path) -> None:
    """A root brings its whole chain, and the last joint a tail 7 cm further on."""
    document, binary = document_with_chain()
    springs_0(document, stiffiness=0.7, gravityPower=0.2, dragForce=0.3, hitRadius=0.05)
    avatar = load(document, binary, tmp_path)
    springs = avatar.springs
    assert [avatar.joints.names[joint] for joint in springs.joint] == ["strand 0", "strand 1", "strand 2"]
    np.testing.assert_allclose(springs.tail[:2], np.stack([ROOT + STEP, ROOT + 2 * STEP]), atol=1e-9)
    np.testing.assert_allclose(springs.tail[2], ROOT + 2 * STEP + [0, 0, -0.07], atol=1e-9)
    np.testing.assert_allclose(springs.gravity, [[0, -0.2, 0]] * 3)
    assert (springs.stiffness == 0.7).all()
    assert (springs.drag == 0.3).all()
    assert (springs.hit_radius == 0.05).all()
    assert (springs.centre == -1).all()
    assert not springs.invented


def test_springs_0_branches_point_to_the_first_child(tmp_path: Path) -> None:
    """Of a joint with two children, the tail is the first; both children swing."""
    document, binary = document_with_chain(links=2)
    root = document["nodes"][node_of(document, "strand 0")]
    document["nodes"].append({"name": "strand side", "translation": [0.1, 0, 0]})
    root["children"].append(len(document["nodes"]) - 1)
    springs_0(document)
    springs = load(document, binary, tmp_path).springs
    assert len(springs) == 3
    np.testing.assert_allclose(springs.tail[0], ROOT + STEP, atol=1e-9)


def test_springs_0_collider_offsets_have_their_z_the_other_way(tmp_path: Path) -> None:
    """An offset of Unity's +z on a node of the figure is in its front, +Z here; +x is its right, -X here."""
    document, binary = document_with_chain()
    springs_0(document, colliderGroups=[0, 7])
    document["extensions"]["VRM"]["secondaryAnimation"]["colliderGroups"] = [
        {"node": node_of(document, "head"), "colliders": [{"offset": {"x": 0.1, "y": 0.2, "z": 0.3}, "radius": 0.05}]},
        {"node": 999, "colliders": [{"radius": 1.0}]},
    ]
    avatar = load(document, binary, tmp_path)
    colliders = avatar.springs.colliders
    np.testing.assert_allclose(colliders.start, [[-0.1, 1.62, 0.3]], atol=1e-9)
    assert colliders.joint.tolist() == [BONE_INDEX["head"]]
    assert avatar.springs.collides.tolist() == [[0]] * 3
    np.testing.assert_allclose(avatar.springs.reach, 0.07)


def test_springs_1_each_joint_has_its_own_values(tmp_path: Path) -> None:
    """A chain's joints swing one by one, with what each of them says; the last is only a tail."""
    document, binary = document_with_chain()
    extension = springs_1(document, center="chest", stiffness=0.5)
    extension["springs"][0]["joints"][1] |= {
        "stiffness": 2.0, "gravityPower": 0.5, "gravityDir": [0, 0, 2], "dragForce": 0.1, "hitRadius": 0.03,
    }  # fmt: skip
    springs = load(document, binary, tmp_path).springs
    assert springs.stiffness.tolist() == [0.5, 2.0]
    assert springs.drag.tolist() == [0.5, 0.1]
    np.testing.assert_allclose(springs.gravity, np.array([[0, 0, 0], [0, 0, 0.5]]))
    assert springs.centre.tolist() == [BONE_INDEX["chest"]] * 2


def test_springs_1_centre_above_the_hips_is_the_world(tmp_path: Path) -> None:
    """A centre that the pose does not move changes nothing."""
    document, binary = document_with_chain()
    springs_1(document, center="mesh")
    assert load(document, binary, tmp_path).springs.centre.tolist() == [-1, -1]


def test_springs_1_extended_colliders_replace_their_fallback(tmp_path: Path) -> None:
    """Capsules, insides and planes are read; what older readers see instead is not."""
    document, binary = document_with_chain()
    extension, head = springs_1(document), node_of(document, "head")
    collide_1(extension, head, {"capsule": {"offset": [0, 0, 0], "tail": [0, 0.1, 0], "radius": 0.2}})
    collide_1(extension, head, {"sphere": {"offset": [0, 0.1, 0], "radius": 0.3, "inside": True}}, extended=True)
    collide_1(extension, head, {"plane": {"offset": [0, 0.1, 0], "normal": [0, 2, 0]}}, extended=True)
    collide_1(extension, -1, {"sphere": {"radius": 1}})
    collide_1(extension, head, {"cube": {}})
    colliders = load(document, binary, tmp_path).springs.colliders
    assert colliders.side.tolist() == [Side.OUTSIDE, Side.INSIDE, Side.ABOVE]
    np.testing.assert_allclose(colliders.start[:, 1], [1.42, 1.52, 1.52])
    np.testing.assert_allclose(colliders.end[:, 1], [1.52, 1.52, 2.52])
    np.testing.assert_allclose(colliders.radius, [0.2, 0.3, 0.0])


def test_springs_1_chain_that_leads_back_is_refused(tmp_path: Path) -> None:
    """A joint must hang below the one before: else springs would wait for each other in a circle."""
    document, binary = document_with_chain()
    springs_1(document)["springs"][0]["joints"].reverse()
    with pytest.raises(AvatarError, match=r"spring 0: node .* is not below it; list each chain from root to tip"):
        load(document, binary, tmp_path)


def test_springs_parameters_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    """A stiffness of NaN is named."""
    document, binary = document_with_chain()
    springs_0(document, stiffiness=float("nan"))
    with pytest.raises(AvatarError, match="spring group 0, stiffiness: got nan, expected a finite number"):
        load(document, binary, tmp_path)


def test_springs_parameters_out_of_range_are_brought_into_it(tmp_path: Path) -> None:
    """Negative stiffness and radius count as none, a drag above 1 as 1."""
    document, binary = document_with_chain()
    springs_0(document, stiffiness=-1.0, dragForce=3.0, hitRadius=-0.1)
    springs = load(document, binary, tmp_path).springs
    assert set(springs.stiffness) == {0.0}
    assert set(springs.drag) == {1.0}
    assert set(springs.hit_radius) == {0.0}


def test_springs_second_spring_and_humanoid_bones_are_left_out(tmp_path: Path) -> None:
    """A joint's first spring counts, and what the pose moves does not swing."""
    document, binary = document_with_chain()
    springs_0(document, stiffiness=0.3)
    springs_0(document, stiffiness=0.9)
    springs_0(document, bones=[node_of(document, "rightHand"), -1, 999])
    avatar = load(document, binary, tmp_path)
    assert set(avatar.springs.stiffness) == {0.3}
    assert len(avatar.joints) == len(BONES) + 3


def test_springs_on_nothing_are_none(tmp_path: Path) -> None:
    """A file whose joints promise nothing has no springs."""
    document, binary = document_with_chain()
    avatar = load(document, binary, tmp_path)
    assert len(avatar.springs) == 0
    assert not avatar.springs.invented
    constrain(document, "strand 1", "rotation", "head")
    assert len(load(document, binary, tmp_path).springs) == 0
