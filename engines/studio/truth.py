"""The exact flow from a rendered face into every face view, from triangle and barycentric buffers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.framing import face_camera
from engines.sheet import FACE_VIEW_PX, face_view_controls
from engines.skeleton import BONE_INDEX, forward_kinematics
from engines.studio.avatar import Avatar
from engines.studio.posing import posed
from engines.studio.renderer import Renderer
from engines.studio.sheets import interpolate

F32 = npt.NDArray[np.float32]

#: A face point counts as seen when nothing lies more than this (metres) before it: lids are thin.
DEPTH_TOLERANCE_M = 0.0015


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceTruth:
    """Where every vertex is in every face view, and how deep each view's surface is.

    Args:
        places: float32, (vertices, E * 3): x and y in 0..1 and depth in metres, per face view.
        depth: float32, (E, FACE_VIEW_PX, FACE_VIEW_PX), metres; -inf where there is no surface.
        triangles: int32, (T, 3).
    """

    places: F32
    depth: F32
    triangles: npt.NDArray[np.int32]

    @classmethod
    def of(cls, renderer: Renderer, avatar: Avatar) -> FaceTruth:
        """Pose the avatar as in each face view and keep what the flow needs."""
        places, depths = [], []
        for vector in face_view_controls():
            camera = face_camera(avatar.proportions, forward_kinematics(vector, avatar.proportions)[BONE_INDEX["head"]])
            positions = posed(avatar, vector).positions
            places.append(np.concatenate([positions[:, :2] @ camera[:, :2].T + camera[:, 2], positions[:, 2:]], axis=1))
            triangle, barycentric = renderer.render_ids(avatar, vector, camera, FACE_VIEW_PX)
            row, column = np.nonzero(triangle >= 0)
            depth = np.full(triangle.shape, -np.inf, np.float32)
            hit, where = triangle[row, column], barycentric[row, column].astype(np.float32)
            depth[row, column] = interpolate(positions[:, 2:], avatar.triangles, hit, where)[:, 0]
            depths.append(depth)
        return cls(
            places=np.concatenate(places, axis=1).astype(np.float32),
            depth=np.stack(depths),
            triangles=avatar.triangles.astype(np.int32),
        )

    def flow(self, triangle: npt.NDArray[np.int32], barycentric: F32) -> tuple[F32, npt.NDArray[np.bool_]]:
        """Return where each cell is in each view and whether the view shows it.

        Args:
            triangle: int32, (H, W), -1 where there is no surface.
            barycentric: float32, (H, W, 2).

        Returns:
            places float32 (E, 2, H, W), 0..1, and seen bool (E, H, W).
        """
        height, width = triangle.shape
        views = len(self.depth)
        places = np.zeros((views, 2, height, width), np.float32)
        seen = np.zeros((views, height, width), np.bool_)
        row, column = np.nonzero(triangle >= 0)
        found = interpolate(self.places, self.triangles, triangle[row, column], barycentric[row, column])
        found = found.reshape(-1, views, 3)
        size = self.depth.shape[-1]
        cell = np.floor(found[..., :2] * size).astype(np.int32)
        inside = ((cell >= 0) & (cell < size)).all(axis=-1)
        cell = np.clip(cell, 0, size - 1)
        behind = self.depth[np.arange(views), cell[..., 1], cell[..., 0]]
        seen[:, row, column] = (inside & (found[..., 2] > behind - DEPTH_TOLERANCE_M)).T
        places[:, :, row, column] = found[..., :2].transpose(1, 2, 0)
        return places, seen

    def save(self, path: Path) -> None:
        """Write to an npz file."""
        np.savez(path, places=self.places, depth=self.depth, triangles=self.triangles)

    @classmethod
    def load(cls, path: Path) -> FaceTruth:
        """Read from an npz file."""
        with path.open("rb") as stream, np.load(stream) as file:
            return cls(places=file["places"], depth=file["depth"], triangles=file["triangles"])
