"""The binary glTF container: chunks, accessors and embedded images of a `.glb` or `.vrm` file.

A file comes from anywhere, so everything that it says about sizes is checked before memory is taken for it.
Why this is not left to a glTF library: docs/decisions/0007-gltf-container.md.

Source: glTF 2.0 specification, "Binary glTF Layout" (section 4.4) and "Accessors" (section 3.6.2).
"""

from __future__ import annotations

import io
import json
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from engines.errors import AvatarError

_MAGIC = b"glTF"
_JSON_CHUNK = 0x4E4F534A
_BINARY_CHUNK = 0x004E4942
_HEADER_BYTES = 12
_CHUNK_HEADER_BYTES = 8
#: Bounds far above what avatars have: the largest of ours has 19 MB, 0.6 MB of JSON and 31,000 vertices in an accessor.
MAX_FILE_BYTES = 512 << 20
MAX_JSON_BYTES = 24 << 20
MAX_ACCESSOR_VALUES = 16_000_000
MAX_IMAGE_PX = 8192
#: What people rename to .vrm.
_OTHERS = {
    b"Kaydara FBX": "an FBX file; convert it to VRM, with Blender or UniVRM",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"PK\x03\x04": "a ZIP archive; unpack it first",
    b"PMX ": "a PMX model; convert it to VRM, with Blender or UniVRM",
    b"Pmd": "a PMD model; convert it to VRM, with Blender or UniVRM",
    b"<": "a web page; download the file itself",
    b"{": "a JSON file, perhaps .gltf; export it as binary glTF",
    b"version https://git-lfs": "a Git LFS pointer; fetch the file itself with `git lfs pull`",
}
_COMPONENT_TYPE = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}


_BROKEN_IMAGE = (
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    OSError,
    SyntaxError,  # Pillow's own for broken PNG chunks
    EOFError,
    struct.error,
    zlib.error,
    MemoryError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Glb:
    """A parsed container.

    Args:
        name: what error messages call the file.
        json: the JSON chunk.
        binary: the binary chunk, empty where the file has none.
    """

    name: str
    json: dict[str, Any]  # Any: free-form JSON, checked where it is read
    binary: bytes

    def accessor(self, index: int) -> npt.NDArray[Any]:
        """Return accessor `index` as an array (count, components); normalised integers become float32.

        Raises:
            AvatarError: the accessor points outside the file or has an unknown type.
        """
        try:
            accessor = self.json["accessors"][index]
            components = _COMPONENTS[accessor["type"]]
            dtype = np.dtype(_COMPONENT_TYPE[accessor["componentType"]])
            count = int(accessor["count"])
            if not 0 <= count * components <= MAX_ACCESSOR_VALUES:
                raise ValueError(f"it has {count} elements")
            if "bufferView" in accessor:
                values = self._view(accessor["bufferView"], accessor.get("byteOffset", 0), dtype, count, components)
            else:
                values = np.zeros((count, components), dtype)
            if "sparse" in accessor:
                values = values.copy()
                sparse, entries = accessor["sparse"], int(accessor["sparse"]["count"])
                if not 0 <= entries <= count:
                    raise ValueError(f"{entries} of its {count} elements are replaced")
                where = sparse["indices"]
                index_type = np.dtype(_COMPONENT_TYPE[where["componentType"]])
                rows = self._view(where["bufferView"], where.get("byteOffset", 0), index_type, entries, 1)[:, 0]
                what = sparse["values"]
                values[rows] = self._view(what["bufferView"], what.get("byteOffset", 0), dtype, entries, components)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError, OverflowError, MemoryError) as error:
            raise AvatarError(f"{self.name}: accessor {index} is broken ({error}); export the file again") from error
        if accessor.get("normalized") and dtype.kind in "iu":
            largest = float(np.iinfo(dtype.name).max)
            return np.asarray(np.maximum(values / largest, -1.0), np.float32)
        return np.asarray(values)

    def image(self, index: int) -> Image.Image:
        """Return embedded image `index`, decoded as RGBA.

        Raises:
            AvatarError: the image is not embedded, is larger than :data:`MAX_IMAGE_PX`, or cannot be read.
        """
        try:
            view = self.json["bufferViews"][self.json["images"][index]["bufferView"]]
            start, size = int(view.get("byteOffset", 0)), int(view["byteLength"])
            if start < 0 or size < 0 or start + size > len(self.binary):
                raise ValueError(f"its {size} bytes run past the end of the file")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the bound below is lower
                with Image.open(io.BytesIO(self.binary[start : start + size])) as image:
                    if max(image.size) > MAX_IMAGE_PX:
                        raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels")
                    return image.convert("RGBA")
        except Image.DecompressionBombError as error:
            what = f"{self.name}: image {index} is larger than {MAX_IMAGE_PX} pixels a side ({error})"
            raise AvatarError(f"{what}; scale it down and export again") from error
        except UnidentifiedImageError as error:
            raise AvatarError(f"{self.name}: image {index} is no picture; export the file again with PNG") from error
        except _BROKEN_IMAGE as error:
            raise AvatarError(f"{self.name}: image {index} cannot be read ({error}); it must be embedded") from error

    def _view(self, index: int, offset: int, dtype: np.dtype[Any], count: int, components: int) -> npt.NDArray[Any]:
        view = self.json["bufferViews"][index]
        start = view.get("byteOffset", 0) + offset
        row = components * dtype.itemsize
        stride = int(view.get("byteStride") or row)
        if stride < 0 or offset < 0:
            raise ValueError("its byte stride or offset is negative")
        needed = start + (stride * (count - 1) + row if count else 0)
        if start < 0 or needed > len(self.binary):
            raise ValueError(f"needs {needed} bytes of binary data, the file has {len(self.binary)}")
        return np.ndarray((count, components), dtype, self.binary, start, (stride, dtype.itemsize))


def read_glb(path: Path) -> Glb:
    """Return the container at `path`.

    Raises:
        AvatarError: the file is missing, is not binary glTF 2, or is cut short.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            size = path.stat().st_size >> 20
            raise AvatarError(f"{path.name}: has {size} MB, at most {MAX_FILE_BYTES >> 20} are read; is it an avatar?")
        data = path.read_bytes()
    except OSError as error:
        raise AvatarError(f"{path.name}: cannot be read ({error.strerror})") from error
    return parse_glb(data, path.name)


def parse_glb(data: bytes, name: str) -> Glb:
    """Return the container in `data`; raises as :func:`read_glb` does."""
    if len(data) < _HEADER_BYTES or data[:4] != _MAGIC:
        other = next((what for start, what in _OTHERS.items() if data.startswith(start)), None)
        if not data:
            other = "empty; download or copy it again"
        found = other or f"not a binary glTF file (starts with {data[:4]!r}, expected {_MAGIC!r})"
        raise AvatarError(f"{name}: is {found}" if other else f"{name}: {found}")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2:
        raise AvatarError(f"{name}: glTF version {version}, expected 2; export the file again as VRM")
    if length > len(data):
        raise AvatarError(f"{name}: cut short ({len(data)} of {length} bytes); download or copy it again")
    chunks: dict[int, bytes] = {}
    offset = _HEADER_BYTES
    while offset + _CHUNK_HEADER_BYTES <= length:
        size, kind = struct.unpack_from("<II", data, offset)
        offset += _CHUNK_HEADER_BYTES
        if offset + size > length:
            raise AvatarError(f"{name}: a chunk of {size} bytes runs past the end of the file; copy it again")
        if kind == _JSON_CHUNK and size > MAX_JSON_BYTES:
            raise AvatarError(f"{name}: its JSON has {size >> 20} MB, at most {MAX_JSON_BYTES >> 20} are read")
        chunks.setdefault(kind, data[offset : offset + size])
        offset += size
    if _JSON_CHUNK not in chunks:
        raise AvatarError(f"{name}: has no JSON chunk; export the file again")
    try:
        document = json.loads(chunks[_JSON_CHUNK].decode("utf-8"))
    except RecursionError as error:
        raise AvatarError(f"{name}: its JSON is nested too deeply; export the file again") from error
    except ValueError as error:  # not UTF-8, not JSON, or a number of thousands of digits
        raise AvatarError(f"{name}: its JSON chunk is not valid JSON ({error}); export the file again") from error
    if not isinstance(document, dict):
        raise AvatarError(f"{name}: its JSON chunk is a {type(document).__name__}, expected an object")
    return Glb(name=name, json=document, binary=chunks.get(_BINARY_CHUNK, b""))
