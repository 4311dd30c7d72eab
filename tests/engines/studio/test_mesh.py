"""The merged mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engines.errors import AvatarError
from engines.glb import parse_glb
from engines.studio.material_file import read_materials
from engines.studio.mesh import MAX_TRIANGLES, MAX_VERTICES, Mesh, read_mesh
from engines.studio.rig import read_rig
from tests.fakes.vrm import build_document, pack


def _read(document: dict[str, Any], binary: bytes) -> Mesh:
    glb = parse_glb(pack(document, binary), "boxes.vrm")
    return read_mesh(glb, read_rig(glb), read_materials(glb))


def test_read_mesh_keeps_only_vertices_that_triangles_use() -> None:
    """A primitive of one triangle has three vertices left."""
    document, binary = build_document()
    primitives = document["meshes"][0]["primitives"]
    document["accessors"][primitives[0]["indices"]]["count"] = 3
    del primitives[1:]
    mesh = _read(document, binary)
    assert len(mesh.positions) == len(mesh.triangles) * 3 == 3
    assert mesh.pieces[0].used.tolist() == [0, 1, 2]


def test_read_mesh_puts_the_texture_transform_into_the_uvs() -> None:
    """The left half of a texture, asked for by the material, is what the uvs show."""
    document, binary = build_document()
    plain = _read(document, binary)
    document["extensions"]["VRM"]["materialProperties"][0]["vectorProperties"]["_MainTex"] = [0.0, 0.0, 0.5, 1.0]
    mesh = _read(document, binary)
    np.testing.assert_allclose(mesh.uvs[:24], plain.uvs[:24] * [0.5, 1.0], atol=1e-7)


def test_read_mesh_without_a_skin_hangs_on_its_node() -> None:
    """A mesh that a bone's node shows itself moves with that bone."""
    document, binary = build_document()
    head = next(index for index, node in enumerate(document["nodes"]) if node["name"] == "head")
    document["nodes"][-1] = {"name": "nothing"}
    document["nodes"][head]["mesh"] = 0
    mesh = _read(document, binary)
    assert len(np.unique(mesh.joint_ids[:, 0])) == 1
    np.testing.assert_array_equal(mesh.joint_weights[:, 0], 1.0)


def test_read_mesh_of_too_many_triangles_is_refused() -> None:
    """Triangles are counted before their vertices are looked at."""
    document, binary = build_document()
    indices = document["accessors"][document["meshes"][0]["primitives"][0]["indices"]]
    indices.pop("bufferView")
    indices["count"] = 3 * MAX_TRIANGLES + 3
    with pytest.raises(AvatarError, match="or 2000000 triangles; reduce its mesh"):
        _read(document, binary)


def test_read_mesh_of_too_many_vertices_is_refused() -> None:
    """Vertices are counted before they are placed."""
    document, binary = build_document()
    primitive = document["meshes"][0]["primitives"][0]
    del primitive["indices"]
    positions = document["accessors"][primitive["attributes"]["POSITION"]]
    positions.pop("bufferView")
    positions["count"] = MAX_VERTICES + 2
    with pytest.raises(AvatarError, match="has more than 1000000 vertices"):
        _read(document, binary)


@pytest.mark.parametrize("mode", [0, 1, 5])
def test_read_mesh_of_points_lines_and_strips_is_not_drawn(mode: int) -> None:
    """VRM has triangles; a file with nothing else shows nothing."""
    document, binary = build_document()
    for primitive in document["meshes"][0]["primitives"]:
        primitive["mode"] = mode
    with pytest.raises(AvatarError, match="no visible triangles"):
        _read(document, binary)


def test_read_mesh_triangle_beyond_its_vertices_is_refused() -> None:
    """An index past the vertices is named."""
    document, binary = build_document()
    primitive = document["meshes"][0]["primitives"][0]
    for name in primitive["attributes"].values():
        document["accessors"][name]["count"] = 20
    with pytest.raises(AvatarError, match="uses vertex 23 of 20"):
        _read(document, binary)
