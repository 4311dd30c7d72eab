"""A character made of three balls, for tests of everything that draws one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.character import Character, CharacterCard
from engines.framing import portrait_camera
from engines.sheet import (
    FACE_VIEW_PX,
    FACE_VIEWS,
    POSE_VIEW_PX,
    PointCloud,
    Sheet,
    pose_view_controls,
    sheet_camera,
)
from engines.skeleton import BONE_INDEX, BONES, forward_kinematics
from tests.fakes.figure import figure

#: Bone, centre and radius in metres, and colour of each ball.
BALLS: tuple[tuple[str, tuple[float, float, float], float, tuple[int, int, int]], ...] = (
    ("head", (0.0, 1.47, 0.0), 0.13, (230, 180, 150)),
    ("chest", (0.0, 1.10, 0.0), 0.16, (60, 90, 200)),
    ("left_hand", (0.58, 1.28, 0.0), 0.07, (40, 200, 90)),
)


def ball_points(count: int = 2500) -> PointCloud:
    """Return points all over the balls, each bound to one bone and seen by every view that it faces."""
    rng = np.random.default_rng(0)
    positions, normals, weights, colours = [], [], [], []
    for bone, centre, radius, colour in BALLS:
        normal = rng.normal(size=(count, 3))
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        positions.append(np.array(centre) + radius * normal)
        normals.append(normal)
        weight = np.zeros((count, len(BONES)))
        weight[:, BONE_INDEX[bone]] = 1
        weights.append(weight)
        colours.append(np.tile(np.array(colour, np.uint8), (count, 1)))
    position = np.concatenate(positions).astype(np.float32)
    normal_all, weight_all = np.concatenate(normals).astype(np.float32), np.concatenate(weights).astype(np.float32)
    visible = np.stack(
        [
            np.einsum("nb,bj,nj->n", weight_all, forward_kinematics(vector, figure())[:, 2, :3], normal_all)
            for vector in pose_view_controls()
        ],
        axis=1,
    )
    return PointCloud(
        position=position,
        normal=normal_all,
        weights=weight_all,
        colour=np.concatenate(colours),
        visible=(np.clip(visible, 0, 1) * 255).astype(np.uint8),
    )


def ball_character(name: str = "balls", w_dim: int = 64) -> Character:
    """Return the character: its pose views show the balls, its face views one colour each."""
    camera = sheet_camera(portrait_camera(figure()))
    views = np.stack([draw_balls(vector, camera, POSE_VIEW_PX) for vector in pose_view_controls()])
    faces = np.zeros((len(FACE_VIEWS), FACE_VIEW_PX, FACE_VIEW_PX, 4), np.uint8)
    for index, face in enumerate(faces):
        face[:] = (20 * index, 200 - 10 * index, 120, 255)
    return Character(
        card=CharacterCard(name=name, title="Three balls", credit="nobody", licence="CC0"),
        proportions=figure(),
        sheet=Sheet(pose_views=views, face_views=faces, points=ball_points()),
        w=np.linspace(-1, 1, w_dim, dtype=np.float32),
    )


def draw_balls(vector: npt.NDArray[np.float32], camera: npt.NDArray[np.float32], size: int) -> npt.NDArray[np.uint8]:
    """Return the balls as a camera sees them, uint8 (size, size, 4), premultiplied RGBA."""
    bones = forward_kinematics(vector, figure())
    axis = (np.arange(size) + 0.5) / size
    picture = np.zeros((size, size, 4), np.uint8)
    depth = np.full((size, size), -np.inf)
    scale = float(camera[0, 0])
    for bone, centre, radius, colour in BALLS:
        matrix = bones[BONE_INDEX[bone]]
        place = matrix[:3, :3] @ centre + matrix[:3, 3]
        x, y = camera[:, :2] @ place[:2] + camera[:, 2]
        inside = (axis[None, :] - x) ** 2 + (axis[:, None] - y) ** 2 < (radius * scale) ** 2
        nearer = inside & (depth < place[2])
        depth[nearer] = place[2]
        picture[nearer] = (*colour, 255)
    return picture
