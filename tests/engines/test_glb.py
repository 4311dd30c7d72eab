"""The binary glTF container."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from engines.errors import AvatarError
from engines.glb import parse_glb, read_glb
from tests.fakes.vrm import build_document, build_vrm, pack


def test_read_glb_missing_file_names_it(tmp_path: Path) -> None:
    """A file that is not there is an AvatarError that names it."""
    with pytest.raises(AvatarError, match=r"none\.vrm: cannot be read"):
        read_glb(tmp_path / "none.vrm")


@pytest.mark.parametrize("data", [b"", b"glT", b"PK\x03\x04 a zip file", b"\x89PNG\r\n\x1a\n0000000000"])
def test_parse_glb_other_file_says_so(data: bytes) -> None:
    """What does not start like glTF is refused as such."""
    with pytest.raises(AvatarError, match="not a binary glTF file"):
        parse_glb(data, "a.vrm")


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
