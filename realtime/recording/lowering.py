"""From observations to the points that other estimators' formats hold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from realtime.observation import PersonObservation
from realtime.recording.face_68 import FACE_68, IRISES
from realtime.recording.keypoints import BODY_POINTS, F64, KeypointFrame, Keypoints
from realtime.recording.recording import Moment

#: MediaPipe's face and hand networks give no confidence for a point: they find a face or a hand, or none.
_FOUND = 1.0


def lowered(moment: Moment, image_size: tuple[int, int]) -> KeypointFrame:
    """Return a moment's people as points in the picture.

    Args:
        moment: what was seen.
        image_size: (width, height) in pixels, for a frame without people.
    """
    size = moment.people[0].image_size if moment.people else image_size
    return KeypointFrame(
        time_s=moment.time_s, people=tuple(_keypoints(person) for person in moment.people), image_size=size
    )


def _keypoints(person: PersonObservation) -> Keypoints:
    body = np.zeros((BODY_POINTS, 3))
    if person.pose is not None and person.pose_visibility is not None:
        body = _pixels(person.pose, person.image_size, person.pose_visibility)
    face = pupils = None
    if person.face is not None:
        face = _pixels(person.face[FACE_68], person.image_size)
        pupils = _pixels(person.face[list(IRISES)], person.image_size)
    return Keypoints(
        person_id=person.person_id,
        body=body,
        face=face,
        pupils=pupils,
        left_hand=None if person.left_hand is None else _pixels(person.left_hand, person.image_size),
        right_hand=None if person.right_hand is None else _pixels(person.right_hand, person.image_size),
    )


def _pixels(
    points: npt.NDArray[np.float32], size: tuple[int, int], confidence: npt.NDArray[np.float32] | None = None
) -> F64:
    """Return normalised points (N, 3) as x and y in pixels and a confidence, (N, 3)."""
    found = np.full(len(points), _FOUND) if confidence is None else confidence.astype(np.float64)
    return np.column_stack([points[:, :2].astype(np.float64) * size, found])
