"""The networks that find bodies and faces in a whole picture."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realtime.tracking.networks import BODY_DETECTION, FACE_DETECTION, Network, NetworkFile
from realtime.tracking.region import Region

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: Boxes that overlap by more than this are one.  Source: pose_detection_cpu.pbtxt, face_detection.pbtxt.
MAX_OVERLAP = 0.3
#: Side of the squares in which people further away are looked for, in longer sides of the picture.
TILE = 9 / 16
MAX_IN_A_ROW = 4
#: Pixels per cell and boxes per cell of each layer.  Source: `SsdAnchorsCalculatorOptions` of the same graphs: layers
#: of one stride share cells, and each brings two boxes, one where `interpolated_scale_aspect_ratio` is 0.
LAYERS: dict[NetworkFile, tuple[tuple[int, int], ...]] = {
    BODY_DETECTION: ((8, 2), (16, 2), (32, 6)),
    FACE_DETECTION: ((4, 1),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Something found in a picture.

    Args:
        score: 0..1.
        box: float32 (4,): left, top, right, bottom, pixels.
        points: float32 (N, 2), pixels.  Of a body: middle of the hips, how far the body reaches, middle of the
            shoulders, how far the upper body reaches.  Of a face: the subject's right eye, left eye, nose, mouth,
            right ear, left ear.
    """

    score: float
    box: F32
    points: F32


def whole_picture(image: U8) -> Region:
    """Return the square around a picture."""
    height, width = image.shape[:2]
    return Region(x=width / 2, y=height / 2, side=float(max(width, height)))


def parts(image: U8) -> list[Region]:
    """Return overlapping squares that cover a picture, in which people are larger than in the whole of it."""
    height, width = image.shape[:2]
    side = min(TILE * max(width, height), width, height)
    xs, ys = ([side / 2 + (length - side) * at for at in _spread(length / side)] for length in (width, height))
    return [Region(x=x, y=y, side=side) for y in ys for x in xs]


def _spread(ratio: float) -> list[float]:
    """Return where squares go along a side so many times as long as they, 0..1, overlapping by a third or more."""
    count = min(1 + math.ceil((ratio - 1) * 1.5 - 0.05), MAX_IN_A_ROW)
    return [index / (count - 1) for index in range(count)] if count > 1 else [0.5]


def detect(network: Network, image: U8, min_score: float, region: Region | None = None) -> list[Detection]:
    """Return what a detector finds in a picture, best first.

    Args:
        network: `networks.BODY_DETECTION` or `networks.FACE_DETECTION`.
        image: uint8 (H, W, 3), RGB.
        min_score: 0..1.
        region: where to look; default: everywhere.

    Source: MediaPipe, tensors_to_detections_calculator.cc and non_max_suppression_calculator.cc (weighted).
    """
    region = whole_picture(image) if region is None else region
    side_px = network.file.input_px
    boxes, odds = network(region.crop(image, side_px, black_outside=True))
    scores = 1 / (1 + np.exp(-np.clip(odds.reshape(-1), -80, 80)))
    kept = np.flatnonzero(scores >= min_score)
    if not len(kept):
        return []
    values = boxes[0, kept].reshape(len(kept), -1, 2) / np.float32(side_px)  # (K, 2 + points, 2)
    middles = _anchors(network.file)[kept]
    corners = np.concatenate([middles + values[:, 0] - values[:, 1] / 2, middles + values[:, 0] + values[:, 1] / 2], 1)
    found = []
    for score, members, weights in _merged(corners, scores[kept]):
        share = (weights / weights.sum()).astype(np.float32)
        points = np.tensordot(share, middles[members][:, None] + values[members, 2:], 1)  # (N, 2)
        box = np.tensordot(share, corners[members], 1).reshape(2, 2)
        in_picture = region.to_picture(np.concatenate([box, points]).astype(np.float32))
        found.append(Detection(score=score, box=in_picture[:2].reshape(4), points=in_picture[2:]))
    return found


def overlap(box: F32, others: F32) -> F32:
    """Return the intersection over union of a box (4,) with others (N, 4)."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    area = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1) - shared
    return np.asarray(shared / np.maximum(area, 1e-9), np.float32)


def _merged(corners: F32, scores: F32) -> list[tuple[float, npt.NDArray[np.intp], F32]]:
    """Return groups of overlapping boxes: best score, members and their weights."""
    left = np.argsort(-scores)
    groups = []
    while len(left):
        same = overlap(corners[left[0]], corners[left]) > MAX_OVERLAP
        same[0] = True
        members = left[same]
        groups.append((float(scores[left[0]]), members, scores[members]))
        left = left[~same]
    return groups


@functools.lru_cache(maxsize=4)
def _anchors(file: NetworkFile) -> F32:
    """Return the middles of a detector's boxes, float32 (N, 2), in sides of the crop.

    Source: MediaPipe, ssd_anchors_calculator.cc with fixed_anchor_size.
    """
    parts = []
    for stride, per_cell in LAYERS[file]:
        cells = -(-file.input_px // stride)
        at = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2)  # x fastest
        parts.append(np.repeat(grid, per_cell, axis=0))
    return np.asarray(np.concatenate(parts), np.float32)
