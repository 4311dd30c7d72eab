"""Puts ink around a filled-in figure and makes its edges smooth; and lays the network's change over a picture."""

from __future__ import annotations

import cv2
import numba
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

#: Edges are a Gaussian of 0.6 pixels over nine pixels, sharpened so that they are a pixel wide.
_MIDDLE, _SIDE, _CORNER = 0.44, 0.11, 0.03
_CONTRAST = 1.3
#: What a pixel is.
SURFACE, INK = 1, 2


def finished(triangle: I32, ink: I32, colours: U8, corners: I32, ink_colours: U8) -> tuple[U8, U8]:
    """Return the picture, uint8 (S, S, 4) straight-alpha RGBA, and how much of each pixel is ink, uint8 (S, S).

    Args:
        triangle: int32, (S, S), -1 where there is no surface.
        ink: int32, (S, S), the triangle whose ink covers a pixel, -1 where none does.
        colours: uint8, (S, S, 3), of the surface.
        corners: int32, (T, 3).
        ink_colours: uint8, (N, 3), of the vertices.
    """
    picture = np.zeros((*triangle.shape, 4), np.uint8)
    level = np.zeros(triangle.shape, np.uint8)
    _finish(triangle, ink, colours, corners, ink_colours, picture, level)
    return picture, level


@numba.njit(nogil=True, cache=True, fastmath=True, parallel=True)
def _finish(triangle: I32, ink: I32, colours: U8, corners: I32, ink_colours: U8, picture: U8, level: U8) -> None:
    size = len(triangle)
    weights = np.array([_CORNER, _SIDE, _CORNER, _SIDE, _MIDDLE, _SIDE, _CORNER, _SIDE, _CORNER], np.float32)
    kinds = np.empty((size, size), np.uint8)
    for row in numba.prange(size):
        for column in range(size):
            kinds[row, column] = (SURFACE if triangle[row, column] >= 0 else 0) | (INK if ink[row, column] >= 0 else 0)
    for row in numba.prange(size):
        for column in range(size):
            top, bottom = max(row - 1, 0), min(row + 1, size - 1)
            left, right = max(column - 1, 0), min(column + 1, size - 1)
            every, some = kinds[row, column], kinds[row, column]
            for y in range(top, bottom + 1):
                for x in range(left, right + 1):
                    every &= kinds[y, x]
                    some |= kinds[y, x]
            if some == 0:
                continue
            if every == SURFACE and some == SURFACE:
                for channel in range(3):
                    picture[row, column, channel] = colours[row, column, channel]
                picture[row, column, 3] = 255
                continue
            whole = covered = inked = surface = np.float32(0.0)
            ir = ig = ib = sr = sg = sb = np.float32(0.0)
            for y in range(top, bottom + 1):
                for x in range(left, right + 1):
                    w = weights[(y - row + 1) * 3 + (x - column + 1)]
                    whole += w
                    if ink[y, x] >= 0:
                        n = corners[ink[y, x], 0]
                        inked += w
                        ir += w * ink_colours[n, 0]
                        ig += w * ink_colours[n, 1]
                        ib += w * ink_colours[n, 2]
                    if triangle[y, x] >= 0:
                        surface += w
                        sr += w * colours[y, x, 0]
                        sg += w * colours[y, x, 1]
                        sb += w * colours[y, x, 2]
                    if ink[y, x] >= 0 or triangle[y, x] >= 0:
                        covered += w
            alpha = (covered / whole - np.float32(0.5)) * np.float32(_CONTRAST) + np.float32(0.5)
            alpha = min(max(alpha, np.float32(0.0)), np.float32(1.0))
            share = inked / whole
            if triangle[row, column] >= 0:
                sr, sg, sb = (
                    np.float32(colours[row, column, 0]),
                    np.float32(colours[row, column, 1]),
                    np.float32(colours[row, column, 2]),
                )
            elif surface > 0.0:
                sr, sg, sb = sr / surface, sg / surface, sb / surface
            else:
                share = np.float32(1.0)
            if inked > 0.0:
                ir, ig, ib = ir / inked, ig / inked, ib / inked
            if surface > 0.0 and covered < whole:
                share = share / covered * whole  # what is not covered has no colour of its own
                share = min(share, np.float32(1.0))
            picture[row, column, 0] = np.uint8(sr + (ir - sr) * share + np.float32(0.5))
            picture[row, column, 1] = np.uint8(sg + (ig - sg) * share + np.float32(0.5))
            picture[row, column, 2] = np.uint8(sb + (ib - sb) * share + np.float32(0.5))
            picture[row, column, 3] = np.uint8(alpha * np.float32(255.0) + np.float32(0.5))
            level[row, column] = np.uint8(inked / whole * np.float32(255.0))


def changed(picture: U8, change: F32) -> U8:
    """Return a picture with a change of its colours; writes into `picture`.

    Args:
        picture: uint8, (S, S, 4), straight-alpha RGBA.
        change: float32, (3, s, s), to be added to RGB 0..1.
    """
    size = len(picture)
    wide = cv2.resize(np.ascontiguousarray(change.transpose(1, 2, 0)), (size, size), interpolation=cv2.INTER_LINEAR)
    _add(picture, wide)
    return picture


@numba.njit(nogil=True, cache=True, fastmath=True, parallel=True)
def _add(picture: U8, change: F32) -> None:
    for row in numba.prange(len(picture)):
        for column in range(picture.shape[1]):
            if picture[row, column, 3] > 0:
                for channel in range(3):
                    value = picture[row, column, channel] + change[row, column, channel] * np.float32(255.0)
                    value = min(max(value + np.float32(0.5), np.float32(0.0)), np.float32(255.0))
                    picture[row, column, channel] = np.uint8(value)
