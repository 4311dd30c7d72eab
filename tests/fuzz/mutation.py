"""Mutations of avatar files: of bytes, of chunk headers, and of values anywhere in the JSON."""

from __future__ import annotations

import copy
import json
import random
import struct
from typing import Any

#: What a number, a string or a whole branch is replaced by.
NASTY: tuple[Any, ...] = (
    *(0, -1, 1, 2**31, 2**63, 10**40, -(2**31), 0.5, 1e308, -1e308, float("nan"), float("inf"), True, False),
    *(None, "", "x", "\u0000", "a" * 5000, [], {}, [[]], [{}], [None], {"a": 1}, [0] * 1000),
)
_STRUCTURES = ("nodes", "skins", "meshes", "accessors", "bufferViews", "images", "textures", "materials", "extensions")


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return a file that differs somewhere: mostly in its JSON, where the reader has most to believe."""
    kind = rng.random()
    if kind < 0.15:
        return _bytes_changed(data, rng)
    if kind < 0.2:
        return data[: rng.randrange(len(data) + 1)]
    if kind < 0.25:
        return _header_changed(data, rng)
    document, binary = taken_apart(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        _change_json(document, rng)
    if rng.random() < 0.1 and binary:
        binary = _bytes_changed(binary, rng)
    return put_together(document, binary)


def taken_apart(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return a file's JSON and its binary chunk."""
    (size,) = struct.unpack_from("<I", data, 12)
    return json.loads(data[20 : 20 + size]), data[28 + size :]


def put_together(document: object, binary: bytes) -> bytes:
    """Return the file of a JSON document and a binary chunk."""
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def _bytes_changed(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 4, 64))):
        at = rng.randrange(len(changed))
        changed[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return bytes(changed)


def _header_changed(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    struct.pack_into("<I", changed, rng.choice((4, 8, 12, 16)), rng.choice((0, 1, 2, 2**31, 2**32 - 1, len(data) * 2)))
    return bytes(changed)


def _change_json(document: dict[str, Any], rng: random.Random) -> None:
    """Replace, remove or copy something on a random way down the document."""
    at: Any = document
    if rng.random() < 0.5 and (known := [name for name in _STRUCTURES if name in document]):
        name = rng.choice(known)
        if isinstance(document[name], dict | list) and document[name]:
            at = document[name]
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return
        key = rng.choice(keys)
        below = at[key]
        if isinstance(below, dict | list) and below and rng.random() < 0.85:
            at = below
            continue
        kind = rng.random()
        if kind < 0.6:
            at[key] = copy.deepcopy(rng.choice(NASTY))
        elif kind < 0.75:
            del at[key]
        elif kind < 0.85 and isinstance(at, list):
            at.append(copy.deepcopy(below))
        elif isinstance(below, int | float) and not isinstance(below, bool):
            at[key] = below + rng.choice((-1, 1, 1000, -1000, 0.5))
        else:
            at[key] = copy.deepcopy(at[rng.choice(keys)])
        return
