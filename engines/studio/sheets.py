"""Makes a character's sheet from an avatar: renders the key views and collects their surface points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines import controls
from engines.framing import portrait_camera
from engines.sheet import (
    POSE_VIEWS,
    SCANS,
    PointCloud,
    Sheet,
    pose_view_controls,
    premultiplied,
    sheet_camera,
)
from engines.skeleton import BONES, forward_kinematics
from engines.studio.avatar import Avatar
from engines.studio.interpolation import carried
from engines.studio.posing import posed
from engines.studio.renderer import Renderer
from engines.studio.view_sets import VIEW_SETS
from engines.studio.view_sheet import draw_views

F32 = npt.NDArray[np.float32]

#: Pixels per side at which surface points are collected: about 1.4 points per cell of the flow grid.
POINTS_PX = 224
#: Scans show this much more than the pose views.
SCAN_SCALE = 1.5
#: Points nearer to each other than this part of the picture's height are one.
POINT_SPACING = 1 / 150
#: A point counts as seen when nothing lies more than this (metres) before it.
DEPTH_TOLERANCE_M = 0.012


def make_sheet(renderer: Renderer, avatar: Avatar) -> Sheet:
    """Render the key views that the present weights read and return an avatar's sheet."""
    pictures = draw_views(renderer, avatar, VIEW_SETS["student"]).pictures
    poses, faces = pictures[: len(POSE_VIEWS)], pictures[len(POSE_VIEWS) :]
    camera = sheet_camera(portrait_camera(avatar.proportions))
    return Sheet(
        pose_views=premultiplied(np.stack(poses)),
        face_views=premultiplied(np.stack(faces)),
        points=_points(renderer, avatar, camera),
    )


def vertex_weights(avatar: Avatar) -> F32:
    """Return the avatar's skinning weights as a dense matrix, (vertices, len(BONES))."""
    dense = np.zeros((len(avatar.positions), len(BONES)), np.float32)
    rows = np.repeat(np.arange(len(avatar.positions)), avatar.joint_ids.shape[1])
    np.add.at(dense, (rows, avatar.joints.bone[avatar.joint_ids].ravel()), avatar.joint_weights.ravel())
    return dense


def _points(renderer: Renderer, avatar: Avatar, camera: F32) -> PointCloud:
    """Collect the surface points seen in the pose views and scans, thin them out, and say which view sees which."""
    weights = vertex_weights(avatar)
    found: list[tuple[F32, F32, F32, npt.NDArray[np.uint8]]] = []
    depths: list[F32] = []
    wide = camera / SCAN_SCALE
    wide[:, 2] += 0.5 * (1 - 1 / SCAN_SCALE)
    poses = [(vector, camera, POINTS_PX) for vector in pose_view_controls()]
    poses += [(controls.controls(values), wide, round(POINTS_PX * SCAN_SCALE)) for values in SCANS]
    for vector, shot, size in poses:
        triangle, barycentric = renderer.render_ids(avatar, vector, shot, size)
        picture = renderer.render(avatar, vector, shot, size, supersample=2)
        row, column = np.nonzero(triangle >= 0)
        hit, where = triangle[row, column], barycentric[row, column]
        positions = posed(avatar, vector).positions
        depth = np.full((size, size), -np.inf, np.float32)
        depth[row, column] = carried(positions[:, 2:], avatar.triangles, hit, where)[:, 0]
        depths.append(depth)
        corners = positions[avatar.triangles[hit]]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        normal *= np.where(normal[:, 2:] < 0, -1.0, 1.0)  # towards the viewer: both sides of cloth and hair draw
        point_weights = carried(weights, avatar.triangles, hit, where)
        bones = forward_kinematics(vector, avatar.proportions)
        blended = (point_weights @ bones[:, :3, :3].reshape(len(BONES), 9)).reshape(-1, 3, 3)
        rest_normal = np.einsum("nji,nj->ni", blended, normal).astype(np.float32)
        position = carried(avatar.positions, avatar.triangles, hit, where)
        found.append((position, rest_normal, point_weights, picture[row, column, :3]))
    position, normal, point_weights, colour = (np.concatenate(parts) for parts in zip(*found, strict=True))
    spacing = POINT_SPACING / float(portrait_camera(avatar.proportions)[0, 0])
    # Points of one place that look to opposite sides (cloth, hair) are kept apart.
    key = np.concatenate([np.floor(position / spacing), normal > 0.0], axis=1).astype(np.int32)
    _, keep = np.unique(key, axis=0, return_index=True)
    position, normal, point_weights, colour = position[keep], normal[keep], point_weights[keep], colour[keep]
    visible = [
        _seen(position, normal, point_weights, forward_kinematics(vector, avatar.proportions), camera, depth)
        for vector, depth in zip(pose_view_controls(), depths[: len(POSE_VIEWS)], strict=True)
    ]
    return PointCloud(
        position=position, normal=normal, weights=point_weights, colour=colour, visible=np.stack(visible, axis=1)
    )


def _seen(position: F32, normal: F32, weights: F32, bones: F32, camera: F32, depth: F32) -> npt.NDArray[np.uint8]:
    """Return how well a view shows each point, (N,): the cosine to the viewer if nothing lies before it, times 255."""
    blended = (weights @ bones[:, :3].reshape(len(BONES), 12)).reshape(-1, 3, 4)
    posed = np.einsum("nij,nj->ni", blended[:, :, :3], position) + blended[:, :, 3]
    facing = np.einsum("nj,nj->n", blended[:, 2, :3], normal)
    place = posed[:, :2] @ camera[:, :2].T + camera[:, 2]
    cell = np.floor(place * len(depth)).astype(int)
    inside = ((cell >= 0) & (cell < len(depth))).all(axis=1)
    cell = np.clip(cell, 0, len(depth) - 1)
    seen = inside & (posed[:, 2] > depth[cell[:, 1], cell[:, 0]] - DEPTH_TOLERANCE_M)
    return np.asarray(np.round(np.clip(facing, 0.0, 1.0) * seen * 255), np.uint8)
