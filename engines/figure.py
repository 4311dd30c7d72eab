"""A character's figure: the skinned surface that a sheet's pictures are carried on.

It is what structure is computed from: posed by :mod:`engines.posing`, drawn by :mod:`engines.raster`.  It holds no
texture; what the character looks like stands in the sheet's pictures.
"""

from __future__ import annotations

import io
import json
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines import hanging
from engines.errors import CharacterError
from engines.expression import LookAt, RangeMap
from engines.hanging import HangingJoints

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]


class Region(IntEnum):
    """Parts of a figure that choose their key views together; the numbers are stored."""

    HEAD = 0
    FACE = 1
    LEFT_EYE = 2
    RIGHT_EYE = 3
    MOUTH = 4
    TORSO = 5
    LEFT_ARM = 6
    RIGHT_ARM = 7
    LEFT_HAND = 8
    RIGHT_HAND = 9
    LEFT_LEG = 10
    RIGHT_LEG = 11


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Morph:
    """What an expression at weight 1 does: `deltas`, float32 (n, 3), metres, T-pose, to `vertices`, int32 (n,)."""

    vertices: I32
    deltas: F32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """A skinned surface of N vertices, T triangles and J joints.

    Args:
        places: float32, (N, 1, 3), metres, T-pose; or (N, 4, 3), where each of a vertex's joints alone would put it.
        normals: float32, (N, 3), unit.
        joint_ids: int32, (N, 4).
        joint_weights: float32, (N, 4), sum 1.
        joints: what the vertices hang on: bones, and hair and cloth that swing.
        triangles: int32, (T, 3), in draw order.
        order: int32, (T,), number of the draw: of two surfaces in one place the later is seen.
        cull: uint8, (T,), see `engines.raster`.
        region: uint8, (T,), :class:`Region`.
        mask: int32, (T,), index into `masks`, -1 where nothing is cut out.
        uvs: float32, (N, 2), places in the masks, 0..1, repeated beyond.
        masks: uint8, (h, w) each, 1 where there is something and 0 where there is a hole.
        colours: uint8, (N, 3), RGB: the surface's own colour, for what no view shows.
        ink: uint8, (N, 3), RGB of the outline.
        ink_width_m: float32, (N,), metres; 0 where there is no outline.
        morphs: by the names of `engines.expression`.
        look_at: whether eye bones or expressions follow the gaze.
        paint: uint8, (T,), what is dyed as one, numbers of `engines.studio.paint`; None where nobody said.
    """

    places: F32
    normals: F32
    joint_ids: I32
    joint_weights: F32
    joints: HangingJoints
    triangles: I32
    order: I32
    cull: U8
    region: U8
    mask: I32
    uvs: F32
    masks: tuple[U8, ...]
    colours: U8
    ink: U8
    ink_width_m: F32
    morphs: Mapping[str, Morph]
    look_at: LookAt
    paint: U8 | None = None

    def __post_init__(self) -> None:
        vertices, triangles, joints = len(self.places), len(self.triangles), len(self.joints.parents)
        expected: dict[str, tuple[int, ...]] = {
            "normals": (vertices, 3), "joint_ids": (vertices, 4), "joint_weights": (vertices, 4),
            "triangles": (triangles, 3), "order": (triangles,), "cull": (triangles,), "region": (triangles,),
            "mask": (triangles,), "uvs": (vertices, 2), "colours": (vertices, 3), "ink": (vertices, 3),
            "ink_width_m": (vertices,),
        }  # fmt: skip
        for name, shape in expected.items():
            got = getattr(self, name).shape
            if got != shape:
                raise ValueError(f"{name}: got shape {got}, expected {shape}")
        if self.paint is not None and self.paint.shape != (triangles,):
            raise ValueError(f"paint: got shape {self.paint.shape}, expected {(triangles,)}")
        hanging.check(self.joints)
        if self.places.ndim != 3 or self.places.shape[1:] not in ((1, 3), (4, 3)):
            raise ValueError(f"places: got shape {self.places.shape}, expected (N, 1, 3) or (N, 4, 3)")
        indices: list[tuple[str, npt.NDArray[Any], int, int]] = [
            ("triangles", self.triangles, 0, vertices),
            ("joint_ids", self.joint_ids, 0, joints),
            ("cull", self.cull, 0, _CULLS),
            ("region", self.region, 0, len(Region)),
            ("mask", self.mask, -1, len(self.masks)),
        ]
        for name, morph in self.morphs.items():
            if morph.deltas.shape != (len(morph.vertices), 3):
                raise ValueError(f"{name}: got {morph.deltas.shape} deltas for {len(morph.vertices)} vertices")
            indices.append((name, morph.vertices, 0, vertices))
        for name, values, low, high in indices:
            if values.size and not low <= int(values.min()) <= int(values.max()) < high:
                raise ValueError(f"{name}: got {int(values.min())}..{int(values.max())}, expected {low}..{high - 1}")

    def save(self, path: Path) -> None:
        """Write to an npz file, quantised: places to 0.1 mm, weights and normals to a 255th, uvs to a 4096th."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "places": np.round(self.places / PLACE_STEP_M).astype(np.int16),
            "normals": np.round(self.normals * 127).astype(np.int8),
            "joint_ids": self.joint_ids.astype(np.uint16),
            "joint_weights": _weight_bytes(self.joint_weights),
            "triangles": _steps(self.triangles),
            "order": self.order.astype(np.uint16),
            "cull": self.cull,
            "region": self.region,
            "mask": self.mask.astype(np.int8),
            "uvs": np.round((self.uvs - np.floor(self.uvs.min(axis=0, initial=0))) * UV_STEPS).astype(np.uint16),
            "colours": self.colours,
            "ink": self.ink,
            "ink_width": np.round(self.ink_width_m / INK_STEP_M).astype(np.uint8),
            "mask_shapes": np.array([mask.shape for mask in self.masks], np.uint16).reshape(-1, 2),
            "mask_bits": np.packbits(np.concatenate([np.zeros(0, np.uint8), *(mask.ravel() for mask in self.masks)])),
        }
        if self.paint is not None:
            arrays["paint"] = self.paint
        arrays |= {f"joints_{name}": values for name, values in hanging.to_arrays(self.joints).items()}
        for name, morph in self.morphs.items():
            arrays[f"morph_{name}_vertices"] = morph.vertices.astype(
                np.uint16 if len(self.places) < 65536 else np.int32
            )
            arrays[f"morph_{name}_deltas"] = np.round(morph.deltas / MORPH_STEP_M).astype(np.int16)
        look = self.look_at
        words = {
            "by_expression": look.by_expression,
            "has_eye_bones": look.has_eye_bones,
            **{way: [getattr(look, way).input_deg, getattr(look, way).output] for way in ("sideways", "up", "down")},
        }
        arrays["look_at"] = np.frombuffer(json.dumps(words).encode(), np.uint8)
        partial = path.with_name(path.name + ".partial")
        with partial.open("wb") as stream:
            np.savez_compressed(stream, **arrays)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Figure:
        """Read a file that :meth:`save` wrote.

        Raises:
            CharacterError: it is missing or damaged.
        """
        try:
            with path.open("rb") as stream, np.load(io.BytesIO(stream.read())) as file:
                return cls._of(file)
        except _DAMAGE as error:
            raise CharacterError(f"{path}: damaged or incomplete ({error}); make the character again") from error

    @classmethod
    def _of(cls, file: Mapping[str, npt.NDArray[Any]]) -> Figure:
        shapes = file["mask_shapes"].astype(np.int64)
        sizes = shapes.prod(axis=1)
        bits = np.unpackbits(file["mask_bits"])[: int(sizes.sum())]
        masks = np.split(bits, np.cumsum(sizes)[:-1]) if len(sizes) else []
        weights = file["joint_weights"].astype(np.float32)
        normals = file["normals"].astype(np.float32)
        words = json.loads(file["look_at"].tobytes())
        ways = {way: RangeMap(input_deg=words[way][0], output=words[way][1]) for way in ("sideways", "up", "down")}
        names = [name[6:-9] for name in file if name.startswith("morph_") and name.endswith("_vertices")]
        return cls(
            places=file["places"].astype(np.float32) * np.float32(PLACE_STEP_M),
            normals=normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6),
            joint_ids=file["joint_ids"].astype(np.int32),
            joint_weights=weights / np.maximum(weights.sum(axis=1, keepdims=True), 1.0),
            joints=hanging.from_arrays({name[7:]: file[name] for name in file if name.startswith("joints_")}),
            triangles=np.cumsum(file["triangles"].astype(np.int32).ravel(), dtype=np.int32).reshape(-1, 3),
            order=file["order"].astype(np.int32),
            cull=file["cull"],
            region=file["region"],
            mask=file["mask"].astype(np.int32),
            uvs=file["uvs"].astype(np.float32) / np.float32(UV_STEPS),
            masks=tuple(mask.reshape(shape) for mask, shape in zip(masks, shapes.tolist(), strict=True)),
            colours=file["colours"],
            ink=file["ink"],
            ink_width_m=file["ink_width"].astype(np.float32) * np.float32(INK_STEP_M),
            morphs={
                name: Morph(
                    vertices=file[f"morph_{name}_vertices"].astype(np.int32),
                    deltas=file[f"morph_{name}_deltas"].astype(np.float32) * np.float32(MORPH_STEP_M),
                )
                for name in names
            },
            look_at=LookAt(by_expression=words["by_expression"], has_eye_bones=words["has_eye_bones"], **ways),
            paint=file.get("paint"),
        )


#: Ways in which `engines.raster` leaves sides out.
_CULLS = 3
#: What reading a damaged archive may raise; a changed flag makes parts of it encrypted or from some later standard.
_DAMAGE = (
    OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, MemoryError,
    struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
#: Steps of what is stored: a tenth of a millimetre is a twentieth of a pixel of a portrait; lids move less than bodies.
PLACE_STEP_M = 1e-4
MORPH_STEP_M = 1e-5
INK_STEP_M = 2e-5
UV_STEPS = 4096


def _weight_bytes(weights: F32) -> U8:
    """Return weights as 255ths."""
    return np.asarray(np.round(weights * 255), np.uint8)


def _steps(triangles: I32) -> I32:
    """Return the differences of successive numbers, which pack to half of what the numbers do."""
    return np.diff(triangles.ravel(), prepend=0).astype(np.int32)
