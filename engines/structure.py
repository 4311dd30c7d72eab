"""The geometric base: from controls and a character's points to structure maps and flow, in plain numpy.

The character's surface points are posed by linear blend skinning, drawn into a coarse depth buffer, and each
cell of the picture then knows which surface point it shows.  Because that point's place in every key view is
known beforehand, the flow from the picture into every view follows exactly (up to the cell's own size), and
the network has only to correct it: expressions, hair, cloth, gaps, and which view to believe.

The idea that structure should be computed where it can be, and learned where it cannot, is that of
"Collaborative Neural Rendering using Anime Character Sheets" (Lin et al., IJCAI 2023, ultra-dense pose).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy import sparse

from engines import affine
from engines.framing import face_camera, portrait_camera
from engines.sheet import POSE_VIEWS, SHEET_SCALE, Sheet, pose_view_controls, sheet_camera
from engines.skeleton import BONE_INDEX, BONES, Proportions, forward_kinematics

F32 = npt.NDArray[np.float32]

#: Cells per side of the flow grid over the picture and of the inputs to the face branch.
GRID = 128
FACE_GRID = 64
#: A point whose surface is turned further away than this is not drawn (cosine to the viewer).
BACK_FACE_COSINE = -0.05
#: Surfaces are taken to be no steeper than this when the point's plane is followed to the cell's centre.
MIN_PLANE_COSINE = 0.4
#: Distances to the nearest drawn cell are given to the network up to this many cells.
MAX_DISTANCE_CELLS = 16.0

_PARTS: tuple[tuple[str, ...], ...] = (
    ("head", "left_eye", "right_eye"),
    ("hips", "spine", "chest", "neck", "left_shoulder", "right_shoulder"),
    ("left_upper_arm", "left_lower_arm"),
    ("right_upper_arm", "right_lower_arm"),
    ("left_hand", "right_hand", *(bone for bone in BONES if bone.endswith(("_proximal", "_intermediate", "_distal")))),
)
#: Channels of the body's structure maps: coverage, distance, depth, facing, colour, parts, seen in each view,
#: and the colour and alpha that each view shows there.
BODY_CHANNELS = 4 + 3 + len(_PARTS) + 5 * len(POSE_VIEWS)
#: Channels of the face's structure maps: head, coverage, and the parallax of the base flow in x and y.
FACE_CHANNELS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """What geometry says about one picture.

    Args:
        body: float32, (BODY_CHANNELS, GRID, GRID), about -1..1: inputs of the body branch.
        base: float32, (V, GRID, GRID, 2): x and y in 0..1 of each pose view, for each cell's centre.
        face: float32, (FACE_CHANNELS, FACE_GRID, FACE_GRID): inputs of the face branch.
        face_base: float32, (FACE_GRID, FACE_GRID, 2): x and y in 0..1 of the face views.
        face_camera: float32, (2, 3): world to face frame, both 0..1.
        picture_to_face: float32, (2, 3): picture coordinates to face frame coordinates, both 0..1.
    """

    body: F32
    base: F32
    face: F32
    face_base: F32
    face_camera: F32
    picture_to_face: F32


def _centres(size: int) -> F32:
    """Return cell centres in 0..1, (size, size, 2), x first."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size
    return np.stack(np.meshgrid(axis, axis), axis=-1)


class CharacterGeometry:
    """One character's points, prepared so that a pose costs a few milliseconds.

    Per point and view it keeps where the view shows the point and how that place moves with the point
    (a 2 x 3 matrix), so that no view is posed again at run time.
    """

    def __init__(self, proportions: Proportions, sheet: Sheet) -> None:
        points = sheet.points
        self.proportions = proportions
        self.camera = portrait_camera(proportions)
        homogeneous = np.concatenate([points.position, np.ones((len(points.position), 1), np.float32)], axis=1)
        self._posing = _skinning_matrix(points.weights, homogeneous)
        self._facing = _skinning_matrix(points.weights, points.normal)
        self._normal = points.normal
        self._main_bone = points.weights.argmax(axis=1)
        wide = sheet_camera(self.camera)
        places, slopes = [], []
        for vector in pose_view_controls():
            skinning = forward_kinematics(vector, proportions)[:, :3]
            posed = self._posing @ skinning.transpose(0, 2, 1).reshape(-1, 3)
            places.append(posed[:, :2] @ wide[:, :2].T + wide[:, 2])
            blended = (points.weights @ skinning[:, :2, :3].reshape(len(BONES), 6)).reshape(-1, 2, 3)
            slopes.append(np.einsum("ij,njk->nik", wide[:, :2], blended))
        rest_face = face_camera(proportions, np.eye(4, dtype=np.float32))
        places.append(points.position[:, :2] @ rest_face[:, :2].T + rest_face[:, 2])
        flat = np.concatenate([rest_face[:, :2], np.zeros((2, 1), np.float32)], axis=1)
        slopes.append(np.tile(flat, (len(points.position), 1, 1)))
        views = len(POSE_VIEWS) + 1  # the last is the face frame
        place = np.stack(places, axis=1)[..., None]  # (N, V + 1, 2, 1)
        moving = np.concatenate([place, np.stack(slopes, axis=1)], axis=-1)  # (N, V + 1, 2, 4)
        #: (N, 4, 2 V + 2): where each view shows the point, and how that moves with the point's x, y and z.
        self._places = np.ascontiguousarray(moving.reshape(len(place), 2 * views, 4).transpose(0, 2, 1), np.float32)
        parts = np.zeros((len(BONES), len(_PARTS)), np.float32)
        for part, bones in enumerate(_PARTS):
            for bone in bones:
                parts[BONE_INDEX[bone], part] = 1.0
        self._features = np.concatenate(
            [points.colour / np.float32(127.5) - 1, points.weights @ parts, points.visible / np.float32(255)], axis=1
        )
        self._small_px = round(GRID * SHEET_SCALE)  # GRID cells per picture
        self._small_views = np.stack(
            [cv2.resize(view, (self._small_px,) * 2, interpolation=cv2.INTER_AREA) for view in sheet.pose_views]
        )
        to_world = affine.inverse(self.camera)
        self._cell_places = affine.apply(to_world, _CELLS).reshape(-1, 2)
        neck, top = float(proportions.joints[BONE_INDEX["neck"], 1]), proportions.head_top
        self._depth_scale = 1.0 / max(top - neck, 1e-3)
        self._depth_origin = float(proportions.joints[BONE_INDEX["chest"], 2])

    def structure(self, vector: npt.NDArray[np.float32]) -> Structure:
        """Return the structure maps and the base flow for a control vector."""
        bones = forward_kinematics(vector, self.proportions)
        posed = self._posing @ bones[:, :3].transpose(0, 2, 1).reshape(-1, 3)  # (N, 3)
        facing = self._facing @ np.ascontiguousarray(bones[:, 2, :3]).reshape(-1)
        picture = posed[:, :2] @ self.camera[:, :2].T + self.camera[:, 2]
        winner, distance = self._draw(picture, posed[:, 2], facing)

        # Where the cell's centre is in the rest pose: on the plane through the point that the cell shows, at
        # right angles to the point's normal.  That is near enough to turn back by the point's main bone alone.
        shown = winner.ravel()
        offset = self._cell_places - posed[shown, :2]
        turned = bones[:, :3, :3][self._main_bone[shown]]  # (cells, 3, 3)
        normal = np.einsum("nij,nj->ni", turned, self._normal[shown])
        slope = normal[:, :2] / np.maximum(normal[:, 2:], MIN_PLANE_COSINE)
        depth = -(slope * offset).sum(axis=1) * (distance.ravel() < 1.5)
        shift = offset[:, :1] * turned[:, 0] + offset[:, 1:] * turned[:, 1] + depth[:, None] * turned[:, 2]
        step = np.concatenate([_ONE, shift], axis=1)  # (cells, 4)
        flow = np.einsum("nk,nkv->nv", step, np.take(self._places, shown, axis=0))
        base = np.ascontiguousarray(flow.reshape(GRID, GRID, len(POSE_VIEWS) + 1, 2).transpose(2, 0, 1, 3))

        body = np.empty((BODY_CHANNELS, GRID, GRID), np.float32)
        body[0] = distance == 0
        body[1] = np.minimum(distance, MAX_DISTANCE_CELLS) / MAX_DISTANCE_CELLS
        body[2] = ((posed[shown, 2] - self._depth_origin) * self._depth_scale).reshape(GRID, GRID)
        body[3] = facing[shown].reshape(GRID, GRID)
        features = cv2.blur(self._features[shown].reshape(GRID, GRID, -1), (3, 3))
        first = 4 + features.shape[-1]
        body[4:first] = features.transpose(2, 0, 1)
        for view in range(len(POSE_VIEWS)):
            pixels = base[view] * self._small_px - 0.5
            seen = cv2.remap(self._small_views[view], pixels, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
            body[first + 4 * view : first + 4 * view + 4] = seen.transpose(2, 0, 1)
        body[first:] *= 1 / 255
        return self._with_face(bones, body, base)

    def _draw(self, picture: F32, depth: F32, facing: F32) -> tuple[npt.NDArray[np.int64], F32]:
        """Return, per cell, the nearest point (or that of the nearest drawn cell) and the distance to it."""
        column = np.floor(picture[:, 0] * GRID - 0.5).astype(np.int32)
        row = np.floor(picture[:, 1] * GRID - 0.5).astype(np.int32)
        inside = (column >= -1) & (column < GRID) & (row >= -1) & (row < GRID) & (facing > BACK_FACE_COSINE)
        index = np.flatnonzero(inside)
        key = np.clip((depth[index] + 2.0) * 12000.0, 0, 65535).astype(np.uint16)
        index = index[np.argsort(key, kind="stable")]  # radix sort: far to near, the nearest written last
        drawn = np.full((GRID + 2, GRID + 2), -1, np.int64)  # one cell of border instead of clipping
        r, c = row[index] + 1, column[index] + 1
        for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
            # Four writes, not interleaved: a farther point may win a neighbour's corner, never its own cell.
            layer = np.full_like(drawn, -1)
            layer[r + down, c + right] = index
            better = (layer >= 0) & ((drawn < 0) | (depth[layer] > depth[drawn]))
            drawn[better] = layer[better]
        drawn = drawn[1:-1, 1:-1]
        empty = (drawn < 0).astype(np.uint8)
        if empty.all():
            return np.zeros((GRID, GRID), np.int64), np.full((GRID, GRID), MAX_DISTANCE_CELLS, np.float32)
        distance, labels = cv2.distanceTransformWithLabels(empty, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
        winner_of_label = np.zeros(int(labels.max()) + 1, np.int64)
        filled = empty == 0
        winner_of_label[labels[filled]] = drawn[filled]
        return winner_of_label[labels], distance.astype(np.float32)

    def _with_face(self, bones: F32, body: F32, base: F32) -> Structure:
        """Add the face frame: what the body's maps say there, and the base flow into the face views."""
        camera = face_camera(self.proportions, bones[BONE_INDEX["head"]])
        to_picture = affine.compose(self.camera, affine.inverse(camera))
        pixels = affine.apply(to_picture, _FACE_CELLS) * np.float32(GRID) - np.float32(0.5)
        layers = np.dstack([body[7], body[0], base[-1]])
        seen = cv2.remap(layers, pixels, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        face_base = np.ascontiguousarray(seen[..., 2:])
        face = np.empty((FACE_CHANNELS, FACE_GRID, FACE_GRID), np.float32)
        face[:2] = seen[..., :2].transpose(2, 0, 1)
        # Where no head is drawn the base is meaningless; there the frame itself is the best guess.
        near = np.clip(1.5 - np.abs(face_base - _FACE_CELLS).max(axis=-1, keepdims=True) * 5.0, 0.0, 1.0)
        face_base = _FACE_CELLS + (face_base - _FACE_CELLS) * near
        face[2:] = (face_base - _FACE_CELLS).transpose(2, 0, 1) * 8.0
        return Structure(
            body=body,
            base=base[:-1],
            face=face,
            face_base=face_base.astype(np.float32),
            face_camera=camera,
            picture_to_face=affine.inverse(to_picture),
        )


_CELLS = _centres(GRID)
_ONE = np.ones((GRID * GRID, 1), np.float32)
_FACE_CELLS = _centres(FACE_GRID)


def _skinning_matrix(weights: F32, vectors: F32) -> sparse.csr_matrix:
    """Return the matrix (N, len(BONES) * D) that, times bone matrices' columns, skins N vectors (N, D)."""
    outer = weights[:, :, None] * vectors[:, None, :]
    return sparse.csr_matrix(outer.reshape(len(weights), -1))
