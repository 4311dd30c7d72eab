"""The binary glTF container."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.errors import AvatarError
from engines.glb import parse_glb, read_glb
from tests.fakes.vrm import build_document, build_vrm, pack


def test_read_glb_missing_file_names_it(tmp_path: Path) -> None:
    """A file that is not there is an AvatarError that names it."""
    with pytest.raises(AvatarError, match=r"none\.vrm: cannot be read"):
        read_glb(tmp_path / "none.vrm")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"glT", "not a binary glTF file"),
        (b"nothing of the kind", "not a binary glTF file"),
        (b"Kaydara FBX Binary  \x00\x1a\x00", "is an FBX file; convert it to VRM"),
        (b"PK\x03\x04 a zip file", "is a ZIP archive; unpack it first"),
        (b"\x89PNG\r\n\x1a\n0000000000", "is a PNG picture"),
        (b"PMX \x00\x00\x00@", "is a PMX model"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b'{"asset": {}}', "is a JSON file"),
        (b"version https://git-lfs.github.com/spec/v1", "is a Git LFS pointer"),
    ],
)
def test_parse_glb_other_file_says_what_it_is(data: bytes, message: str) -> None:
    """What does not start like glTF is named for what it is."""
    with pytest.raises(AvatarError, match=message):
        parse_glb(data, "a.vrm")


def test_read_glb_folder_is_refused(tmp_path: Path) -> None:
    """A folder is no file."""
    with pytest.raises(AvatarError, match="cannot be read"):
        read_glb(tmp_path)


def test_read_glb_huge_file_is_refused_unread(tmp_path: Path) -> None:
    """A file of a gigabyte is not taken into memory."""
    path = tmp_path / "huge.vrm"
    with path.open("wb") as stream:
        stream.truncate(1 << 30)
    with pytest.raises(AvatarError, match="has 1024 MB, at most 512"):
        read_glb(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[" * 200_000 + b"]" * 200_000, "nested too deeply"),
        (b'{"a": ' * 100_000 + b"0" + b"}" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 100_000 + b"}", "not valid JSON"),
        (b"[]", "is a list, expected an object"),
        (b"\xff\xfe{}", "not valid JSON"),
    ],
)
def test_parse_glb_json_bomb_is_refused(text: bytes, message: str) -> None:
    """Deep nesting, endless numbers and other encodings are one-line errors."""
    text += b" " * (-len(text) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text
    with pytest.raises(AvatarError, match=message):
        parse_glb(struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body, "a.vrm")


def test_parse_glb_json_beyond_the_bound_is_refused() -> None:
    """JSON is bounded before it is parsed: an empty list of three bytes takes sixty in memory."""
    text = b"{" + b" " * (25 << 20) + b"}"
    body = struct.pack("<II", len(text), 0x4E4F534A) + text
    with pytest.raises(AvatarError, match="its JSON has 25 MB, at most 24"):
        parse_glb(struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body, "a.vrm")


@pytest.mark.parametrize("count", [-1, 3_000_000_000, 10**30])
def test_accessor_of_billions_is_refused_before_memory_is_taken(count: int) -> None:
    """An accessor says how many elements it has; nobody believes it."""
    document, binary = build_document()
    document["accessors"][0] |= {"count": count}
    document["accessors"][0].pop("bufferView", None)
    with pytest.raises(AvatarError, match="accessor 0 is broken"):
        parse_glb(pack(document, binary), "a.vrm").accessor(0)


def test_image_of_16k_is_refused_undecoded() -> None:
    """A picture's header is enough to refuse it."""
    document, binary = build_document()
    with io.BytesIO() as stream:
        Image.new("1", (16384, 16384)).save(stream, "PNG")
        picture = stream.getvalue()
    document["bufferViews"][document["images"][0]["bufferView"]] |= {
        "byteOffset": len(binary),
        "byteLength": len(picture),
    }
    with pytest.raises(AvatarError, match="image 0 is larger than 8192 pixels a side"):
        parse_glb(pack(document, binary + picture), "a.vrm").image(0)


@pytest.mark.parametrize("keep", [13, 19, 40, 0.5, 0.99])
def test_parse_glb_truncated_file_says_so(keep: float) -> None:
    """Half a download is recognised by the header's length, wherever it breaks off."""
    data = build_vrm()
    with pytest.raises(AvatarError, match="cut short"):
        parse_glb(data[: int(keep if keep > 1 else keep * len(data))], "a.vrm")


def test_parse_glb_chunk_past_the_end_is_refused() -> None:
    """A chunk that claims more bytes than the file has is refused."""
    data = bytearray(build_vrm())
    data[12:16] = struct.pack("<I", 1 << 30)
    with pytest.raises(AvatarError, match="runs past the end"):
        parse_glb(bytes(data), "a.vrm")


def test_parse_glb_version_1_is_refused() -> None:
    """GlTF 1 has another layout."""
    with pytest.raises(AvatarError, match="version 1, expected 2"):
        parse_glb(b"glTF" + struct.pack("<II", 1, 12), "a.vrm")


def test_parse_glb_broken_json_is_refused() -> None:
    """Bytes that are no JSON are an AvatarError, not a decoder's."""
    text = b"{nodes: "
    data = b"glTF" + struct.pack("<II", 2, 28) + struct.pack("<II", 8, 0x4E4F534A) + text
    with pytest.raises(AvatarError, match="not valid JSON"):
        parse_glb(data, "a.vrm")
    with pytest.raises(AvatarError, match="no JSON chunk"):
        parse_glb(b"glTF" + struct.pack("<II", 2, 12), "a.vrm")


def test_accessor_beyond_the_binary_is_refused() -> None:
    """An accessor that reads past the binary chunk is named."""
    document, binary = build_document()
    index = document["meshes"][0]["primitives"][0]["attributes"]["POSITION"]
    document["accessors"][index]["count"] = 10**6
    with pytest.raises(AvatarError, match=f"accessor {index} is broken"):
        parse_glb(pack(document, binary), "a.vrm").accessor(index)


def test_accessor_sparse_without_view_starts_from_zero() -> None:
    """A sparse accessor without a buffer view is zeros with some rows replaced."""
    document, binary = build_document()
    sparse = [index for index, entry in enumerate(document["accessors"]) if entry.get("sparse", {}).get("count")]
    values = parse_glb(pack(document, binary), "a.vrm").accessor(sparse[0])
    np.testing.assert_allclose(values, np.tile([0, -0.03, 0], (24, 1)), atol=1e-7)


def test_accessor_normalised_integers_become_fractions() -> None:
    """Normalised bytes are read as 0..1."""
    document, binary = build_document()
    attributes = document["meshes"][0]["primitives"][5]["attributes"]
    document["accessors"][attributes["JOINTS_0"]]["normalized"] = True
    values = parse_glb(pack(document, binary), "a.vrm").accessor(attributes["JOINTS_0"])
    assert values.dtype == np.float32
    assert 0 < values.max() < 1
