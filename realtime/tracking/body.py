"""The body network: 33 points in the picture and in metres, and where to look next."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from realtime.tracking.networks import Network
from realtime.tracking.region import Region, around

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: Landmarks that are a body's; 33 and 34 say where the body's middle is and how far it reaches.
COUNT, MIDDLE, REACH, ALL = 33, 33, 34, 39
#: How much larger than the body's circle the region is.  Source: pose_landmarks_to_roi.pbtxt, scale_x 1.25.
MARGIN = 1.25
#: Below this the network says that nobody is there.  Source: tensors_to_pose_landmarks_and_segmentation.pbtxt.
MIN_PRESENCE = 0.5
#: Cells around a point that its heat map is averaged over, and how hot one must be.
#: Source: the same graph, kernel_size 7, and the calculator's default min_confidence_to_refine.
HEAT_KERNEL, MIN_HEAT = 7, 0.5
#: Cells of the mask, to a side.
MASK_SIDE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body in a picture.

    Args:
        points: float32 (33, 3): pixels, y down; z in pixels, from the hips, < 0 towards the camera.
        world: float32 (33, 3): metres from the middle of the hips, x right, y down, z away.
        visibility: float32 (33,), 0..1.
        presence: how sure the network is that somebody is there, 0..1.
        region: where it was looked for.
        next_region: where to look in the next picture.
        mask: float32 (256, 256) over `region`: log odds that a pixel is the person; or None.
    """

    points: F32
    world: F32
    visibility: F32
    presence: float
    region: Region
    next_region: Region
    mask: F32 | None = None


def body_region(middle: F32, reach: F32) -> Region:
    """Return where to look for the body with its middle at one point, reaching as far as another (float32 (2,))."""
    return around(middle, reach).changed(scale=MARGIN)


def see_body(network: Network, image: U8, region: Region) -> Body | None:
    """Return the body in a region, or None where the network sees nobody.

    Args:
        network: `networks.BODY`, or `networks.BODY_WITH_MASK`, which takes half as long again.
        image: uint8 (H, W, 3), RGB.
        region: where to look.

    Source: MediaPipe, pose_landmark_by_roi_cpu.pbtxt and the calculators that it names.
    """
    raw, presence, *mask, heat, world = network(region.crop(image, network.file.input_px))
    if not presence.reshape(-1)[0] >= MIN_PRESENCE:  # false for NaN too
        return None
    values = raw.reshape(ALL, 5)
    points = values[:, :3] / np.float32(network.file.input_px)  # (39, 3), in sides of the crop
    points[:, :2] = refined(points[:, :2], heat[0])
    points = region.to_picture(points)
    if not np.isfinite(points).all():
        return None
    return Body(
        points=points[:COUNT],
        world=region.turned_back(world.reshape(ALL, 3)[:COUNT]),
        visibility=_sigmoid(values[:COUNT, 3]),
        presence=float(presence.reshape(-1)[0]),
        region=region,
        next_region=body_region(points[MIDDLE, :2], points[REACH, :2]),
        mask=mask[0].reshape(MASK_SIDE, MASK_SIDE).copy() if mask else None,
    )


def refined(points: F32, heat: F32) -> F32:
    """Return points moved to the middle of the heat around them, where there is enough.

    Args:
        points: float32 (N, 2), in sides of the crop.
        heat: float32 (64, 64, N), log odds.

    Source: MediaPipe, refine_landmarks_from_heatmap_calculator.cc.
    """
    rows, columns, count = heat.shape
    reach = (HEAT_KERNEL - 1) // 2
    out = points.copy()
    cells = np.trunc(points * np.array([columns, rows], np.float32)).astype(int)
    steps = np.arange(-reach, reach + 1)
    x, y = cells[:, :1] + steps, cells[:, 1:] + steps  # (N, 7)
    inside = ((y >= 0) & (y < rows))[:, :, None] & ((x >= 0) & (x < columns))[:, None, :]  # (N, 7, 7)
    at_y, at_x = np.clip(y, 0, rows - 1)[:, :, None], np.clip(x, 0, columns - 1)[:, None, :]
    odds = heat[at_y, at_x, np.arange(count)[:, None, None]]  # (N, 7, 7)
    sure = np.where(inside, _sigmoid(odds), 0)
    total = sure.sum(axis=(1, 2))
    # A point below the map is moved too where the map's last rows are near: so does the source.
    known = (sure.max(axis=(1, 2)) >= MIN_HEAT) & (cells >= 0).all(axis=1) & (cells[:, 0] < columns)
    total = np.maximum(total, np.float32(1e-6))
    out[known, 0] = ((sure * x[:, None, :]).sum(axis=(1, 2)) / columns / total)[known]
    out[known, 1] = ((sure * y[:, :, None]).sum(axis=(1, 2)) / rows / total)[known]
    return out


def body_mask(body: Body, size: tuple[int, int]) -> U8 | None:
    """Return the person's mask over the whole picture, uint8 (height, width), 255 inside, or None without one.

    Args:
        body: seen with `networks.BODY_WITH_MASK`.
        size: (width, height) of the picture in pixels.
    """
    if body.mask is None:
        return None
    sure = (255 * _sigmoid(body.mask)).astype(np.uint8)
    matrix = body.region.matrix(MASK_SIDE)
    mask = cv2.warpAffine(sure, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(np.where(mask > 127, 255, 0), np.uint8)


def _sigmoid(values: F32) -> F32:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), np.float32)
