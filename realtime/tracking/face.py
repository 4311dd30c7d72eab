"""The face: 478 points with irises, by MediaPipe's own graph on a held square around the head.

Cropping matters twice: the graph's short-range detector loses faces of about 50 pixels in a 640 pixel picture (31 of
51 frames of a sign clip found whole, 51 of 51 cropped), and the crop is taken from the picture at full resolution,
where an iris has more pixels.  The graph stays because its network with attention, which has the best lids and lips, is
made of operations that only MediaPipe knows.

This is the only module that imports `mediapipe`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from realtime.errors import TrackerError
from realtime.native_log import without_lines

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: The networks look at 128 to 192 pixels: more than this only costs conversion time.
CROP_PX = 320
#: Below this there is nothing to see, and some calculators refuse the picture.
MIN_SIDE_PX = 24
NOSE, COUNT = 1, 478
#: Pose points of nose, eyes, ears and mouth.
HEAD_POINTS = slice(0, 11)
#: What the C++ side says at every start.
_CHATTER = (b"XNNPACK delegate", b"absl::InitializeLog", b"inference_feedback_manager")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A square part of the picture, clipped to it, in pixels."""

    left: int
    top: int
    right: int
    bottom: int


class FaceGraph:
    """MediaPipe's face graph, following one face from frame to frame.

    Args:
        min_confidence: detection and tracking confidence, 0..1, below which there is no face.

    Raises:
        TrackerError: MediaPipe or its models cannot be loaded.
    """

    def __init__(self, min_confidence: float = 0.5) -> None:
        try:
            with without_lines(*_CHATTER):
                os.environ.setdefault("GLOG_minloglevel", "2")  # read once, when the library is loaded
                os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
                from mediapipe.python.solutions import face_mesh

                self._graph: Any = face_mesh.FaceMesh(
                    max_num_faces=1,
                    refine_landmarks=True,
                    min_detection_confidence=min_confidence,
                    min_tracking_confidence=min_confidence,
                )
                self.forget()  # also makes the first real frame as quick as the others
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            raise TrackerError(f"MediaPipe 0.10.21 and its models cannot be started: {error}") from error

    def see(self, image: U8, crop: Crop) -> F32 | None:
        """Return the face in a crop, float32 (478, 3), x, y in pixels of the picture and z in pixels, or None."""
        part = image[crop.top : crop.bottom, crop.left : crop.right]
        result = self._graph.process(_fitted(part, CROP_PX))
        if not result.multi_face_landmarks:
            return None
        landmarks = result.multi_face_landmarks[0].landmark
        face = np.array([(point.x, point.y, point.z) for point in landmarks], np.float32)  # (478, 3), of the crop
        size = np.array([crop.right - crop.left, crop.bottom - crop.top, crop.right - crop.left], np.float32)
        face *= size
        face[:, :2] += (crop.left, crop.top)
        return face if np.isfinite(face).all() else None

    def forget(self) -> None:
        """Let go of the face that was followed: the next one is searched for."""
        self._graph.process(np.zeros((64, 64, 3), np.uint8))

    def close(self) -> None:
        """Free the models."""
        self._graph.close()


def head_crop(pose: F32, size: tuple[int, int], last: Crop | None) -> Crop | None:
    """Return the square to look for the face in, or None if the head is outside the picture.

    Args:
        pose: float32 (33, 2 or 3), pixels.
        size: (width, height) of the picture in pixels.
        last: the crop of the frame before.
    """
    head = pose[HEAD_POINTS, :2]
    spread = float(np.ptp(head, axis=0).max())
    shoulders = float(np.linalg.norm(pose[11, :2] - pose[12, :2]))
    # A head is about twice as high as eye to mouth and 0.6 shoulder widths: a profile still fits.
    return held_crop(head.mean(axis=0), max(1.7 * spread, 0.55 * shoulders, MIN_SIDE_PX), size, last)


def face_crop(face: F32, size: tuple[int, int], last: Crop | None) -> Crop | None:
    """Return the square to look for a face in that was here, float32 (N, 2 or 3), pixels; as `head_crop`."""
    low, high = face[:, :2].min(axis=0), face[:, :2].max(axis=0)
    # A face's points reach from brows to chin: two thirds of a head, which is what the crop of a body holds too.
    return held_crop((low + high) / 2, max(1.1 * float((high - low).max()), MIN_SIDE_PX), size, last)


def held_crop(centre: F32, radius: float, size: tuple[int, int], last: Crop | None) -> Crop | None:
    """Return a square, or the last one for as long as the head sits well inside it.

    The face network follows its own last result, which a moving crop would shift under it.

    Args:
        centre: float32 (2,), pixels.
        radius: half the square's side, pixels.
        size: (width, height) of the picture in pixels.
        last: the crop of the frame before.
    """
    width, height = size
    if not (0 <= centre[0] < width and 0 <= centre[1] < height):  # false for NaN too
        return None
    if last is not None:
        held = max(last.right - last.left, last.bottom - last.top) / 2
        middle = np.array([last.left + last.right, last.top + last.bottom]) / 2
        near = np.abs(centre - middle).max() < 0.3 * held
        if near and 0.7 < radius / held < 1.35:
            return last
    left, top = np.maximum(centre - radius, 0).astype(int)
    right, bottom = np.minimum(centre + radius, [width, height]).astype(int)
    if min(right - left, bottom - top) < MIN_SIDE_PX:
        return None
    return Crop(left=int(left), top=int(top), right=int(right), bottom=int(bottom))


def _fitted(image: U8, longest_px: int) -> U8:
    """Return the picture, contiguous and scaled down so that its longer side is at most `longest_px`."""
    height, width = image.shape[:2]
    scale = longest_px / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(image)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
