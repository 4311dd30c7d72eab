"""Avatars of other builds: mesh, morphs and springs go along."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engines.build import Build
from engines.controls import controls
from engines.skeleton import BONE_INDEX
from engines.studio.avatar import Avatar, load_avatar
from engines.studio.posing import posed
from engines.studio.proportions import reproportioned, sample_build
from engines.studio.spring_simulation import settled
from tests.fakes.swinging import document_with_chain, load, springs_0

F32 = npt.NDArray[np.float32]

BUILD = Build(head=1.1, legs=1.1, arms=0.9, girth=1.1, eye_size=1.1)


def test_build_of_ones_is_the_same_avatar(boxes: Avatar) -> None:
    """Nothing is copied where nothing changes."""
    assert reproportioned(boxes, Build()) is boxes


def test_joints_of_mesh_and_proportions_agree(boxes: Avatar) -> None:
    """Bones are where the proportions say."""
    after = reproportioned(boxes, BUILD)
    bones = len(after.proportions.joints)
    assert np.allclose(after.joints.rest[:bones, :3, 3], after.proportions.joints, atol=1e-4)


def test_boxes_grow_with_their_bones(boxes: Avatar) -> None:
    """The head's box is a tenth larger, the forearm's a tenth shorter and thicker."""
    after = reproportioned(boxes, BUILD)
    for bone, factors in (("head", (1.1, 1.1, 1.1)), ("left_lower_arm", (0.9, 1.1, 1.1))):
        own = (boxes.joint_ids[:, 0] == BONE_INDEX[bone]) & (boxes.joint_weights[:, 0] > 0.99)
        before, now = (np.ptp(avatar.positions[own], axis=0) for avatar in (boxes, after))
        assert np.allclose(now / before, factors, atol=0.02)


def test_vertices_at_one_place_stay_together(boxes: Avatar) -> None:
    """Seams, where vertices of one bone are doubled, do not open."""
    after = reproportioned(boxes, BUILD)
    _, first, group = np.unique(
        np.concatenate([np.round(boxes.positions, 5), boxes.joint_ids[:, :1]], axis=1),
        axis=0, return_index=True, return_inverse=True,
    )  # fmt: skip
    assert np.allclose(after.positions, after.positions[first][group.ravel()], atol=1e-5)


def test_morphs_reach_the_reshaped_surface(boxes: Avatar) -> None:
    """A morph's end lies where its vertices' ends go."""
    after = reproportioned(boxes, Build(head=1.2))
    for name, morph in boxes.expressions.items():
        of_head = boxes.joints.bone[boxes.joint_ids[morph.vertices, 0]] == BONE_INDEX["head"]
        assert np.allclose(after.expressions[name].deltas[of_head], 1.2 * morph.deltas[of_head], atol=1e-6)


def test_posed_avatar_bends_at_its_new_joints(boxes: Avatar) -> None:
    """A bent elbow stays where the reshaped figure has it: the forearm turns about that place."""
    after = reproportioned(boxes, Build(arms=1.2, shoulders=1.1))
    elbow = BONE_INDEX["left_lower_arm"]
    vector = controls({"left_upper_arm_z": 0.0, "left_elbow": 90.0})
    matrix, place = posed(after, vector).joints[elbow], after.proportions.joints[elbow]
    upper = posed(after, vector).joints[BONE_INDEX["left_upper_arm"]]
    assert np.allclose(matrix[:3, :3] @ place + matrix[:3, 3], upper[:3, :3] @ place + upper[:3, 3], atol=1e-5)


def test_springs_of_a_larger_head_bend_as_far(tmp_path: Path) -> None:
    """Forces grow with the lengths that they turn, so that hair hangs alike on a larger head."""
    document, binary = document_with_chain()
    springs_0(document, stiffiness=0.5, gravityPower=0.4)
    avatar = load(document, binary, tmp_path)
    assert len(avatar.springs)
    after = reproportioned(avatar, Build(head=1.25))
    vector = controls({"head_roll": 30.0})
    before_turns, after_turns = (settled(one, vector) for one in (avatar, after))
    assert np.abs(before_turns - np.eye(3)).max() > 0.01
    assert np.allclose(after_turns, before_turns, atol=5e-3)


def test_sampled_builds_repeat_and_differ() -> None:
    """A seed gives the same build again; builds stay where drawings do."""
    builds = [sample_build(np.random.default_rng(seed)) for seed in range(40)]
    assert builds[3] == sample_build(np.random.default_rng(3))
    assert len(set(builds)) == len(builds)
    legs = [build.legs for build in builds]
    assert min(legs) < 0.96
    assert max(legs) > 1.04
    assert all(0.8 < build.head < 1.2 for build in builds)


@pytest.mark.parametrize("name", ["vivi"])
def test_real_avatar_keeps_its_triangles_small(name: str) -> None:
    """No triangle of a real avatar is torn: none grows by more than the largest factor and a little."""
    from tests.engines.studio.conftest import ASSETS

    path = ASSETS / "avatars" / f"{name}.vrm"
    if not path.exists():
        pytest.skip(f"{name}.vrm is not here; point ANIMIRROR_ASSETS to a folder with avatars/{name}.vrm")
    avatar = load_avatar(path, max_texture_px=64, i_have_the_rights=True)
    after = reproportioned(avatar, BUILD)

    def longest(positions: F32) -> F32:
        corners = positions[avatar.triangles]
        edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
        return np.asarray(edges.max(axis=1), np.float32)

    assert (longest(after.positions) < 1.35 * longest(avatar.positions) + 1e-3).all()
