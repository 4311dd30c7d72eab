"""Regions: what a network sees, and the way back."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from realtime.tracking.region import Region, around, held, normalized_radians

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

DOT = (230.0, 120.0)


def _dotted(scale: int = 1) -> U8:
    image = np.zeros((300 * scale, 400 * scale, 3), np.uint8)
    cv2.circle(image, (round(DOT[0] * scale), round(DOT[1] * scale)), 4 * scale, (255, 255, 255), -1)
    return image


def _middle_of_light(crop: U8) -> F32:
    rows, columns = np.nonzero(crop[..., 0] > 100)
    return np.array([[columns.mean(), rows.mean()]], np.float32) / len(crop)


@pytest.mark.parametrize("turn", [0.0, 0.7, -2.0, math.pi])
@pytest.mark.parametrize("scale", [1, 6])
def test_point_of_a_crop_goes_back_to_its_place(turn: float, scale: int) -> None:
    """A dot in a turned crop, of a picture small or so large that it is averaged down, is found where it is."""
    region = Region(x=200.0 * scale, y=150.0 * scale, side=200.0 * scale, turn=turn)
    back = region.to_picture(_middle_of_light(region.crop(_dotted(scale), 128)))[0] / scale
    assert np.abs(back - DOT).max() < 0.5


def test_up_in_the_crop_is_towards_the_second_point() -> None:
    """A body that lies on its side stands upright in its crop."""
    region = around(np.array([200, 150], np.float32), np.array(DOT, np.float32))
    dot = _middle_of_light(region.crop(_dotted(), 100))[0]
    assert abs(dot[0] - 0.5) < 0.03 and dot[1] < 0.06


def test_beyond_the_picture_is_black_or_its_edge() -> None:
    """Detectors get black bars, the others the edge's colour; a region far outside does no harm."""
    white = np.full((40, 40, 3), 255, np.uint8)
    outside = Region(x=20.0, y=-200.0, side=100.0)
    assert outside.crop(white, 32, black_outside=True).max() == 0
    assert outside.crop(white, 32).min() == 255
    assert Region(x=1e6, y=-1e6, side=5e4, turn=1.0).crop(white, 32, black_outside=True).shape == (32, 32, 3)


def test_depth_is_scaled_and_metres_are_only_turned() -> None:
    """Depth comes back in pixels; points in metres keep their lengths."""
    region = Region(x=0.0, y=0.0, side=50.0, turn=math.pi / 2)
    points = np.array([[0.5, 0.5, 0.2]], np.float32)
    assert region.to_picture(points)[0] == pytest.approx([0, 0, 10])
    assert region.turned_back(np.array([[1, 0, 3]], np.float32))[0] == pytest.approx([0, 1, 3], abs=1e-6)


def test_held_region_moves_only_when_it_is_left() -> None:
    """Small changes of place, size and turn keep the crop; each of them, large, gives it up."""
    last = Region(x=100.0, y=100.0, side=100.0)
    limits = {"shift": 0.05, "scale": 1.1, "turn": 0.1}
    near = Region(x=103.0, y=98.0, side=105.0, turn=0.05)
    assert held(last, near, **limits) is last
    assert held(None, near, **limits) is near
    for wanted in (
        Region(x=110.0, y=100.0, side=100.0),
        Region(x=100.0, y=100.0, side=120.0),
        Region(x=100.0, y=100.0, side=100.0, turn=6.0),
    ):
        assert held(last, wanted, **limits) is wanted
    assert normalized_radians(2 * math.pi - 0.05) == pytest.approx(-0.05)
