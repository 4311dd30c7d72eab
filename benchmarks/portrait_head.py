"""A head whose angles are known: a portrait, carried onto a solid face and drawn anew.

Any picture of a face from the front will do; NASA's portrait that scikit-image carries is there for everybody.  The
face's surface is the mean face of `realtime.retargeting.face_geometry` at its rigid points, and what the face
network saw of the portrait between them.  The rest of the head falls off behind the face; shoulders and background
stay where they are, so that a tracker finds a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.interpolate import RBFInterpolator
from scipy.spatial import Delaunay

from engines.skeleton import rotation_from_euler
from realtime.retargeting.face_geometry import DEPTH_GAIN, TEMPLATE_CM, TEMPLATE_POINTS, solve_head

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

SIZE = (640, 480)
#: Focal length over picture width of a webcam of 60 degrees horizontal field of view.
FOCAL = 0.87
#: So far away that the projection is orthographic.
FAR_CM = 1e5
#: Points of the face network's mesh; what follows are the irises.
MESH_POINTS = 468
#: Around the face, in centimetres: spacing of points, how far the head reaches, how steeply hair falls back, and how
#: deep the head's widest place lies.
_SPACING_CM, _REACH_CM, _FALL, _WIDEST_CM = 1.0, 8.0, 0.9, -9.0
#: Corners of the eyes; the middle between the outer ones is the head's origin.
_OUTER_CORNERS = (33, 263)
#: Over so many centimetres the head's border fades into the background.
_FADE_CM = 2.0
#: Inner border of the lips, around.
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
_UPPER_LIP = (191, 80, 81, 82, 13, 312, 311, 310, 415)
_LOWER_LIP = (95, 88, 178, 87, 14, 317, 402, 318, 324)
_LIP_LINE = (13, 14)
_APART_CM = 0.6
_MOUTH_RGB = (70, 25, 28)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Where the head is and how it stands.

    Args:
        yaw: degrees towards the line of sight, as the control.
        pitch: the same.
        roll: the same.
        scale_px: pixels per centimetre in the middle of the head.
        at: where the middle between the eyes is in the picture of 640 by 480, pixels.
        perspective: as a webcam of 60 degrees sees it; else orthographic.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    scale_px: float = 7.0
    at: tuple[float, float] = (320.0, 200.0)
    perspective: bool = True


class PortraitHead:
    """Draws the portrait's head at any angle.

    Args:
        portrait: uint8, (H, W, 3), RGB, a face from the front, for example `skimage.data.astronaut()`.
        face: float32, (478, 3), what the face network sees of it.
    """

    def __init__(self, portrait: U8, face: F32) -> None:
        height, width = portrait.shape[:2]
        solve = solve_head(face, (width, height))
        if solve is None:
            raise ValueError("portrait: got a face without a pose, expected one seen from the front")
        self._portrait = portrait
        self._scale_px = solve.scale_px
        pixels = face[:MESH_POINTS, :2].astype(np.float64) * [width, height]
        seen = solve.points[:MESH_POINTS] / [1.0, 1.0, DEPTH_GAIN]
        rigid = TEMPLATE_POINTS
        correct = RBFInterpolator(seen[rigid], TEMPLATE_CM - seen[rigid], kernel="thin_plate_spline")
        surface = seen + correct(seen)  # (468, 3), centimetres
        self._origin_px = pixels[list(_OUTER_CORNERS)].mean(0)
        around, around_px = _around(surface, pixels)
        #: Where each vertex is in head space, centimetres: the mesh's points, then those around.
        self.vertices: F64 = np.concatenate([surface, around])
        self._texture_px = np.concatenate([pixels, around_px])
        self._triangles = Delaunay(_apart(self.vertices[:, :2])).simplices
        inner = np.isin(self._triangles, INNER_LIPS).all(1)
        self._inside_mouth = inner
        oval = surface[cv2.convexHull(surface[:, :2].astype(np.float32), returnPoints=False)[:, 0], :2]
        distance = np.array(
            [cv2.pointPolygonTest(oval.astype(np.float32), tuple(map(float, at)), True) for at in self.vertices[:, :2]]
        )
        self._alpha = np.clip((_REACH_CM + distance - 0.5) / _FADE_CM, 0.0, 1.0)  # (V,)
        self._backdrop = _without_head(portrait, pixels)

    def render(self, view: View, moved: Mapping[int, tuple[float, float, float]] | None = None) -> U8:
        """Return the picture, uint8, (480, 640, 3), RGB.

        Args:
            view: where the head is.
            moved: how far points of the mesh are away from where they rest, centimetres in head space.
        """
        width, height = SIZE
        vertices = self.vertices.copy()
        for index, by in (moved or {}).items():
            vertices[index] += by
        opened = np.abs(vertices[13, 1] - vertices[14, 1]) > np.abs(self.vertices[13, 1] - self.vertices[14, 1]) + 0.15
        xy, depth = project(vertices, view)
        order = np.argsort(depth[self._triangles].mean(1))  # the farthest first
        shown = np.full((height, width), -1, np.int32)
        fixed = np.round(xy * 16).astype(np.int32)
        for triangle in order:
            cv2.fillConvexPoly(shown, fixed[self._triangles[triangle]], int(triangle), cv2.LINE_8, 4)
        rows, columns = np.nonzero(shown >= 0)
        corners = self._triangles[shown[rows, columns]]  # (N, 3)
        weights = _barycentric(np.stack([columns, rows], 1), xy[corners])
        texture = (self._texture_px[corners] * weights[..., None]).sum(1).astype(np.float32)
        places = np.zeros((height, width, 2), np.float32)
        places[rows, columns] = texture
        # Pixel centres of the portrait are at whole numbers for OpenCV, at halves for the face network.
        pixels = cv2.remap(self._portrait, places - np.float32(0.5), None, cv2.INTER_LINEAR)
        colours = pixels[rows, columns].astype(np.float64)
        if opened:
            colours[self._inside_mouth[shown[rows, columns]]] = _MOUTH_RGB
        alpha = (self._alpha[corners] * weights).sum(1)[:, None]
        picture = self._behind(view).astype(np.float64)
        picture[rows, columns] = picture[rows, columns] * (1 - alpha) + colours * alpha
        return np.clip(np.round(picture), 0, 255).astype(np.uint8)

    def _behind(self, view: View) -> U8:
        scale = view.scale_px / self._scale_px
        shift = np.array(view.at) - self._origin_px * scale
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        return np.asarray(cv2.warpAffine(self._backdrop, matrix, SIZE, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def project(points: F64, view: View) -> tuple[F64, F64]:
    """Return where points of head space are in the picture, (N, 2) pixels, and how near, (N,) centimetres."""
    width, height = SIZE
    focal = FOCAL * width
    distance = focal / view.scale_px if view.perspective else FAR_CM
    turn = np.asarray(rotation_from_euler(view.yaw, view.pitch, view.roll), np.float64)
    if not view.perspective:
        turned = points @ turn.T
        return np.asarray(np.array(view.at) + turned[:, :2] * [view.scale_px, -view.scale_px]), turned[:, 2]
    offset = (np.array(view.at) - [width / 2, height / 2]) * [1, -1] / focal  # right and up, in units of the depth
    towards = -np.array([*offset, -1.0]) / np.linalg.norm([*offset, -1.0])  # from the head to the camera
    to_camera_yaw = float(np.degrees(np.arctan2(towards[0], towards[2])))
    to_camera_pitch = -float(np.degrees(np.arcsin(towards[1])))
    sight = np.asarray(rotation_from_euler(to_camera_yaw, to_camera_pitch, 0.0), np.float64)
    turned = points @ (sight @ turn).T + np.array([*(offset * distance), -distance])
    xy = np.array([width / 2, height / 2]) + focal * turned[:, :2] * [1, -1] / -turned[:, 2:]
    return np.asarray(xy), -np.linalg.norm(turned, axis=1)


def _apart(places: F64) -> F64:
    """Return vertices, (V, 2), with lips opened, so that there is something between them to draw as the mouth."""
    apart = places.copy()
    line = places[list(_LIP_LINE), 1].mean()
    below = places[:, 1] < line
    below[list(_UPPER_LIP)] = False
    below[list(_LOWER_LIP)] = True
    apart[below, 1] -= _APART_CM
    return apart


def _around(surface: F64, pixels: F64) -> tuple[F64, F64]:
    """Return points around the face in head space and where they are in the portrait."""
    hull = cv2.convexHull(surface[:, :2].astype(np.float32), returnPoints=False)[:, 0]
    oval = surface[hull]
    low, high = oval[:, :2].min(0) - _REACH_CM, oval[:, :2].max(0) + _REACH_CM
    grid = np.stack(np.meshgrid(*(np.arange(a, b, _SPACING_CM) for a, b in zip(low, high, strict=True))), -1)
    places = grid.reshape(-1, 2)
    distance = -np.array(
        [
            cv2.pointPolygonTest(oval[:, :2].astype(np.float32), (float(x), float(y)), measureDist=True)
            for x, y in places
        ]
    )
    keep = (distance > 0.5 * _SPACING_CM) & (distance < _REACH_CM)
    places, distance = places[keep], distance[keep]
    nearest = np.argmin(np.linalg.norm(places[:, None] - oval[None, :, :2], axis=2), axis=1)
    depth = np.maximum(oval[nearest, 2] - _FALL * distance, np.minimum(oval[nearest, 2], _WIDEST_CM))
    points = np.concatenate([places, depth[:, None]], 1)
    # From head space to the portrait: the affine map that fits the face best.
    known = np.concatenate([surface, np.ones((len(surface), 1))], 1)
    affine, *_ = np.linalg.lstsq(known, pixels, rcond=None)
    # What that map leaves over at the face's border fades out, so that nothing tears there.
    left_over = (pixels - known @ affine)[hull[nearest]] * np.exp(-distance / _FADE_CM)[:, None]
    return points, np.concatenate([points, np.ones((len(points), 1))], 1) @ affine + left_over


def _without_head(portrait: U8, pixels: F64) -> U8:
    """Return the portrait with its head blurred away."""
    low, size = pixels.min(0), np.ptp(pixels, axis=0)
    middle = low + size * [0.5, 0.3]
    mask = np.zeros(portrait.shape[:2], np.uint8)
    cv2.ellipse(mask, (middle.tolist(), (2.0 * size * [1.0, 0.95]).tolist(), 0.0), 255, -1)
    small = cv2.resize(portrait, (64, 64), interpolation=cv2.INTER_AREA)
    filled = cv2.inpaint(small, cv2.resize(mask, (64, 64)), 3, cv2.INPAINT_TELEA)
    smooth = cv2.resize(filled, portrait.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    weight = cv2.GaussianBlur(mask, (0, 0), 6)[..., None] / 255.0
    return np.asarray(np.round(portrait * (1 - weight) + smooth * weight), np.uint8)


def _barycentric(at: npt.NDArray[np.int64], corners: F64) -> F64:
    """Return the weights, (N, 3), of triangles' corners, (N, 3, 2), at places, (N, 2)."""
    first, second, third = (_cross(corners[:, i] - at, corners[:, j] - at) for i, j in ((1, 2), (2, 0), (0, 1)))
    weights = np.abs(np.stack([first, second, third], 1))  # a centre a little outside counts as on the border
    return np.asarray(weights / np.maximum(weights.sum(1, keepdims=True), 1e-9))


def _cross(a: F64, b: F64) -> F64:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
