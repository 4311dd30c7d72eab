"""Where face, eyes, mouth, hair, hands and clothes are in a render: the regions that figures are taken over.

Regions follow the render, not the generated picture: what is drawn where nothing should be counts in the whole.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from engines import affine
from engines.framing import between, face_camera
from engines.skeleton import BONE_INDEX, Proportions
from engines.studio.labels import LABEL_PX, LabelledPicture
from engines.studio.part_names import Part

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

REGIONS = ("whole", "face", "eyes", "mouth", "hair", "hands", "clothes")
#: A region of fewer cells of LABEL_PX x LABEL_PX says nothing.
LEAST_CELLS = 24
#: Half width and half height of the ellipses around eyes and mouth, in parts of the face frame, in which the eyes are
#: 0.37 apart.  Wide enough for lashes and an open mouth of the avatars at hand.
_EYE_EXTENT = (0.17, 0.15)
_MOUTH_EXTENT = (0.16, 0.13)
_ON_FACE = (Part.FACE_SKIN, Part.EYE_WHITE, Part.IRIS, Part.HIGHLIGHT, Part.LASHES, Part.BROWS, Part.MOUTH)
#: A hand without parts of its own (gloves are clothes) is a disc of this many lengths of the palm about its middle.
_PALMS = 1.3
_ONE_CELL = np.ones((3, 3), np.uint8)


def regions(sample: LabelledPicture, proportions: Proportions) -> dict[str, Bools]:
    """Return the regions that a render shows, bool (LABEL_PX, LABEL_PX) each; what it does not show is absent.

    Args:
        sample: the render with its labels.
        proportions: its character's.
    """
    to_face = between(sample.camera, sample.face_camera)
    frame = np.zeros((LABEL_PX, LABEL_PX), np.bool_)
    frame[affine.box_of_unit_square(to_face, LABEL_PX)] = True
    on_face = _widened(np.isin(sample.parts, _ON_FACE))
    eyes, mouth = _face_ellipses(to_face, proportions)
    found = {
        "face": frame,
        "eyes": eyes & on_face,
        "mouth": mouth & on_face,
        # Outlines are nothing in the parts, so what has an outline is a cell wider.
        "hair": _widened(sample.parts == Part.HAIR),
        "hands": _widened(sample.parts == Part.HANDS) | _hidden_hands(sample),
        "clothes": _widened(np.isin(sample.parts, (Part.CLOTHES, Part.ACCESSORIES))),
    }
    return {name: mask for name, mask in found.items() if mask.sum() >= LEAST_CELLS}


def scaled(mask: Bools, size: int) -> Bools:
    """Return a region for pictures of another size, bool (size, size)."""
    if len(mask) == size:
        return mask
    return np.asarray(cv2.resize(mask.astype(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST), np.bool_)


def face_places(sample: LabelledPicture) -> F32:
    """Return where each cell of the picture is in the face frame, float32 (LABEL_PX, LABEL_PX, 2), 0..1 inside."""
    return affine.apply(between(sample.camera, sample.face_camera), _CELLS)


def _face_ellipses(to_face: F32, proportions: Proportions) -> tuple[Bools, Bools]:
    """Return eyes and mouth, whatever is before them."""
    rest = face_camera(proportions, np.eye(4, dtype=np.float32))
    cells = affine.apply(to_face, _CELLS)

    def around(place: F32, extent: tuple[float, float]) -> Bools:
        away = (cells - affine.apply(rest, place[:2])) / np.array(extent, np.float32)
        return np.asarray(np.square(away).sum(axis=-1) < 1)

    eyes = around(proportions.left_eye, _EYE_EXTENT) | around(proportions.right_eye, _EYE_EXTENT)
    return np.asarray(eyes), around(proportions.mouth, _MOUTH_EXTENT)


def _hidden_hands(sample: LabelledPicture) -> Bools:
    """Return discs about visible hands that have no part of their own there."""
    found = np.zeros(sample.parts.shape, np.bool_)
    for side in ("left", "right"):
        wrist, knuckle = BONE_INDEX[f"{side}_hand"], BONE_INDEX[f"{side}_middle_proximal"]
        if not (sample.joints_visible[wrist] or sample.joints_visible[knuckle]):
            continue
        palm = sample.joints[knuckle] - sample.joints[wrist]
        # Depth is in metres: to the picture's width by the camera's scale.
        palm[2] *= float(np.linalg.norm(sample.camera[0, :2]))
        disc = np.linalg.norm(_CELLS - sample.joints[knuckle, :2], axis=-1) < _PALMS * float(np.linalg.norm(palm))
        if not (disc & (sample.parts == Part.HANDS)).any():
            found |= disc & np.isin(sample.parts, (Part.CLOTHES, Part.BODY_SKIN, Part.ACCESSORIES))
    return found


def _widened(mask: Bools) -> Bools:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _ONE_CELL), np.bool_)


def _cells() -> F32:
    axis = (np.arange(LABEL_PX, dtype=np.float32) + 0.5) / LABEL_PX
    return np.stack(np.meshgrid(axis, axis), axis=-1)


_CELLS = _cells()
