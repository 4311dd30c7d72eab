"""Motion that tests make themselves: control vectors as performances."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.controls import FACE_NAMES, INDEX, ControlVector
from engines.motion.performance import Performance
from engines.motion.pose import ankles
from engines.skeleton import BONES, PARENT, bone_rotations

F64 = npt.NDArray[np.float64]


def world_rotations(vector: ControlVector) -> F64:
    """Return the bones' world rotations, (len(BONES), 3, 3), of a control vector."""
    local = bone_rotations(vector)
    world = np.zeros((len(BONES), 3, 3))
    for bone, parent in enumerate(PARENT):
        world[bone] = local[bone] if parent < 0 else world[parent] @ local[bone]
    return world


def performance_of(vectors: npt.NDArray[np.float32], fps: float = 30.0) -> Performance:
    """Return the performance of a figure that moves as the control vectors (T, len(SPEC)) say."""
    world = np.stack([world_rotations(vector) for vector in vectors])
    return Performance(
        name="fake",
        fps=fps,
        rotations={bone: world[:, index] for index, bone in enumerate(BONES) if not bone.endswith("_eye")},
        root_x=vectors[:, INDEX["root_x"]].astype(np.float64),
        ankles=ankles(vectors) + vectors[:, None, [INDEX["root_x"], INDEX["root_y"]]],
        face={name: vectors[:, INDEX[name]].astype(np.float64) for name in FACE_NAMES},
    )
