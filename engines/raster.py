"""Which triangle of a posed figure each pixel shows: a depth-buffered rasteriser, compiled for the CPU.

Orthographic, one sample per pixel centre.  Rows are shared out among threads, so that the result is the same however
many there are.  Source of the rule for triangles in one place: `engines.studio.renderer` (the later drawn wins).
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

#: Both sides of a triangle are drawn, or the back, or the front is not.
BOTH_SIDES, NO_BACK, NO_FRONT = 0, 1, 2
#: A triangle of higher rank is this much nearer, in metres: enough to win in the same place, too little to see.
RANK_M = 4e-6
#: So little beyond a mask's border is still the border.
BORDER = 0.004
#: Bands of rows that threads take; more than cores, because figures leave some empty.
_BANDS = 8


@numba.njit(nogil=True, cache=True, fastmath=True, parallel=True, boundscheck=False)
def rasterise(
    corners: I32,
    xy: F32,
    z: F32,
    cull: U8,
    rank: F32,
    mask: I32,
    uvs: F32,
    mask_shapes: I32,
    mask_pixels: U8,
    names: I32,
    triangle: I32,
    depth: F32,
) -> None:
    """Draw triangles into a picture of triangle numbers and one of depths.

    Args:
        corners: int32, (T, 3), vertices.
        xy: float32, (N, 2), places in pixels, centres at whole numbers, y down.
        z: float32, (N,), metres towards the viewer.
        cull: uint8, (T,), :data:`BOTH_SIDES`, :data:`NO_BACK` or :data:`NO_FRONT`.
        rank: float32, (T,), metres that a triangle counts as nearer.
        mask: int32, (T,), which mask cuts holes into it, -1 for none.
        uvs: float32, (N, 2), places in the masks, 0..1, repeated beyond.
        mask_shapes: int32, (M, 3), first pixel, height and width of each mask.
        mask_pixels: uint8, flat; 0 is a hole.
        names: int32, (T,), what is written for each triangle.
        triangle: int32, (H, W), written where a triangle is nearer than `depth`.
        depth: float32, (H, W), written with it.
    """
    height, width = depth.shape
    # The rows that each triangle may reach; none where it is not seen.
    lows, highs = np.empty(len(corners), np.int16), np.empty(len(corners), np.int16)
    for t in numba.prange(len(corners)):
        a, b, c = corners[t, 0], corners[t, 1], corners[t, 2]
        ax, ay, bx, by, cx, cy = xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1], xy[c, 0], xy[c, 1]
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        hidden = area == 0.0 or (cull[t] == NO_BACK and area > 0.0) or (cull[t] == NO_FRONT and area < 0.0)
        hidden |= max(ax, bx, cx) < 0.0 or min(ax, bx, cx) > width - 1
        hidden |= np.floor(max(ax, bx, cx)) < np.ceil(min(ax, bx, cx))
        low = max(np.ceil(min(ay, by, cy)), np.float32(0.0))
        high = min(np.floor(max(ay, by, cy)), np.float32(height - 1))
        lows[t] = 1 if hidden or low > high else int(low)
        highs[t] = 0 if hidden or low > high else int(high)
    for band in numba.prange(_BANDS):
        first, last = height * band // _BANDS, height * (band + 1) // _BANDS - 1
        for t in range(len(corners)):
            low, high = max(lows[t], first), min(highs[t], last)
            if low > high:
                continue
            a, b, c = corners[t, 0], corners[t, 1], corners[t, 2]
            ax, ay, bx, by, cx, cy = xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1], xy[c, 0], xy[c, 1]
            left = max(int(np.ceil(min(ax, bx, cx))), 0)
            right = min(int(np.floor(max(ax, bx, cx))), width - 1)
            area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
            scale = np.float32(1.0) / area
            # Weights of the second and the third corner, and how they change from pixel to pixel.
            second_x, second_y = (cy - ay) * scale, (ax - cx) * scale
            third_x, third_y = (ay - by) * scale, (bx - ax) * scale
            za, zb, zc = z[a], z[b] - z[a], z[c] - z[a]
            nearer = rank[t]
            holes = mask[t]
            for row in range(low, high + 1):
                second = (left - ax) * second_x + (row - ay) * second_y
                third = (left - ax) * third_x + (row - ay) * third_y
                for column in range(left, right + 1):
                    if second >= 0.0 and third >= 0.0 and second + third <= 1.0:
                        here = za + second * zb + third * zc + nearer
                        if here >= depth[row, column]:
                            drawn = True
                            if holes >= 0:
                                one = np.float32(1.0) - second - third
                                u = uvs[a, 0] * one + uvs[b, 0] * second + uvs[c, 0] * third
                                v = uvs[a, 1] * one + uvs[b, 1] * second + uvs[c, 1] * third
                                rows, columns = mask_shapes[holes, 1], mask_shapes[holes, 2]
                                # A card that ends at a border of its mask does not begin again beyond.
                                if u < -BORDER or u > 1.0 + BORDER:
                                    u -= np.floor(u)
                                if v < -BORDER or v > 1.0 + BORDER:
                                    v -= np.floor(v)
                                mask_row = min(max(int(v * rows), 0), rows - 1)
                                mask_column = min(max(int(u * columns), 0), columns - 1)
                                drawn = mask_pixels[mask_shapes[holes, 0] + mask_row * columns + mask_column] != 0
                            if drawn:
                                depth[row, column] = here
                                triangle[row, column] = names[t]
                    second += second_x
                    third += third_x
