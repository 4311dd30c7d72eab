"""What a primitive's vertices hang on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engines.errors import AvatarError
from engines.studio.avatar import Avatar, load_avatar
from engines.studio.influences import strongest
from tests.fakes.vrm import build_document, pack


def _load(folder: Path, document: dict[str, Any], binary: bytes) -> Avatar:
    path = folder / "a.vrm"
    path.write_bytes(pack(document, binary))
    return load_avatar(path)


def _places(joints: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return places that tell the joints apart, (n, K, 3)."""
    return np.asarray(np.stack([joints, joints**2, np.ones_like(joints)], axis=2), np.float64)


def test_strongest_joint_named_twice_counts_once_with_both_weights() -> None:
    """Weights of one joint are added up, and then the strongest come first."""
    named = np.array([[7, 3, 7, 5]])
    joints, weights, places = strongest(named, np.array([[0.3, 0.4, 0.2, 0.1]]), _places(named))
    assert joints.tolist() == [[7, 3, 5, 0]]
    np.testing.assert_allclose(weights, [[0.5, 0.4, 0.1, 0.0]])
    np.testing.assert_allclose(places[:, :3], _places(joints)[:, :3])


def test_strongest_of_eight_joints_four_are_kept_and_sum_to_1() -> None:
    """The weakest are left out; together the others put the vertex where all put it."""
    named, weighed = np.arange(8)[None], np.array([[1, 2, 3, 4, 5, 6, 7, 8]]) / 36
    joints, weights, places = strongest(named, weighed, _places(named))
    assert joints.tolist() == [[7, 6, 5, 4]]
    np.testing.assert_allclose(weights, np.array([[8, 7, 6, 5]]) / 26)
    all_of_them = np.einsum("nk,nki->ni", weighed, _places(named))
    np.testing.assert_allclose(np.einsum("nk,nki->ni", weights, places), all_of_them)


def test_strongest_of_one_joint_is_padded() -> None:
    """A vertex without a skin hangs on one joint."""
    named = np.array([[2], [3]])
    joints, weights, places = strongest(named, np.ones((2, 1)), _places(named))
    assert joints.tolist() == [[2, 0, 0, 0], [3, 0, 0, 0]]
    assert weights.tolist() == [[1, 0, 0, 0]] * 2
    np.testing.assert_allclose(places[:, :1], _places(named))


def test_load_avatar_second_set_of_joints_counts(boxes: Avatar, tmp_path: Path) -> None:
    """A vertex that hangs on JOINTS_1 as much as on JOINTS_0 has two joints."""
    document, binary = build_document()
    first, other = (document["meshes"][0]["primitives"][index]["attributes"] for index in (0, 1))
    first |= {"JOINTS_1": other["JOINTS_0"], "WEIGHTS_1": other["WEIGHTS_0"]}
    avatar = _load(tmp_path, document, binary)
    np.testing.assert_allclose(avatar.joint_weights[:24, :2], 0.5)
    assert set(avatar.joint_ids[0, :2]) == {boxes.joint_ids[0, 0], boxes.joint_ids[24, 0]}


def test_load_avatar_vertex_without_weights_hangs_on_the_first_joint(tmp_path: Path) -> None:
    """Weights that are all zero do not lose a vertex."""
    document, binary = build_document()
    weights = document["accessors"][document["meshes"][0]["primitives"][3]["attributes"]["WEIGHTS_0"]]
    weights.pop("bufferView")
    avatar = _load(tmp_path, document, binary)
    np.testing.assert_allclose(avatar.joint_weights.sum(axis=1), 1.0, atol=1e-6)
    assert np.isfinite(avatar.positions).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda skin, _: skin.update(joints=[0, 999]), "joints point to no nodes"),
        (lambda skin, _: skin.update(joints=[]), "joints point to no nodes"),
        (lambda skin, _: skin.update(joints=[0]), "hangs on joint"),
        (lambda skin, _: skin["joints"].extend([0] * 9), "matrices; export it again"),
        (lambda _, attributes: attributes.update(WEIGHTS_0=attributes["TEXCOORD_0"]), "WEIGHTS_0 has 2 numbers"),
        (lambda _, attributes: attributes.update(POSITION=attributes["TEXCOORD_0"]), "POSITION has 2 numbers"),
    ],
)
def test_load_avatar_skin_that_does_not_fit_is_refused(tmp_path: Path, change: Any, message: str) -> None:
    """The message says what does not fit."""
    document, binary = build_document()
    change(document["skins"][0], document["meshes"][0]["primitives"][0]["attributes"])
    with pytest.raises(AvatarError, match=message):
        _load(tmp_path, document, binary)
