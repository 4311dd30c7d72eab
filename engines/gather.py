"""Draws a figure from its views: every pixel from the views that show its surface best."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from engines.prepared_views import DEPTH_STEP_M

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

#: How much less counts what has something else beside it in a view.
BESIDE = 0.002
#: What a view shows this far (metres) behind the surface is another one.
BEHIND_M = 0.03
#: Views that have less than this part of what others have said already are not asked.
ENOUGH = 0.04
#: Below this a view's weight is not worth a look.
_LEAST = 1e-5


@numba.njit(nogil=True, cache=True, fastmath=True, parallel=True, boundscheck=False)
def view_weights(
    normals: F32, view_normals: F32, places: F32, regions: I32, views: I32, serves: I32, sharpness: float, weights: F32
) -> None:
    """Say how much each of U views counts at each vertex, by sight and by how alike the surface faces.

    Args:
        normals: float32, (N, 3), now.
        view_normals: float32, (V, N, 3).
        places: float32, (V, N, 4), see `engines.prepared_views`.
        regions: int32, (N,), a bit for each region that a vertex is in.
        views: int32, (U,), numbers of views.
        serves: int32, (U,), a bit for each region that a view serves.
        sharpness: of the fall with the angle.
        weights: float32, (N, U), written where a vertex is in a region that the view serves.
    """
    for n in numba.prange(len(normals)):
        for u in range(len(views)):
            if regions[n] & serves[u] == 0:
                continue
            v = views[u]
            w = places[v, n, 3]
            if w > 0.0:
                alike = (
                    normals[n, 0] * view_normals[v, n, 0]
                    + normals[n, 1] * view_normals[v, n, 1]
                    + normals[n, 2] * view_normals[v, n, 2]
                )
                w *= np.exp(np.float32(sharpness) * (alike - np.float32(1.0)))
            weights[n, u] = w


@numba.njit(nogil=True, cache=True, fastmath=True, parallel=True, boundscheck=False)
def gather(
    triangle: I32,
    xy: F32,
    corners: I32,
    region: U8,
    orders: I32,
    slot: I32,
    views: I32,
    share: F32,
    weights: F32,
    places: F32,
    shown: I32,
    first_shown: npt.NDArray[np.int64],
    tolerance: float,
    pixels: U8,
    first: npt.NDArray[np.int64],
    sizes: I32,
    levels: I32,
    colours: U8,
    fallback: float,
    picture: U8,
    trust: U8,
) -> None:
    """Fill in a picture from views.

    Args:
        triangle: int32, (S, S), which triangle each pixel shows, -1 for none.
        xy: float32, (N, 2), the vertices' places in the picture, pixels.
        corners: int32, (T, 3).
        region: uint8, (T,).
        orders: int32, (T,), the draw of each triangle.
        slot: int32, (regions, K), column of `weights` that each region's views have.
        views: int32, (U,), the view of each column.
        share: float32, (regions, K).
        weights: float32, (N, U).
        places: float32, (V, N, 4), see `engines.prepared_views`.
        shown: int32, flat, see `engines.prepared_views`.
        first_shown: int64, (V,), where each view begins in it.
        tolerance: metres that a surface may lie behind what a view shows.
        pixels: see `engines.prepared_views`.
        first: see `engines.prepared_views`.
        sizes: see `engines.prepared_views`.
        levels: int32, (V,), in which of its sizes each view is read.
        colours: uint8, (N, 3), what is drawn where no view shows the surface.
        fallback: how much that counts against views.
        picture: uint8, (S, S, 3), RGB, written where a triangle is.
        trust: uint8, (S, S), written: 0 where nothing or no view shows the surface, 255 where one does best.
    """
    size = len(triangle)
    ranked, columns = np.empty((size, slot.shape[1]), np.float32), np.empty((size, slot.shape[1]), np.int32)
    for row in numba.prange(size):
        for column in range(size):
            t = triangle[row, column]
            if t < 0:
                continue
            a, b, c = corners[t, 0], corners[t, 1], corners[t, 2]
            ax, ay = xy[a, 0], xy[a, 1]
            bx, by = xy[b, 0] - ax, xy[b, 1] - ay
            cx, cy = xy[c, 0] - ax, xy[c, 1] - ay
            area = bx * cy - cx * by
            if abs(area) < 1e-12:
                continue
            px, py = np.float32(column) - ax, np.float32(row) - ay
            second = (px * cy - cx * py) / area
            third = (bx * py - px * by) / area
            one = np.float32(1.0) - second - third
            total = np.float32(fallback)
            red = total * (one * colours[a, 0] + second * colours[b, 0] + third * colours[c, 0])
            green = total * (one * colours[a, 1] + second * colours[b, 1] + third * colours[c, 1])
            blue = total * (one * colours[a, 2] + second * colours[b, 2] + third * colours[c, 2])
            r, own = region[t], orders[t] + 1
            # The best view first: where it has said nearly all, the others are not asked.
            left_over = np.float32(0.0)
            asked = 0
            for k in range(slot.shape[1]):
                u = slot[r, k]
                w = share[r, k] * (one * weights[a, u] + second * weights[b, u] + third * weights[c, u])
                left_over += w
                at = asked
                while at > 0 and ranked[row, at - 1] < w:
                    ranked[row, at], columns[row, at] = ranked[row, at - 1], columns[row, at - 1]
                    at -= 1
                ranked[row, at], columns[row, at] = w, u
                asked += 1
            for k in range(asked):
                w = ranked[row, k]
                if w < _LEAST or left_over < np.float32(ENOUGH) * (total - np.float32(fallback)):
                    break
                left_over -= w
                v = views[columns[row, k]]
                p, q, o = places[v, a], places[v, b], places[v, c]
                x = one * p[0] + second * q[0] + third * o[0]
                y = one * p[1] + second * q[1] + third * o[1]
                last = sizes[v] - 1
                if x < 0.0 or y < 0.0 or x >= last or y >= last:
                    continue
                z = one * p[2] + second * q[2] + third * o[2]
                level = levels[v]
                if level > 0:
                    # Much smaller than the view: what is hidden is told by the nearest pixel alone.
                    nearest = first_shown[v] + int(y + np.float32(0.5)) * (last + 1) + int(x + np.float32(0.5))
                    if np.float32(shown[nearest] >> 16) * np.float32(DEPTH_STEP_M) > z + np.float32(tolerance):
                        continue
                    smaller = np.float32(1.0 / (1 << level))
                    x = (x + np.float32(0.5)) * smaller - np.float32(0.5)
                    y = (y + np.float32(0.5)) * smaller - np.float32(0.5)
                    last = (sizes[v] >> level) - 1
                    if x < 0.0 or y < 0.0 or x >= last or y >= last:
                        continue
                left, top = int(x), int(y)
                fx, fy = x - np.float32(left), y - np.float32(top)
                for corner in range(4):
                    right, down = corner & 1, corner >> 1
                    part_of = (fx if right else np.float32(1.0) - fx) * (fy if down else np.float32(1.0) - fy) * w
                    i = (top + down) * (last + 1) + left + right
                    if level == 0:
                        # Only pixels that show this very surface count: not what stands before or behind, nor ink.
                        here = shown[first_shown[v] + i]
                        if (here >> 1) & 0x7FFF != own:
                            continue
                        apart = np.float32(here >> 16) * np.float32(DEPTH_STEP_M) - z
                        if apart > np.float32(tolerance) or apart < np.float32(-BEHIND_M):
                            continue
                        if here & 1:
                            part_of *= np.float32(BESIDE)
                    i = (first[v, level] + i) * 4
                    red += part_of * np.float32(pixels[i])
                    green += part_of * np.float32(pixels[i + 1])
                    blue += part_of * np.float32(pixels[i + 2])
                    # Premultiplied colours over alpha: what is half background counts half and keeps its colour.
                    total += part_of * np.float32(pixels[i + 3]) * np.float32(1.0 / 255.0)
            scale = np.float32(1.0) / total
            picture[row, column, 0] = min(max(red * scale + np.float32(0.5), np.float32(0.0)), np.float32(255.0))
            picture[row, column, 1] = min(max(green * scale + np.float32(0.5), np.float32(0.0)), np.float32(255.0))
            picture[row, column, 2] = min(max(blue * scale + np.float32(0.5), np.float32(0.0)), np.float32(255.0))
            trust[row, column] = min((total - np.float32(fallback)) * np.float32(255.0), np.float32(255.0))
