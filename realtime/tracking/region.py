"""A turned square in the picture: what a network looks at, and how its points come back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: Pixels of the picture per pixel of a crop from which they are averaged.  On a still picture with sensor noise that
#: halves the shiver of a body's points; it moves them by 2 pixels in the median, 0.2 % of the body.
MIN_FACTOR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A square of the picture, turned about its middle.

    Args:
        x, y: its middle, pixels.
        side: its side, pixels.
        turn: radians; > 0 turns what is up in the crop clockwise as one sees the picture.
    """

    x: float
    y: float
    side: float
    turn: float = 0.0

    def crop(self, image: U8, side_px: int, *, black_outside: bool = False) -> U8:
        """Return the region as a picture.

        A large region is averaged down first: plain sampling, as MediaPipe does it, would pick single noisy pixels.

        Args:
            image: uint8 (H, W, 3).
            side_px: side of the crop.
            black_outside: fill what lies beyond the picture with black instead of its edge.

        Returns:
            uint8 (side_px, side_px, 3).
        """
        factor = int(self.side / side_px)
        left = top = 0.0
        if factor < MIN_FACTOR:
            factor = 1
        else:
            image, left, top, factor = _averaged(image, self, factor)
        # The middle of the first averaged pixel lies (factor - 1) / 2 into the picture.
        x, y = ((at - start - (factor - 1) / 2) / factor for at, start in ((self.x, left), (self.y, top)))
        there = Region(x=x, y=y, side=self.side / factor, turn=self.turn)
        crop = cv2.warpAffine(
            image,
            there.matrix(side_px),
            (side_px, side_px),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT if black_outside else cv2.BORDER_REPLICATE,
        )
        return np.asarray(crop, np.uint8)

    def matrix(self, side_px: int) -> npt.NDArray[np.float64]:
        """Return the affine map from pixels of a crop of that side to pixels of the picture, float64 (2, 3).

        Corners go to corners, as in MediaPipe's image_to_tensor_converter_opencv.cc.
        """
        scale = self.side / side_px
        cos, sin = scale * math.cos(self.turn), scale * math.sin(self.turn)
        half = side_px / 2
        return np.array([[cos, -sin, self.x - half * (cos - sin)], [sin, cos, self.y - half * (sin + cos)]])

    def to_picture(self, points: F32) -> F32:
        """Return points of the crop, x and y in 0..1, as pixels of the picture, and their z in the same unit.

        Args:
            points: float32 (N, 2 or 3); z in sides of the crop.
        """
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        x, y = points[:, 0] - 0.5, points[:, 1] - 0.5
        out = points * np.float32(self.side)
        out[:, 0] = self.x + self.side * (cos * x - sin * y)
        out[:, 1] = self.y + self.side * (sin * x + cos * y)
        return out

    def turned_back(self, points: F32) -> F32:
        """Return points (N, 3) around an origin of their own, in the axes of the picture."""
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        out = points.copy()
        out[:, 0] = cos * points[:, 0] - sin * points[:, 1]
        out[:, 1] = sin * points[:, 0] + cos * points[:, 1]
        return out

    def changed(self, *, scale: float = 1.0, down: float = 0.0, height: float | None = None) -> Region:
        """Return the region moved by `down` of its height along its own vertical and then scaled.

        Args:
            scale: of the side.
            down: > 0 moves towards what is down in the crop.
            height: of the box in pixels before it became a square; default: the side.

        Source: MediaPipe, rect_transformation_calculator.cc.
        """
        shift = down * (self.side if height is None else height)
        return Region(
            x=self.x - shift * math.sin(self.turn),
            y=self.y + shift * math.cos(self.turn),
            side=self.side * scale,
            turn=self.turn,
        )


def around(middle: F32, end: F32, target: float = math.pi / 2) -> Region:
    """Return the square around a middle that reaches as far as a second point, turned so that this lies up.

    Args:
        middle: float32 (2,), pixels.
        end: the second point, float32 (2,), pixels.
        target: the angle that the way from middle to end gets in the crop, radians, counter-clockwise from +x.

    Source: MediaPipe, alignment_points_to_rects_calculator.cc.
    """
    dx, dy = float(end[0] - middle[0]), float(end[1] - middle[1])
    turn = normalized_radians(target - math.atan2(-dy, dx))
    return Region(x=float(middle[0]), y=float(middle[1]), side=2 * math.hypot(dx, dy), turn=turn)


def normalized_radians(angle: float) -> float:
    """Return the angle in -pi..pi."""
    return angle - 2 * math.pi * math.floor((angle + math.pi) / (2 * math.pi))


def _averaged(image: U8, region: Region, factor: int) -> tuple[U8, float, float, int]:
    """Return the picture around a region, each `factor` x `factor` pixels averaged; its left, top; and the factor."""
    height, width = image.shape[:2]
    reach = region.side * (abs(math.cos(region.turn)) + abs(math.sin(region.turn))) / 2 + factor
    left, right = (int(np.clip(edge, 0, width)) for edge in (region.x - reach, region.x + reach))
    top, bottom = (int(np.clip(edge, 0, height)) for edge in (region.y - reach, region.y + reach))
    columns, rows = (right - left) // factor, (bottom - top) // factor
    if columns < 2 or rows < 2:
        return image, 0.0, 0.0, 1
    part = image[top : top + rows * factor, left : left + columns * factor]
    small = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), float(left), float(top), factor


def held(last: Region | None, wanted: Region, *, shift: float, scale: float, turn: float) -> Region:
    """Return the last region for as long as the wanted one hardly differs, else the wanted one.

    A network's points shiver with the place of its crop: on a still picture with sensor noise a held crop makes the
    body's points four times as steady as one that follows them.

    Args:
        last: what was looked at before.
        wanted: what would fit best.
        shift: allowed distance of the middles, in sides.
        scale: allowed ratio of the sides, > 1.
        turn: allowed difference of the turns, radians.
    """
    if last is None:
        return wanted
    far = math.hypot(wanted.x - last.x, wanted.y - last.y) > shift * last.side
    resized = not last.side / scale < wanted.side < last.side * scale
    turned = abs(normalized_radians(wanted.turn - last.turn)) > turn
    return wanted if far or resized or turned else last
