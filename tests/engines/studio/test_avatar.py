"""Loading whole avatars."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.controls import INDEX, SPEC
from engines.errors import AvatarError
from engines.expression import LOOKS
from engines.glb import parse_glb
from engines.skeleton import BONE_INDEX
from engines.studio.avatar import Avatar, load_avatar
from engines.studio.materials import AlphaMode, Cull
from engines.studio.posing import posed
from tests.fakes.vrm import build_document, build_vrm, pack
from tests.fakes.vrm1 import build_vrm1

AVATARS = ("gene", "unitykun", "vivi", "alicechan", "victoria_rubin", "vita", "darkness_shibu")
EXPRESSIONS = {
    *("blink_left", "blink_right", "aa", "ih", "ou", "ee", "oh", "joy", "angry", "sorrow", "surprised", "smile"),
    *("brow_up_left", "brow_up_right", "brow_down_left", "brow_down_right"),
}


def _load(folder: Path, data: bytes, **options: Any) -> Avatar:
    path = folder / "avatar.vrm"
    path.write_bytes(data)
    return load_avatar(path, **options)


def test_load_avatar_arrays_have_the_documented_form(boxes: Avatar) -> None:
    """Shapes, types and value ranges are as the docstring says."""
    count = len(boxes.positions)
    assert boxes.positions.shape == boxes.normals.shape == (count, 3)
    assert boxes.uvs.shape == (count, 2)
    assert boxes.joint_ids.shape == boxes.joint_weights.shape == (count, 4)
    assert {boxes.positions.dtype, boxes.normals.dtype, boxes.uvs.dtype, boxes.joint_weights.dtype} == {np.dtype("f4")}
    assert {boxes.joint_ids.dtype, boxes.triangles.dtype} == {np.dtype("i4")}
    assert 0 <= boxes.triangles.min() <= boxes.triangles.max() < count
    assert 0 <= boxes.joint_ids.min() <= boxes.joint_ids.max() < len(boxes.joints)
    np.testing.assert_allclose(boxes.joint_weights.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(boxes.normals, axis=1), 1, atol=1e-5)


def test_load_avatar_draws_cover_all_triangles_in_queue_order(boxes: Avatar) -> None:
    """The draws follow each other without gaps, and their render queues rise."""
    ends = np.cumsum([draw.count for draw in boxes.draws])
    assert [draw.first for draw in boxes.draws] == [0, *ends[:-1]]
    assert ends[-1] == len(boxes.triangles)
    queues = [boxes.materials[draw.material].render_queue for draw in boxes.draws]
    assert queues == sorted(queues)


def test_load_avatar_transparent_material_is_left_out(boxes: Avatar) -> None:
    """A material whose alpha is 0 has no triangles: MMD files hide parts so."""
    assert "hidden" not in {boxes.materials[draw.material].name for draw in boxes.draws}


def test_load_avatar_materials_carry_mtoon_parameters(boxes: Avatar) -> None:
    """Colours, alpha mode, cull side, depth writing and outline come from the file."""
    by_name = {material.name: material for material in boxes.materials}
    assert by_name["left"].lit_colour == (0.1, 0.9, 0.1, 1.0)
    assert by_name["left"].outline_width_m == pytest.approx(0.001)
    assert by_name["eye"].alpha_mode is AlphaMode.CUTOUT
    assert by_name["glass"].alpha_mode is AlphaMode.BLEND
    assert not by_name["glass"].depth_write
    assert by_name["glass"].cull is Cull.BACK


def test_load_avatar_credit_is_read(boxes: Avatar) -> None:
    """Who made it and under which licence stands in the avatar."""
    assert (boxes.credit.title, boxes.credit.author, boxes.credit.licence) == ("Boxes", "Nobody", "CC0")


def test_load_avatar_features_lie_where_the_morphs_move(boxes: Avatar) -> None:
    """Eyes and mouth are the middle of what blinks and opens."""
    np.testing.assert_allclose(boxes.proportions.left_eye, [0.05, 1.54, 0.11], atol=1e-6)
    np.testing.assert_allclose(boxes.proportions.right_eye, [-0.05, 1.54, 0.11], atol=1e-6)
    np.testing.assert_allclose(boxes.proportions.mouth, [0, 1.46, 0.11], atol=1e-6)
    assert boxes.proportions.head_top == pytest.approx(1.7)


@pytest.mark.parametrize("options", [{"arm_droop_deg": 40.0}, {"turned_nodes": True}, {"swap_blinks": True}])
def test_load_avatar_same_figure_however_it_was_exported(
    boxes: Avatar, tmp_path: Path, options: dict[str, Any]
) -> None:
    """A-pose, rotated nodes and swapped blinks all come out as the same avatar."""
    other = _load(tmp_path, build_vrm(**options))
    np.testing.assert_allclose(other.positions, boxes.positions, atol=1e-6)
    np.testing.assert_allclose(other.normals, boxes.normals, atol=1e-6)
    np.testing.assert_allclose(other.proportions.joints, boxes.proportions.joints, atol=1e-6)
    for name, morph in boxes.expressions.items():
        assert np.array_equal(other.expressions[name].vertices, morph.vertices)
        np.testing.assert_allclose(other.expressions[name].deltas, morph.deltas, atol=1e-6)


def test_load_avatar_a_pose_comes_back_when_the_arms_hang_as_in_the_file(tmp_path: Path) -> None:
    """Vertices that hang on two joints are skinned once: the file's own rest pose is met exactly."""
    document, binary = build_document(arm_droop_deg=45.0)
    arm, chest = (document["meshes"][0]["primitives"][index]["attributes"] for index in (3, 0))
    arm |= {"JOINTS_1": chest["JOINTS_0"], "WEIGHTS_1": chest["WEIGHTS_0"]}
    avatar = _load(tmp_path, pack(document, binary))
    vector = np.zeros(len(SPEC), np.float32)
    vector[[INDEX["left_upper_arm_z"], INDEX["right_upper_arm_z"]]] = -45.0
    written = parse_glb(pack(document, binary), "a.vrm").accessor(arm["POSITION"]) * [-1.0, 1.0, -1.0]
    np.testing.assert_allclose(posed(avatar, vector).positions[3 * 24 : 4 * 24], written, atol=1e-6)
    assert avatar.apart is not None


def test_load_avatar_in_the_t_pose_needs_one_place_per_vertex(boxes: Avatar) -> None:
    """Where all joints agree, nothing is kept apart."""
    assert boxes.apart is None


@pytest.mark.parametrize("options", [{"turned_nodes": False}, {}, {"arm_droop_deg": 30.0}])
def test_load_avatar_vrm_1_is_the_same_figure(tmp_path: Path, options: dict[str, Any]) -> None:
    """The figure as VRM 1.0 has the mesh, joints, materials and expressions that it has as VRM 0.x."""
    older = _load(tmp_path, pack(*build_document(more_bones=True)))
    newer = _load(tmp_path, build_vrm1(springs=False, constraint=False, **options))
    np.testing.assert_allclose(newer.positions, older.positions, atol=1e-6)
    np.testing.assert_allclose(newer.normals, older.normals, atol=1e-6)
    for name in ("uvs", "triangles", "joint_ids", "joint_weights"):
        assert np.array_equal(getattr(newer, name), getattr(older, name)), name
    assert newer.joints.names == older.joints.names
    np.testing.assert_allclose(newer.joints.rest[:, :3, 3], older.joints.rest[:, :3, 3], atol=1e-6)
    for name, morph in older.expressions.items():
        assert np.array_equal(newer.expressions[name].vertices, morph.vertices)
        np.testing.assert_allclose(newer.expressions[name].deltas, morph.deltas, atol=1e-6)
    for one, other in zip(newer.materials, older.materials, strict=True):
        assert one.lit_colour == pytest.approx(other.lit_colour)
        assert one.shade_colour == pytest.approx(other.shade_colour)
        assert one.terminator == pytest.approx(other.terminator)
        assert (one.alpha_mode, one.cull, one.render_queue, one.depth_write, one.outline_width_m) == (
            other.alpha_mode, other.cull, other.render_queue, other.depth_write, other.outline_width_m,
        )  # fmt: skip


def test_load_avatar_vrm_1_has_springs_constraints_and_gaze(tmp_path: Path) -> None:
    """What moves by itself is found in VRM 1.0's own extensions."""
    avatar = _load(tmp_path, build_vrm1(look_by="expression"))
    assert len(avatar.springs) == 1
    assert len(avatar.springs.colliders) == 1
    assert len(avatar.constraints) == 1
    assert avatar.look_at.by_expression
    assert avatar.traits["joy"].is_binary
    assert set(avatar.expressions) == {"blink_left", "blink_right", "aa", "joy", "look_left"}


def test_load_avatar_vrm_1_terms_that_forbid_modification_are_kept(tmp_path: Path) -> None:
    """Prohibited modification is refused by its field, and read when the user has the rights."""
    data = build_vrm1(modification="prohibited")
    with pytest.raises(AvatarError, match=r"meta\.modification.*--i-have-the-rights"):
        _load(tmp_path, data)
    assert _load(tmp_path, data, i_have_the_rights=True).credit.modification == "prohibited"


def test_load_avatar_leaves_out_named_meshes(tmp_path: Path) -> None:
    """What is named is not read; when nothing else is there, that is an error."""
    with pytest.raises(AvatarError, match="no visible triangles"):
        _load(tmp_path, build_vrm(), leave_out={"figure"})


def test_load_avatar_large_texture_is_scaled_down(tmp_path: Path) -> None:
    """No texture exceeds the asked size."""
    avatar = _load(tmp_path, build_vrm(), max_texture_px=2)
    assert avatar.textures[0].shape == (2, 2, 4)


def test_load_avatar_texture_that_is_no_image_is_refused(tmp_path: Path) -> None:
    """A broken picture is named by its index."""
    document, binary = build_document()
    document["bufferViews"][document["images"][0]["bufferView"]]["byteLength"] = 9
    with pytest.raises(AvatarError, match="image 0 is no picture"):
        _load(tmp_path, pack(document, binary))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document["meshes"].clear(),
        lambda document: document["skins"].clear(),
        lambda document: document["skins"][0]["joints"].__setitem__(0, 10**6),
        lambda document: document["nodes"][-1].__setitem__("mesh", 7),
        lambda document: document["meshes"][0]["primitives"][0].pop("attributes"),
        lambda document: document["textures"].__setitem__(0, None),
    ],
)
def test_load_avatar_json_that_points_nowhere_is_an_avatar_error(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], object]
) -> None:
    """Whatever a file's JSON gets wrong, the loader says so in its own words."""
    document, binary = build_document()
    spoil(document)
    with pytest.raises(AvatarError, match=r"avatar\.vrm"):
        _load(tmp_path, pack(document, binary))


@pytest.mark.parametrize("name", AVATARS)
def test_load_avatar_real_files_are_complete(real_avatar: Callable[[str], Avatar], name: str) -> None:
    """Every avatar of the set has all expressions, stands in the T-pose and has its face in front."""
    avatar = real_avatar(name)
    assert set(avatar.expressions) - set(LOOKS) == EXPRESSIONS
    joints = avatar.proportions.joints
    for side, sign in (("left", 1), ("right", -1)):
        arm = joints[BONE_INDEX[f"{side}_hand"]] - joints[BONE_INDEX[f"{side}_upper_arm"]]
        assert sign * arm[0] / np.linalg.norm(arm) > 0.99
    assert avatar.proportions.left_eye[0] > 0.02
    assert avatar.proportions.right_eye[0] < -0.02
    assert avatar.proportions.mouth[1] < avatar.proportions.left_eye[1]
    assert avatar.proportions.mouth[2] > joints[BONE_INDEX["head"], 2]
    assert abs(float(joints[BONE_INDEX["left_foot"], 1])) < 0.2
    assert 0.2 < avatar.proportions.eye_gain < 0.6
