"""A labelled picture of flat areas, for tests of what reads labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines import controls
from engines.framing import face_camera, portrait_camera
from engines.skeleton import BONES
from engines.studio.labels import FACE_LABEL_PX, LABEL_PX, LabelledPicture
from engines.studio.palette import PALETTE
from tests.fakes.figure import figure

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]


def labelled_picture(
    parts: U8 | None = None,
    picture: U8 | None = None,
    palette: F32 | None = None,
    flow: F32 | None = None,
    sequence: int = -1,
    frame: int = 0,
) -> LabelledPicture:
    """Return a portrait of the fake figure in its neutral pose.

    Args:
        parts: uint8, (LABEL_PX, LABEL_PX); None: nothing anywhere.
        picture: uint8, (H, H, 4); None: empty.
        palette: (len(PALETTE), 3); None: all absent.
        flow: (LABEL_PX, LABEL_PX, 2), seen everywhere; None: of no sequence.
        sequence: its number.
        frame: its number.
    """
    cells = (LABEL_PX, LABEL_PX)
    face = (FACE_LABEL_PX, FACE_LABEL_PX)
    return LabelledPicture(
        picture=np.zeros((*cells, 4), np.uint8) if picture is None else picture,
        controls=controls.controls(),
        character="flat",
        palette=np.full((len(PALETTE), 3), np.nan, np.float32) if palette is None else palette,
        framing="portrait",
        camera=portrait_camera(figure()),
        face_camera=face_camera(figure(), np.eye(4, dtype=np.float32)),
        joints=np.zeros((len(BONES), 3), np.float32),
        joints_visible=np.zeros(len(BONES), np.bool_),
        triangle=np.full(cells, -1, np.int32),
        barycentric=np.zeros((*cells, 2), np.float32),
        depth=np.full(cells, -np.inf, np.float32),
        parts=np.zeros(cells, np.uint8) if parts is None else parts,
        face_triangle=np.full(face, -1, np.int32),
        face_barycentric=np.zeros((*face, 2), np.float32),
        flow=flow,
        flow_visible=None if flow is None else np.ones(cells, np.bool_),
        sequence=sequence,
        frame=frame,
    )
