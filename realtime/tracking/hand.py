"""The hand network: 21 points of a hand, in the picture and in metres, and where to look next."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realtime.tracking.networks import Network
from realtime.tracking.region import Region, around, normalized_radians

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

COUNT = 21
#: Below this the network says that no hand is there.  Source: hand_landmark_cpu.pbtxt.
MIN_PRESENCE = 0.5
#: By how much the network's z is to be divided.  Source: the same graph, normalize_z.
Z_SCALE = 0.4
#: Points that keep their distances best, wrist and the joints that show the hand's direction.
#: Source: hand_landmarks_to_rect_calculator.cc.
STABLE = np.array([0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18])
WRIST, INDEX, MIDDLE, RING = 0, 5, 9, 13
#: Regions are this much larger than what they are made of, and lie this far up.
#: Source: hand_landmark_landmarks_to_roi.pbtxt, hand_landmarks_from_pose_to_recrop_roi.pbtxt and
#: hand_recrop_by_roi_cpu.pbtxt.
SCALE_FROM_HAND, SCALE_FROM_BODY, SCALE_FROM_PLACE, SHIFT = 2.0, 2.7, 1.0, -0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """A hand in a picture.

    Args:
        points: float32 (21, 3): pixels, y down; z in pixels, from the wrist, < 0 towards the camera.
        world: float32 (21, 3): metres from the hand's middle, axes as in the picture.
        presence: how sure the network is that a hand is there, 0..1.
        rightness: how much it looks like the subject's right hand, 0..1.
        region: where it was looked for.
        next_region: where to look in the next picture.
    """

    points: F32
    world: F32
    presence: float
    rightness: float
    region: Region
    next_region: Region


def hand_region_from_body(wrist: F32, pinky: F32, index: F32) -> Region:
    """Return roughly where a hand is, from the body's points, float32 (2,) each, pixels.

    Source: MediaPipe, hand_detections_from_pose_to_rects_calculator.cc.
    """
    middle = (2 * index + pinky) / 3
    box = around(middle, wrist, -math.pi / 2)
    return box.changed(scale=SCALE_FROM_BODY, down=SHIFT)


def hand_region_from_place(network: Network, image: U8, rough: Region) -> Region:
    """Return where in the rough region the hand is.

    Args:
        network: `networks.HAND_PLACE`.
        image: uint8 (H, W, 3), RGB.
        rough: from `hand_region_from_body`.

    Source: MediaPipe, hand_recrop_by_roi_cpu.pbtxt.
    """
    (values,) = network(rough.crop(image, network.file.input_px))
    points = rough.to_picture(values.reshape(2, 2) / np.float32(network.file.input_px))
    return around(points[0], points[1], -math.pi / 2).changed(scale=SCALE_FROM_PLACE, down=SHIFT)


def hand_region_from_hand(points: F32) -> Region:
    """Return where to look for a hand whose points, float32 (21, 3), pixels, are known.

    Source: MediaPipe, hand_landmarks_to_rect_calculator.cc.
    """
    knuckles = ((points[INDEX, :2] + points[RING, :2]) / 2 + points[MIDDLE, :2]) / 2
    dx, dy = knuckles - points[WRIST, :2]
    turn = normalized_radians(math.pi / 2 - math.atan2(-float(dy), float(dx)))
    cos, sin = math.cos(turn), math.sin(turn)
    back = np.array([[cos, sin], [-sin, cos]], np.float32)  # picture -> along the hand
    stable = points[STABLE, :2] @ back.T
    low, high = stable.min(axis=0), stable.max(axis=0)
    x, y = (low + high) / 2 @ back
    width, height = high - low
    region = Region(x=float(x), y=float(y), side=float(max(width, height)), turn=turn)
    return region.changed(scale=SCALE_FROM_HAND, down=SHIFT, height=float(height))


def see_hand(network: Network, image: U8, region: Region) -> Hand | None:
    """Return the hand in a region, or None where the network sees none.

    Args:
        network: `networks.HAND`.
        image: uint8 (H, W, 3), RGB.
        region: where to look.

    Source: MediaPipe, hand_landmark_cpu.pbtxt and the calculators that it names.
    """
    raw, presence, rightness, world = network(region.crop(image, network.file.input_px))
    if not presence.reshape(-1)[0] >= MIN_PRESENCE:  # false for NaN too
        return None
    points = raw.reshape(COUNT, 3) / np.float32(network.file.input_px)
    points[:, 2] /= Z_SCALE
    points = region.to_picture(points)
    if not np.isfinite(points).all():
        return None
    return Hand(
        points=points,
        world=region.turned_back(world.reshape(COUNT, 3)),
        presence=float(presence.reshape(-1)[0]),
        rightness=float(rightness.reshape(-1)[0]),
        region=region,
        next_region=hand_region_from_hand(points),
    )
