"""A file's morph targets, added up over the merged mesh when they are asked for.

Source: glTF 2.0 specification, "Morph Targets" (section 3.7.2.2); `extras.targetNames` as Blender and UniVRM write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engines.glb import Glb
from engines.studio.expression_file import Bind
from engines.studio.influences import columns, expect_finite
from engines.studio.mesh import Piece

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
Side = Literal["left", "right", "both"]

#: Deltas below this length in metres are an exporter's rounding.
_NOISE_M = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Morph:
    """An expression at weight 1.

    Args:
        vertices: int32, (n,), which vertices move, each once.
        deltas: float32, (n, 3), by how much, in metres, canonical axes, rest pose.
    """

    vertices: I32
    deltas: F32

    @staticmethod
    def none() -> Morph:
        """Return the morph that moves nothing."""
        return Morph(vertices=np.zeros(0, np.int32), deltas=np.zeros((0, 3), np.float32))


class MorphTargets:
    """The morph targets of a file whose meshes are merged.

    Args:
        glb: the file.
        pieces: where its primitives went.
        positions: float32, (N, 3), the merged mesh's.
    """

    def __init__(self, glb: Glb, pieces: tuple[Piece, ...], positions: F32) -> None:
        self._glb = glb
        self._pieces = pieces
        self.positions = positions
        self.names = _names(glb)

    def morph(self, parts: Iterable[tuple[tuple[Bind, ...], Side]]) -> Morph | None:
        """Return the sum of binds, each on one side of the body or both; None where nothing moves.

        Raises:
            AvatarError: a morph target points outside the file, or holds no finite numbers.
        """
        total = np.zeros_like(self.positions)
        for binds, side in parts:
            if side == "both":
                self._add(total, binds)
                continue
            half = np.zeros_like(total)
            self._add(half, binds)
            x = self.positions[:, :1]
            total += half * (x > 0 if side == "left" else x < 0)
        expect_finite(self._glb, total, "a morph target's numbers")
        moved = np.nonzero(np.abs(total).max(axis=1, initial=0.0) > _NOISE_M)[0]
        return Morph(vertices=moved.astype(np.int32), deltas=total[moved]) if len(moved) else None

    def _add(self, total: F32, binds: tuple[Bind, ...]) -> None:
        for bind in binds:
            for piece in self._pieces:
                targets = piece.primitive.get("targets", [])
                asked = piece.mesh == bind.mesh if bind.node is None else piece.node == bind.node
                if not asked or not 0 <= bind.index < len(targets) or "POSITION" not in targets[bind.index]:
                    continue
                rows = int(piece.used.max(initial=-1)) + 1
                own = columns(self._glb, targets[bind.index], "POSITION", 3, rows)[piece.used]
                turned = np.einsum("nij,nj->ni", piece.to_canonical, own).astype(np.float32)
                total[piece.first : piece.first + len(own)] += turned * np.float32(bind.weight)


def _names(glb: Glb) -> dict[str, tuple[Bind, ...]]:
    """Return morph targets by name; VRoid's `Face.M_F00_000_00_` prefix is cut off."""
    found: dict[str, tuple[Bind, ...]] = {}
    for mesh_index, mesh in enumerate(glb.json.get("meshes", [])):
        primitive = mesh["primitives"][0]
        names = (primitive.get("extras") or {}).get("targetNames") or (mesh.get("extras") or {}).get("targetNames")
        for index, name in enumerate(names or []):
            bind = Bind(mesh=mesh_index, node=None, index=index, weight=1.0)
            short = re.sub(r"^.*(?=Fcl_)", "", str(name))
            found[short] = (*found.get(short, ()), bind)
    return found
