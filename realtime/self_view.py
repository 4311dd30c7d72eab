"""Which of the tracked points are worth drawing over the user's own picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from realtime.observation import PersonObservation

#: Every other point of MediaPipe's FACEMESH_FACE_OVAL, eyes, brows, irises and lips.
_FACE: tuple[int, ...] = (
    *(10, 297, 284, 389, 454, 361, 397, 379, 400, 152, 176, 150, 172, 132, 234, 162, 54, 67),  # oval
    *(263, 387, 386, 385, 362, 380, 374, 373, 33, 160, 159, 158, 133, 153, 145, 144),  # eyes
    *(336, 296, 334, 293, 300, 107, 66, 105, 63, 70),  # brows
    *(468, 473),  # irises
    *(61, 39, 0, 269, 291, 405, 17, 181, 78, 81, 13, 311, 308, 402, 14, 178),  # lips
)
#: Shoulders, elbows and wrists.
_BODY: tuple[int, ...] = (11, 12, 13, 14, 15, 16)
_VISIBLE = 0.5


def self_view_points(person: PersonObservation) -> npt.NDArray[np.float32]:
    """Return the points to draw, float32 (N, 2), normalised to the unmirrored picture, N <= 120."""
    parts: list[npt.NDArray[np.float32]] = [np.zeros((0, 2), np.float32)]
    if person.face is not None:
        parts.append(person.face[list(_FACE), :2])
    if person.pose is not None and person.pose_visibility is not None:
        body = person.pose[list(_BODY), :2]
        inside = ((body >= 0) & (body <= 1)).all(1)
        parts.append(body[inside & (person.pose_visibility[list(_BODY)] > _VISIBLE)])
    return np.concatenate(parts).astype(np.float32)
