"""Files made to hurt: each ends in one line that says what to do, within a gigabyte and a half of address space."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engines.errors import AvatarError
from engines.studio.avatar import load_avatar
from tests.fakes.vrm import build_document, build_vrm, pack
from tests.fakes.vrm1 import build_document1

#: What a process may take: Python with NumPy, SciPy and Pillow alone takes about 0.6 GB of address space.
_ADDRESS_SPACE_BYTES = 3 << 29
_LOAD = """
import resource, sys
from engines.errors import AvatarError
from engines.studio.avatar import load_avatar
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
try:
    load_avatar(sys.argv[2])
except AvatarError as error:
    print(error)
"""


def _png_header(side: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    size, check = struct.pack(">I", len(header) - 4), struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + size + header + check + struct.pack(">I", 64) + b"IDAT" + bytes(68)


def _with_image(side: int) -> bytes:
    document, binary = build_document()
    picture = _png_header(side)
    view = document["bufferViews"][document["images"][0]["bufferView"]]
    view |= {"byteOffset": len(binary), "byteLength": len(picture)}
    return pack(document, binary + picture)


def _spoilt(spoil: Callable[[dict[str, Any]], object], newer: bool = False) -> bytes:
    document, binary = build_document1() if newer else build_document()
    spoil(document)
    return pack(document, binary)


def _accessor_of_billions(document: dict[str, Any]) -> None:
    for accessor in document["accessors"]:
        accessor["count"] = 4_000_000_000


def _zeros_of_billions(document: dict[str, Any]) -> None:
    for accessor in document["accessors"]:
        accessor.pop("bufferView", None)
        accessor["count"] = 4_000_000_000


def _same_mesh_often(document: dict[str, Any]) -> None:
    document["nodes"].extend({"mesh": 0, "skin": 0} for _ in range(20_000))


def _many_nodes(document: dict[str, Any]) -> None:
    document["nodes"].extend({} for _ in range(200_000))


def _long_spring(document: dict[str, Any]) -> None:
    first = len(document["nodes"])
    document["nodes"].extend({"children": [first + link + 1]} for link in range(20_000))
    document["nodes"].append({})
    document["extensions"]["VRM"]["secondaryAnimation"] = {"boneGroups": [{"bones": [first]}]}


def _many_images(document: dict[str, Any]) -> None:
    document["images"] *= 100_000


def _many_binds(document: dict[str, Any]) -> None:
    document["extensions"]["VRM"]["blendShapeMaster"]["blendShapeGroups"][0]["binds"] *= 100_000


def _nested(depth: int) -> bytes:
    text = b'{"a":' * depth + b"1" + b"}" * depth
    text += b" " * (-len(text) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def _sparse_out_of_range(document: dict[str, Any]) -> None:
    for accessor in document["accessors"]:
        if accessor.get("sparse", {}).get("count"):
            accessor["sparse"]["indices"]["componentType"] = 5125  # read as numbers of four bytes
            accessor["sparse"]["indices"]["bufferView"] = accessor["sparse"]["values"]["bufferView"]


def _loop(document: dict[str, Any]) -> None:
    document["nodes"][3]["children"] = [0]


def _without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda document: document["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"].pop(name)


_BOMBS: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    "accessors of billions": (lambda: _spoilt(_accessor_of_billions), "export the file again"),
    "zeros of billions": (lambda: _spoilt(_zeros_of_billions), "export the file again"),
    "a mesh on 20,000 nodes": (lambda: _spoilt(_same_mesh_often), "join its meshes"),
    "200,000 nodes": (lambda: _spoilt(_many_nodes), "is it an avatar"),
    "a spring of 20,000 joints": (lambda: _spoilt(_long_spring), "at most 4096"),
    "100,000 images": (lambda: _spoilt(_many_images), "join them"),
    "100,000 binds": (lambda: _spoilt(_many_binds), "remove some"),
    "100,000 levels of JSON": (lambda: _nested(100_000), "nested too deeply"),
    "an image of 16k x 16k": (lambda: _with_image(16_384), "scale it down"),
    "an image of a billion x a billion": (lambda: _with_image(1 << 30), "8192 pixels a side"),
    "sparse rows past the end": (lambda: _spoilt(_sparse_out_of_range), "export the file again"),
    "an FBX file": (b"Kaydara FBX Binary  \x00\x1a\x00", "is an FBX file; convert it"),
    "a picture": (_png_header(16), "is a PNG picture"),
    "an archive": (b"PK\x03\x04" + bytes(64), "is a ZIP archive"),
    "an empty file": (b"", "empty"),
    "half a file": (lambda: build_vrm()[:20_000], "cut short"),
    "a circle of nodes": (lambda: _spoilt(_loop), "loop"),
    "a figure without a head": (lambda: _spoilt(_without("head"), newer=True), "bones missing: head"),
}


@pytest.mark.parametrize("name", _BOMBS)
def test_load_avatar_file_made_to_hurt_ends_in_one_line_and_little_memory(tmp_path: Path, name: str) -> None:
    """Whatever a file claims, the loader takes no memory for it before it has looked."""
    data, expected = _BOMBS[name]
    path = tmp_path / "bomb.vrm"
    path.write_bytes(data if isinstance(data, bytes) else data())
    command = [sys.executable, "-c", _LOAD, str(_ADDRESS_SPACE_BYTES), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith("bomb.vrm: ")
    assert expected in done.stdout
    assert done.stdout.count("\n") == 1


def test_load_avatar_folder_is_refused(tmp_path: Path) -> None:
    """A folder cannot be read as a file."""
    (tmp_path / "folder.vrm").mkdir()
    with pytest.raises(AvatarError, match=r"folder\.vrm: cannot be read"):
        load_avatar(tmp_path / "folder.vrm")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
@pytest.mark.parametrize("attribute", ["POSITION", "TEXCOORD_0", "WEIGHTS_0"])
def test_load_avatar_numbers_that_lead_nowhere_are_refused(tmp_path: Path, attribute: str, value: float) -> None:
    """Vertices, texture coordinates and weights have to be finite, and of a size that can be drawn."""
    document, binary = build_document()
    accessor = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"][attribute]]
    spoilt = bytearray(binary)
    struct.pack_into("<f", spoilt, document["bufferViews"][accessor["bufferView"]]["byteOffset"], value)
    path = tmp_path / "a.vrm"
    path.write_bytes(pack(document, bytes(spoilt)))
    with pytest.raises(AvatarError, match="are not all finite numbers below 1e\\+06; repair the mesh"):
        load_avatar(path)


def test_load_avatar_normals_that_are_no_numbers_are_computed(tmp_path: Path) -> None:
    """What follows from the triangles needs no repair by hand."""
    document, binary = build_document()
    accessor = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"]["NORMAL"]]
    spoilt = bytearray(binary)
    struct.pack_into("<f", spoilt, document["bufferViews"][accessor["bufferView"]]["byteOffset"], float("nan"))
    path = tmp_path / "a.vrm"
    path.write_bytes(pack(document, bytes(spoilt)))
    normals = load_avatar(path).normals
    assert abs(float((normals**2).sum(axis=1).min()) - 1.0) < 1e-5


def test_load_avatar_without_textures_is_drawn_in_plain_colours(tmp_path: Path) -> None:
    """Textures are no duty."""
    document, binary = build_document()
    document["images"], document["textures"] = [], []
    path = tmp_path / "a.vrm"
    path.write_bytes(pack(document, binary))
    avatar = load_avatar(path)
    assert avatar.textures == ()
    assert {material.lit_texture for material in avatar.materials} == {None}


def test_load_avatar_message_stays_short_however_long_a_name_is(tmp_path: Path) -> None:
    """What a file says of itself cannot fill the screen, and its line breaks do not break the line."""
    document, binary = build_document1()
    twist = next(node for node in document["nodes"] if node["name"] == "leftTwist")
    twist["name"] = "x\n" * 5000
    twist["extensions"]["VRMC_node_constraint"]["constraint"]["roll"]["rollAxis"] = "W"
    path = tmp_path / "a.vrm"
    path.write_bytes(pack(document, binary))
    with pytest.raises(AvatarError) as caught:
        load_avatar(path)
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)
