"""What the regressor reads from a picture, and the three crops of the picture that it reads it from.

It sees the whole picture and the head, upright, for the body, and the face frame for the face.  Head and face are cut
out where they *should* be: a face drawn elsewhere is read wrongly, and rightly so.  Of the head's pose the upright crop
says nothing that the picture does not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from engines import affine
from engines.controls import EXPRESSIONS, SIDES, VISEMES
from engines.framing import between

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

#: Pixels per side of every crop.  A face frame is about 130 pixels wide in a portrait of 512.
READ_PX = 128
#: The head's crop is this many times as wide as the face frame seen from the front.
HEAD_EXTENT = 1.6
#: Read from the whole picture and the head.
BODY_CONTROLS: tuple[str, ...] = (
    "head_yaw",
    "head_pitch",
    "head_roll",
    "torso_yaw",
    "torso_pitch",
    "torso_roll",
    *(
        f"{side}_{name}"
        for side in SIDES
        for name in ("shoulder_raise", "upper_arm_x", "upper_arm_y", "upper_arm_z", "elbow")
    ),
)
#: Read from the face frame.
FACE_CONTROLS: tuple[str, ...] = (
    "gaze_yaw",
    "gaze_pitch",
    "blink_left",
    "blink_right",
    "brow_left",
    "brow_right",
    *VISEMES,
    "smile",
    *EXPRESSIONS,
)
READ_CONTROLS: tuple[str, ...] = BODY_CONTROLS + FACE_CONTROLS
CROPS = ("whole", "head", "face")


def premultiplied(picture: U8) -> U8:
    """Return straight-alpha RGBA, uint8 (H, W, 4), as premultiplied RGBA."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGBA2mRGBA), np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crops:
    """What the regressor sees of N pictures.

    Args:
        whole: uint8, (N, READ_PX, READ_PX, C), the whole pictures; C is 4, premultiplied RGBA, or 3, RGB.
        head: the same shape, upright.
        face: the same shape, the face frames.
    """

    whole: U8
    head: U8
    face: U8

    def __post_init__(self) -> None:
        for name in CROPS:
            got, expected = getattr(self, name).shape, (*self.whole.shape[:1], READ_PX, READ_PX)
            if len(got) != 4 or got[:3] != expected:
                raise ValueError(f"{name}: got shape {got}, expected {(*expected, 'channels')}")

    def __len__(self) -> int:
        return len(self.whole)

    def chosen(self, rows: npt.NDArray[np.intp]) -> Crops:
        """Return those of some of the pictures."""
        return Crops(whole=self.whole[rows], head=self.head[rows], face=self.face[rows])


def joined(several: Sequence[Crops]) -> Crops:
    """Return crops of several lots of pictures as one."""
    return Crops(**{name: np.concatenate([getattr(one, name) for one in several]) for name in CROPS})


def crops(picture: U8, camera: F32, face_camera: F32) -> Crops:
    """Return what the regressor sees of one picture, N = 1, premultiplied RGBA.

    Args:
        picture: uint8, (H, H, 4), *premultiplied* RGBA.
        camera: float32, (2, 3), world to picture.
        face_camera: float32, (2, 3), world to face frame, of the pose that the picture should show.
    """
    whole = np.asarray(cv2.resize(picture, (READ_PX, READ_PX), interpolation=cv2.INTER_AREA), np.uint8)
    to_picture = between(face_camera, camera)
    width = HEAD_EXTENT * float(np.linalg.norm(to_picture[:, :2], 2))  # of the axis that is not foreshortened
    centre = affine.apply(to_picture, np.array([0.5, 0.5]))
    upright = np.concatenate([np.eye(2) * width, (centre - width / 2)[:, None]], axis=1).astype(np.float32)
    head, face = (_cut_out(picture, placed) for placed in (upright, to_picture))
    return Crops(whole=whole[None], head=head[None], face=face[None])


def _cut_out(picture: U8, to_picture: F32) -> U8:
    """Return the crop that a map from its 0..1 to the picture's says; large ones are averaged first."""
    pixels = affine.apply(to_picture, _CELLS) * np.float32(len(picture))
    step = float(np.linalg.norm(to_picture[:, :2], 2)) * len(picture) / READ_PX
    if step > 1.5:
        half = len(picture) // 2
        picture = np.asarray(cv2.resize(picture, (half, half), interpolation=cv2.INTER_AREA), np.uint8)
        pixels = pixels / np.float32(2)
    cut = cv2.remap(picture, pixels - np.float32(0.5), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(cut, np.uint8)


def _cells() -> F32:
    axis = (np.arange(READ_PX, dtype=np.float32) + 0.5) / READ_PX
    return np.stack(np.meshgrid(axis, axis), axis=-1)


_CELLS = _cells()
