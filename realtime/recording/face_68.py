"""The 68 face points that most estimators use, in the order of MediaPipe's face mesh.

Both orders are the subject's right to left: 0 to 16 the jaw, 17 to 26 the brows, 27 to 35 the nose, 36 to 47 the eyes
from the right one's outer corner, 48 to 59 the outer and 60 to 67 the inner lips.

Sources: Sagonas et al., "300 Faces in-the-Wild Challenge", ICCVW 2013, figure 1, which OpenPose's face output (its
points 68 and 69 are the right and left pupil) and COCO-WholeBody (Jin et al., ECCV 2020, figure 2) follow; MediaPipe's
numbers by `face_mesh_connections.py` and the canonical face's picture, `canonical_face_model_uv_visualization.png`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FACE_68: npt.NDArray[np.intp] = np.array(
    [
        *(127, 234, 93, 132, 172, 136, 149, 148, 152, 377, 378, 365, 397, 361, 323, 454, 356),  # jaw
        *(70, 63, 105, 66, 107),  # right brow, outer to inner
        *(336, 296, 334, 293, 300),  # left brow, inner to outer
        *(168, 197, 5, 4),  # bridge to tip
        *(75, 97, 2, 326, 305),  # under the nose, right to left
        *(33, 160, 158, 133, 153, 144),  # right eye: outer corner, upper lid, inner corner, lower lid
        *(362, 385, 387, 263, 373, 380),  # left eye: inner corner, upper lid, outer corner, lower lid
        *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),  # outer lips from the right corner over the upper lip
        *(78, 82, 13, 312, 308, 317, 14, 87),  # inner lips, the same way
    ],
    np.intp,
)
#: Right and left iris, as OpenPose's pupils 68 and 69.
IRISES: tuple[int, int] = (468, 473)
#: Corners and lids of the right and of the left eye, of the 68.
EYES_68: tuple[slice, slice] = (slice(36, 42), slice(42, 48))
#: Points that move with the skull only: bridge and underside of the nose, corners of the eyes.
RIGID_68: tuple[int, ...] = (*range(27, 36), 36, 39, 42, 45)
#: Points that lie on the same spot of skin whichever way the head turns.  Estimators slide the jaw's sides along the
#: outline of what they see.
FIXED_68: npt.NDArray[np.intp] = np.array([*range(6, 11), *range(17, 68)], np.intp)
#: Mouth corners, right and left, of the outer lips.
MOUTH_CORNERS_68: tuple[int, int] = (48, 54)
