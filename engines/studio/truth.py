"""The exact flow from a rendered picture into every key view, from triangle and barycentric buffers.

A vertex's place in every view is fixed, so a pixel's place in them follows from its triangle: no view is drawn again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.key_view import KeyView
from engines.studio.avatar import Avatar
from engines.studio.interpolation import carried
from engines.studio.renderer import Renderer
from engines.studio.view_sheet import view_pose
from engines.studio.views import drawn_in

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

#: A point counts as seen when nothing lies more than this (metres) before it: lids are thin, sleeves are not.
FACE_TOLERANCE_M = 0.0015
BODY_TOLERANCE_M = 0.012
#: Views' depths are kept at this many pixels per side.
DEPTH_PX = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ViewTruth:
    """Where every vertex is in V key views, and how deep each view's surface is.

    Args:
        places: float32, (N, V, 3): x and y in 0..1 of the view, and depth in metres, of every vertex.
        depth: float32, (V, DEPTH_PX, DEPTH_PX), metres; -inf where the view shows nothing.
        tolerance: float32, (V,), metres: what lies no further behind a view's surface is seen.
        drawn: bool, (V, T), which triangles each view draws.
        triangles: int32, (T, 3), vertex indices.
    """

    places: F32
    depth: F32
    tolerance: F32
    drawn: Bools
    triangles: I32

    @classmethod
    def of(cls, renderer: Renderer, avatar: Avatar, views: Sequence[KeyView]) -> ViewTruth:
        """Pose the avatar as in each view and keep what the flow needs."""
        places, depths, drawn = [], [], []
        for view, only in zip(views, drawn_in(avatar, views), strict=True):
            pose, camera = view_pose(avatar, view), view.matrix(avatar.proportions)
            flat = pose.positions[:, :2] @ camera[:, :2].T + camera[:, 2]
            places.append(np.concatenate([flat, pose.positions[:, 2:]], axis=1))
            depth = renderer.hits(avatar, pose, camera, DEPTH_PX, only=only).depth
            depths.append(depth)
            drawn.append(np.ones(len(avatar.triangles), np.bool_) if only is None else only)
        return cls(
            places=np.stack(places, axis=1).astype(np.float32),
            depth=np.stack(depths),
            tolerance=np.array(
                [FACE_TOLERANCE_M if view.camera == "face" else BODY_TOLERANCE_M for view in views], np.float32
            ),
            drawn=np.stack(drawn),
            triangles=avatar.triangles.astype(np.int32),
        )

    def flow(self, triangle: I32, barycentric: F32, views: slice = slice(None)) -> tuple[F32, Bools]:
        """Return where each cell of a picture is in each view and whether the view shows it.

        Args:
            triangle: int32, (H, W), -1 where there is no surface.
            barycentric: float32, (H, W, 2), weights of the triangle's second and third corner.
            views: which of the views are asked for.

        Returns:
            places float32 (V, 2, H, W), 0..1, and seen bool (V, H, W).
        """
        height, width = triangle.shape
        asked, depth, tolerance = self.places[:, views], self.depth[views], self.tolerance[views]
        count = asked.shape[1]
        places = np.zeros((count, 2, height, width), np.float32)
        seen = np.zeros((count, height, width), np.bool_)
        row, column = np.nonzero(triangle >= 0)
        hit = triangle[row, column]
        weights = barycentric[row, column].astype(np.float32)
        found = carried(asked.reshape(len(asked), -1), self.triangles, hit, weights).reshape(-1, count, 3)
        size = depth.shape[-1]
        cell = np.floor(found[..., :2] * size).astype(np.int32)
        inside = ((cell >= 0) & (cell < size)).all(axis=-1)
        cell = np.clip(cell, 0, size - 1)
        surface = depth[np.arange(count), cell[..., 1], cell[..., 0]]
        seen[:, row, column] = (inside & (found[..., 2] > surface - tolerance)).T & self.drawn[views][:, hit]
        places[:, :, row, column] = found[..., :2].transpose(1, 2, 0)
        return places, seen

    def save(self, path: Path) -> None:
        """Write to an npz file."""
        np.savez_compressed(
            path,
            places=self.places,
            depth=self.depth.astype(np.float16),
            tolerance=self.tolerance,
            drawn=np.packbits(self.drawn, axis=1),
            triangles=self.triangles,
        )

    @classmethod
    def load(cls, path: Path) -> ViewTruth:
        """Read from an npz file."""
        with path.open("rb") as stream, np.load(stream) as file:
            triangles = file["triangles"]
            return cls(
                places=file["places"],
                depth=file["depth"].astype(np.float32),
                tolerance=file["tolerance"],
                drawn=np.unpackbits(file["drawn"], axis=1, count=len(triangles)).astype(np.bool_),
                triangles=triangles,
            )
