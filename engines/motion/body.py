"""The body that clips are fitted to: the mean proportions of our avatars, in hip heights.

Source: mean over the rest poses of the eight training avatars, left and right averaged; the standard deviation is
0.05 at the hip joints and below 0.02 elsewhere.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

#: From the hips to the left hip joint, from there to the knee, from there to the ankle.
HIP: F64 = np.array([0.086, -0.015, 0.004])
THIGH: F64 = np.array([-0.011, -0.403, -0.003])
SHIN: F64 = np.array([-0.005, -0.450, -0.030])
#: The height of the ankle above the ground.
ANKLE = 0.132
#: The length of a stretched leg: what scales a source's lengths.
LEG = float(np.linalg.norm(THIGH) + np.linalg.norm(SHIN))
