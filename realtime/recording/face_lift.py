"""From 68 points in a picture to the 478 points in space that the retargeting reads.

The mean face is turned, scaled and moved until its rigid points lie on those of the picture.  What is left over between
the two is this person's face and its expression: each of the 68 points moves by it, and the others move with their
neighbours, as a thin plate would bend.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.skeleton import rotation_from_vector
from realtime.recording.face_68 import EYES_68, FACE_68, FIXED_68, IRISES, RIGID_68
from realtime.recording.mean_face import MEAN_FACE_CM
from realtime.retargeting.face_geometry import DEPTH_GAIN

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Below this confidence a point counts as not seen.  Source: OpenPose's own rendering threshold for faces is 0.4; its
#: points between 0.1 and 0.4 are mostly right.
SEEN = 0.2
#: Without this many rigid points of the thirteen there is no telling where a face points.
_MIN_RIGID = 7
_STEPS = 10
#: Turns of more than this in one step leave the range in which the picture is nearly linear, radians.
_MAX_TURN = 0.5
_DAMPING = 1e-6
#: How readily a point gives way along x, y and z of the head: faces differ and move within their own plane.
_GIVE: F64 = np.array([1.0, 1.0, 0.1])
_GIVE_FLOOR = 0.02
#: The picture's noise, as a share of the plate's stiffness: points are met, but not at any price.
_PLATE_SOFTNESS = 1e-3
_IRIS_RINGS = (slice(468, 473), slice(473, 478))


@dataclass(frozen=True, slots=True, kw_only=True)
class FacePose:
    """How a face stands in the picture.

    Args:
        rotation: float64 (3, 3), from head space to picture space (+X right, +Y up, +Z to the camera).
        scale_px: pixels per centimetre.
        origin_px: float64 (2,), where the middle between the outer eye corners lies, y up.
    """

    rotation: F64
    scale_px: float
    origin_px: F64


def lift_face(points_px: F64, confidence: F64, pupils_px: F64 | None, image_size: tuple[int, int]) -> F32 | None:
    """Return the face of 68 points in MediaPipe's order, or None where too little of it is seen.

    Args:
        points_px: float64 (68, 2), pixels, y down.
        confidence: float64 (68,), 0..1.
        pupils_px: float64 (2, 2), right and left, NaN where not seen; None where the estimator has none: the eyes
            then look straight ahead.
        image_size: (width, height) in pixels.

    Returns:
        float32 (478, 3), normalised to the picture, z in units of x, as a tracker's.
    """
    picture = points_px * [1, -1]
    seen = confidence > SEEN
    pose = fit_face(picture, seen)
    if pose is None:
        return None
    points = MEAN_FACE_CM.copy()
    used = FIXED_68[seen[FIXED_68]]
    plate = _Plate(MEAN_FACE_CM[FACE_68[used]])
    offsets = np.zeros((len(used), 3))
    for _ in range(2):  # the second time, depth that the first gave has moved what is seen
        offsets += _offsets(points[FACE_68[used]], picture[used], pose)
        points = MEAN_FACE_CM + plate(offsets, MEAN_FACE_CM)
    _place_irises(points, pupils_px, pose)
    return _in_picture(points, pose, image_size)


def fit_face(picture: F64, seen: Bools) -> FacePose | None:
    """Return the scaled orthographic view of the mean face that shows its rigid points where the picture does.

    Gauss-Newton on turn, scale and place, from the turn that the line of the eyes shows.

    Args:
        picture: float64 (68, 2), pixels, y up.
        seen: bool (68,).
    """
    index = np.array([point for point in RIGID_68 if seen[point]], np.intp)
    if len(index) < _MIN_RIGID:
        return None
    model, target = MEAN_FACE_CM[FACE_68[index]], picture[index]  # (n, 3), (n, 2)
    rotation, scale = _first_guess(picture, seen, model, target)
    if scale <= 0:
        return None
    origin = target.mean(0) - scale * (model @ rotation.T)[:, :2].mean(0)
    for _ in range(_STEPS):
        turned = model @ rotation.T  # (n, 3)
        missed = (target - scale * turned[:, :2] - origin).reshape(-1)
        jacobian = np.zeros((len(index), 2, 6))
        # The cross product of the turn's vector with each point.
        jacobian[:, 0, 1], jacobian[:, 0, 2] = scale * turned[:, 2], -scale * turned[:, 1]
        jacobian[:, 1, 0], jacobian[:, 1, 2] = -scale * turned[:, 2], scale * turned[:, 0]
        jacobian[:, :, 3] = scale * turned[:, :2]
        jacobian[:, 0, 4] = jacobian[:, 1, 5] = 1.0
        flat = jacobian.reshape(-1, 6)
        normal = flat.T @ flat
        step = np.linalg.solve(normal + _DAMPING * np.diag(np.diag(normal) + 1e-12), flat.T @ missed)
        turn = step[:3] * min(1.0, _MAX_TURN / max(float(np.linalg.norm(step[:3])), 1e-9))
        rotation = np.asarray(rotation_from_vector(np.degrees(turn)), np.float64) @ rotation
        scale *= float(np.exp(np.clip(step[3], -0.3, 0.3)))
        origin = origin + step[4:]
    if not (np.isfinite(rotation).all() and np.isfinite(scale) and rotation[2, 2] > 0):
        return None
    return FacePose(rotation=rotation, scale_px=scale, origin_px=origin)


def _first_guess(picture: F64, seen: Bools, model: F64, target: F64) -> tuple[F64, float]:
    """Return a rotation about the line of sight and a scale."""
    eyes = [picture[eye][seen[eye]] for eye in EYES_68]
    roll = 0.0
    if all(len(eye) for eye in eyes):
        across = eyes[1].mean(0) - eyes[0].mean(0)
        roll = float(np.arctan2(across[1], across[0]))
    sine, cosine = np.sin(roll), np.cos(roll)
    rotation = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    spread = np.linalg.norm(model[:, :2] - model[:, :2].mean(0))
    return rotation, float(np.linalg.norm(target - target.mean(0)) / spread)


def _offsets(points: F64, picture: F64, pose: FacePose) -> F64:
    """Return by how much points in head space have to move, (n, 3), to be seen where the picture has them."""
    projection = pose.rotation[:2] * pose.scale_px  # (2, 3)
    missed = picture - points @ projection.T - pose.origin_px
    give = projection * _GIVE  # (2, 3)
    stiff = give @ projection.T + _GIVE_FLOOR * pose.scale_px**2 * np.eye(2)
    return np.asarray(missed @ np.linalg.solve(stiff, give), np.float64)


def _place_irises(points: F64, pupils_px: F64 | None, pose: FacePose) -> None:
    """Put each iris where its pupil is seen, else in the middle of its eye."""
    for side, (iris, ring, eye) in enumerate(zip(IRISES, _IRIS_RINGS, EYES_68, strict=True)):
        corners = points[FACE_68[[eye.start, eye.start + 3]]]
        rest = MEAN_FACE_CM[FACE_68[[eye.start, eye.start + 3]]]
        place = points[iris] + (corners - rest).mean(0) - (points[iris] - MEAN_FACE_CM[iris])
        pupil = None if pupils_px is None else pupils_px[side] * [1, -1]
        if pupil is not None and np.isfinite(pupil).all():
            place = place + _offsets(place[None], pupil[None], pose)[0]
        points[ring] = MEAN_FACE_CM[ring] - MEAN_FACE_CM[iris] + place


def _in_picture(points: F64, pose: FacePose, image_size: tuple[int, int]) -> F32:
    width, height = image_size
    turned = points @ pose.rotation.T * pose.scale_px + [*pose.origin_px, 0.0]  # pixels, y up, z to the camera
    # The face network understates depth, and the retargeting makes up for it.
    return np.asarray(turned * [1, -1, -1 / DEPTH_GAIN] / [width, height, width], np.float32)


class _Plate:
    """A thin-plate spline in space: carries offsets of some points to all others.

    Source: Wahba, "Spline Models for Observational Data", 1990, section 2.4; in three dimensions the kernel is the
    distance itself.

    Args:
        anchors: float64 (n, 3), the points whose offsets are known.
    """

    def __init__(self, anchors: F64) -> None:
        count = len(anchors)
        system = np.zeros((count + 4, count + 4))
        distance = np.linalg.norm(anchors[:, None] - anchors[None], axis=2)
        system[:count, :count] = -distance - _PLATE_SOFTNESS * distance.mean() * np.eye(count)
        system[:count, count:] = _affine(anchors)
        system[count:, :count] = _affine(anchors).T
        self._anchors = anchors
        self._solve = np.linalg.pinv(system)[:, :count]  # (n + 4, n)

    def __call__(self, offsets: F64, points: F64) -> F64:
        """Return the offsets of points, (m, 3), from those of the anchors, (n, 3)."""
        weights = self._solve @ offsets
        distance = np.linalg.norm(points[:, None] - self._anchors[None], axis=2)
        return np.asarray(-distance @ weights[:-4] + _affine(points) @ weights[-4:], np.float64)


def _affine(points: F64) -> F64:
    return np.concatenate([np.ones((len(points), 1)), points], axis=1)
