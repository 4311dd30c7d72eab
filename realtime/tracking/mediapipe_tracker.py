"""Finds one person's face and body with the models inside the MediaPipe 0.10.21 wheel.

Two networks share the work.  The body network (33 points, the slow one) runs every `pose_every` frames; the
face network (478 points with irises) runs every frame, on a square around the head that the body network
last saw.  Cropping matters twice: the wheel's short-range face detector loses faces of about 50 pixels in a
640 pixel picture (31 of 51 frames of a sign clip found whole, 51 of 51 cropped), and the crop is taken from
the picture at full resolution, where an iris has more pixels.

This is the only module that imports `mediapipe`.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from realtime.errors import TrackerError
from realtime.frame import U8, Frame
from realtime.native_log import without_lines
from realtime.observation import F32, PersonObservation

#: The networks look at 192 to 256 pixels: more than this only costs conversion time.
POSE_WIDTH_PX = 640
FACE_CROP_PX = 320
#: Below this there is nothing to see, and some calculators refuse the picture.
MIN_SIDE_PX = 24
#: Frames without a face in its crop before the whole picture is searched again.
FACE_MISSES = 3
#: What the C++ side says at every start.
_CHATTER = (
    b"XNNPACK delegate",
    b"absl::InitializeLog",
    b"inference_feedback_manager",
)
#: Pose points of nose, eyes, ears and mouth.
HEAD_POINTS = slice(0, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A square part of the picture, clipped to it, in pixels."""

    left: int
    top: int
    right: int
    bottom: int


class MediaPipeTracker:
    """Implements `realtime.tracker.Tracker` for one person.

    Used from one thread.  Between two runs of the body network the observation carries the *same* `pose`
    array object again, so that a caller can tell by identity that nothing new was seen.

    Args:
        pose_every: run the body network on every n-th frame, 1 or more.
        min_confidence: detection and tracking confidence, 0..1, below which a person counts as absent.

    Raises:
        TrackerError: MediaPipe or its models cannot be loaded.
    """

    def __init__(self, *, pose_every: int = 2, min_confidence: float = 0.5) -> None:
        if pose_every < 1:
            raise TrackerError(f"pose_every: got {pose_every}, expected 1 or more")
        self._pose_every = pose_every
        self._graphs = contextlib.ExitStack()
        try:
            with without_lines(*_CHATTER):
                self._start(min_confidence)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            self._graphs.close()
            raise TrackerError(f"MediaPipe 0.10.21 and its models cannot be started: {error}") from error
        self._closed = False
        self._restart()

    def _start(self, min_confidence: float) -> None:
        """Load the models and run them once, so that the first real frame is not the slow one."""
        os.environ.setdefault("GLOG_minloglevel", "2")  # read once, when the library is loaded
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from mediapipe.python.solutions import face_mesh, pose

        # The wheel's own landmark filter is off: it assumes 30 Hz whatever the schedule, and
        # `realtime.smoothing` filters by the true time stamps.
        self._pose_graph: Any = self._graphs.enter_context(
            pose.Pose(
                model_complexity=1,
                smooth_landmarks=False,
                min_detection_confidence=min_confidence,
                min_tracking_confidence=min_confidence,
            )
        )
        self._face_graph: Any = self._graphs.enter_context(
            face_mesh.FaceMesh(
                max_num_faces=1,
                refine_landmarks=True,
                min_detection_confidence=min_confidence,
                min_tracking_confidence=min_confidence,
            )
        )
        for graph in (self._pose_graph, self._face_graph):
            graph.process(np.zeros((64, 64, 3), np.uint8))

    def _restart(self) -> None:
        """Forget everything that was seen."""
        self._size = (0, 0)
        self._countdown = 0
        self._pose: F32 | None = None
        self._pose_world: F32 | None = None
        self._visibility: F32 | None = None
        self._crop: Crop | None = None
        self._misses = 0
        self._person_id = 0
        self._was_seen = False

    def track(self, frame: Frame) -> tuple[PersonObservation, ...]:
        """Return the person in the frame, or an empty tuple.

        Raises:
            TrackerError: the tracker was closed.
        """
        if self._closed:
            raise TrackerError("track: the tracker is closed; make a new one")
        height, width = frame.image.shape[:2]
        if min(height, width) < MIN_SIDE_PX:
            return ()
        if self._size != (width, height):
            person_id, was_seen = self._person_id, self._was_seen
            self._restart()
            self._size, self._person_id, self._was_seen = (width, height), person_id, was_seen
        if self._countdown <= 0:
            self._see_pose(frame.image)
            self._countdown = self._pose_every
        self._countdown -= 1
        face = self._see_face(frame.image)
        if face is None and self._pose is None:
            self._was_seen = False
            return ()
        if not self._was_seen:
            self._person_id += 1
            self._was_seen = True
        return (
            PersonObservation(
                person_id=self._person_id,
                pose=self._pose,
                pose_world=self._pose_world,
                pose_visibility=self._visibility,
                face=face,
                image_size=(width, height),
            ),
        )

    def close(self) -> None:
        """Free the models.  Idempotent."""
        if not self._closed:
            self._closed = True
            self._graphs.close()

    def _see_pose(self, image: U8) -> None:
        result = self._pose_graph.process(_fitted(image, POSE_WIDTH_PX))
        if result.pose_landmarks is None:
            self._pose = self._pose_world = self._visibility = None
            return
        self._pose = _points(result.pose_landmarks)
        self._pose_world = _points(result.pose_world_landmarks)
        self._visibility = np.array([point.visibility for point in result.pose_landmarks.landmark], np.float32)

    def _see_face(self, image: U8) -> F32 | None:
        height, width = image.shape[:2]
        crop = None
        if self._pose is not None and self._misses % (FACE_MISSES + 1) < FACE_MISSES:
            crop = self._crop = head_crop(self._pose, (width, height), self._crop)
        longest_px = POSE_WIDTH_PX if crop is None else FACE_CROP_PX
        crop = crop or Crop(left=0, top=0, right=width, bottom=height)
        part = image[crop.top : crop.bottom, crop.left : crop.right]
        result = self._face_graph.process(_fitted(part, longest_px))
        if not result.multi_face_landmarks:
            self._misses += 1
            return None
        self._misses = 0
        face = _points(result.multi_face_landmarks[0])  # (478, 3), normalised to the crop
        size = np.array([crop.right - crop.left, crop.bottom - crop.top], np.float32)
        picture = np.array([width, height], np.float32)
        face[:, :2] = (face[:, :2] * size + [crop.left, crop.top]) / picture
        face[:, 2] *= size[0] / picture[0]
        return face


def head_crop(pose: F32, size: tuple[int, int], last: Crop | None) -> Crop | None:
    """Return the square to look for the face in, or None if the head is outside the picture.

    The last crop is kept for as long as the head sits well inside it: the face network follows its own last
    result, which a moving crop would shift under it.

    Args:
        pose: float32 (33, 3), normalised to the picture.
        size: (width, height) of the picture in pixels.
        last: the crop of the frame before.
    """
    width, height = size
    points = pose[:, :2] * np.array([width, height], np.float32)
    centre = points[HEAD_POINTS].mean(0)
    spread = float(np.ptp(points[HEAD_POINTS], axis=0).max())
    shoulders = float(np.linalg.norm(points[11] - points[12]))
    # A head is about twice as high as eye to mouth and 0.6 shoulder widths: a profile still fits.
    radius = max(1.7 * spread, 0.55 * shoulders, MIN_SIDE_PX)
    if not (0 <= centre[0] < width and 0 <= centre[1] < height):
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


def _points(landmarks: Any) -> npt.NDArray[np.float32]:
    """Return a MediaPipe landmark list as float32 (N, 3)."""
    return np.array([(point.x, point.y, point.z) for point in landmarks.landmark], np.float32)
