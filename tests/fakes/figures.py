"""Figures of a few simple pieces, to try materials on: flat squares and balls, posed as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engines.studio.avatar import Avatar
from engines.studio.materials import Material
from engines.studio.mesh import Draw
from engines.studio.posing import Posed

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

#: Maps -1..1 metre to the picture.
CAMERA = np.array([[0.5, 0.0, 0.5], [0.0, -0.5, 0.5]], np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """A mesh of one material; positions and normals (N, 3), uvs (N, 2), triangles (T, 3)."""

    positions: F32
    normals: F32
    uvs: F32
    triangles: I32
    material: Material


def square(material: Material, *, z: float = 0.0, half: float = 0.5, x: float = 0.0, back: bool = False) -> Piece:
    """Return a square that looks at the viewer, or away."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) * np.float32(half)
    positions = np.concatenate([corners + np.array([x, 0], np.float32), np.full((4, 1), z, np.float32)], axis=1)
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    return Piece(
        positions=positions,
        normals=np.tile(np.array([0, 0, -1 if back else 1], np.float32), (4, 1)),
        uvs=np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32),
        triangles=triangles[:, ::-1].copy() if back else triangles,
        material=material,
    )


def ball(material: Material, *, radius: float = 0.5, steps: int = 64) -> Piece:
    """Return a ball around the origin; its uvs are those of its normals, 0..1 from left to right and top to bottom."""
    across, down = np.meshgrid(np.linspace(0, 2 * np.pi, 2 * steps + 1), np.linspace(0, np.pi, steps + 1))
    normals = np.stack([np.sin(down) * np.sin(across), np.cos(down), np.sin(down) * np.cos(across)], axis=-1)
    normals = normals.reshape(-1, 3).astype(np.float32)
    row = 2 * steps + 1
    first = (np.arange(steps)[:, None] * row + np.arange(2 * steps)).ravel()
    quads = np.stack([first, first + row, first + row + 1, first + 1], axis=1)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    return Piece(
        positions=normals * np.float32(radius),
        normals=normals,
        uvs=np.stack([0.5 + 0.5 * normals[:, 0], 0.5 - 0.5 * normals[:, 1]], axis=1),
        triangles=triangles,
        material=material,
    )


def figure(like: Avatar, pieces: Sequence[Piece], textures: Sequence[U8] = ()) -> tuple[Avatar, Posed]:
    """Return an avatar of these pieces, drawn in their order, and its pose.

    Args:
        like: lends what the renderer does not look at.
        pieces: at least one.
        textures: uint8, (H, W, 4), that the pieces' materials index.
    """
    starts = np.cumsum([0, *(len(piece.positions) for piece in pieces)])
    firsts = np.cumsum([0, *(len(piece.triangles) for piece in pieces)])
    positions = np.concatenate([piece.positions for piece in pieces])
    normals = np.concatenate([piece.normals for piece in pieces])
    avatar = replace(
        like,
        positions=positions,
        normals=normals,
        uvs=np.concatenate([piece.uvs for piece in pieces]),
        joint_ids=np.zeros((len(positions), 4), np.int32),
        joint_weights=np.tile(np.array([1, 0, 0, 0], np.float32), (len(positions), 1)),
        triangles=np.concatenate(
            [piece.triangles + start for piece, start in zip(pieces, starts, strict=False)]
        ).astype(np.int32),
        draws=tuple(
            Draw(material=number, first=int(first), count=len(piece.triangles))
            for number, (piece, first) in enumerate(zip(pieces, firsts, strict=False))
        ),
        materials=tuple(piece.material for piece in pieces),
        textures=tuple(textures),
    )
    return avatar, Posed(joints=np.tile(np.eye(4, dtype=np.float32), (1, 1, 1)), positions=positions, normals=normals)
