"""Faces that a portrait did not make: how far each point of its mesh moves for a raised brow, a smile, a wink."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.portrait_head import MESH_POINTS

F64 = npt.NDArray[np.float64]
Moved = dict[int, tuple[float, float, float]]

SIDES = ("left", "right")
#: Upper lid, lower lid and the fold above from the nose outwards.
UPPER_LID = {"left": (398, 384, 385, 386, 387, 388, 466), "right": (173, 157, 158, 159, 160, 161, 246)}
LOWER_LID = {"left": (382, 381, 380, 374, 373, 390, 249), "right": (155, 154, 153, 145, 144, 163, 7)}
LID_FOLD = {"left": (414, 286, 258, 257, 259, 260, 467), "right": (190, 56, 28, 27, 29, 30, 247)}
#: Inner end, middle and outer end of the brow, upper and lower border.
INNER_BROW = {"left": (336, 285, 295), "right": (107, 55, 65)}
MIDDLE_BROW = {"left": (296, 334, 282), "right": (66, 105, 52)}
OUTER_BROW = {"left": (293, 283, 276, 300), "right": (63, 53, 46, 70)}
CORNERS = {"left": (291, 308), "right": (61, 78)}
#: Lower lip, inner and outer border without the corners.
LOWER_LIP = (95, 88, 178, 87, 14, 317, 402, 318, 324, 146, 91, 181, 84, 17, 314, 405, 321, 375)
UPPER_LIP = (191, 80, 81, 82, 13, 312, 311, 310, 415, 185, 40, 39, 37, 0, 267, 269, 270, 409)
#: How far a push spreads over the skin, centimetres.
_SPREAD_CM = 1.3


def shut(vertices: F64, side: str, amount: float = 1.0) -> Moved:
    """Return the upper lid of one eye drawn over it; 1 shuts it.

    Args:
        vertices: float64, (V, 3), `PortraitHead.vertices`.
        side: "left" or "right", the subject's.
        amount: 0..1; below 0 the eye widens.
    """
    moved: Moved = {}
    for upper, lower, fold in zip(UPPER_LID[side], LOWER_LID[side], LID_FOLD[side], strict=True):
        gap = vertices[lower] - vertices[upper]
        moved[upper] = _triple(1.0 * amount * gap + [0.0, 0.0, 0.05])
        moved[lower] = _triple(-0.05 * amount * gap)
        moved[fold] = _triple(0.5 * amount * gap)
    return moved


def pushed(vertices: F64, pushes: Mapping[Sequence[int], tuple[float, float, float]]) -> Moved:
    """Return the mesh with groups of points pushed by centimetres, and the skin around them following.

    Args:
        vertices: float64, (V, 3), `PortraitHead.vertices`.
        pushes: points and how far they go: to the subject's left, up and forwards.
    """
    mesh = vertices[:MESH_POINTS]
    total = np.zeros((MESH_POINTS, 3))
    weight = np.zeros(MESH_POINTS)
    for points, by in pushes.items():
        distance = np.linalg.norm(mesh[:, None, :2] - mesh[None, list(points), :2], axis=2).min(1)
        near = np.exp(-0.5 * np.square(distance / _SPREAD_CM))
        total += near[:, None] * np.array(by)
        weight += near
    total /= np.maximum(weight, 1.0)[:, None]
    return {int(at): _triple(total[at]) for at in np.nonzero(np.abs(total).max(1) > 1e-3)[0]}


def brows(vertices: F64, *, inner: float = 0.0, outer: float = 0.0, together: float = 0.0) -> Moved:
    """Return both brows moved by centimetres: their inner ends and outer halves up, the inner ends to the middle."""
    pushes: dict[Sequence[int], tuple[float, float, float]] = {}
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        pushes[INNER_BROW[side]] = (-sign * together, inner, 0.0)
        pushes[MIDDLE_BROW[side]] = (-0.4 * sign * together, (inner + outer) / 2, 0.0)
        pushes[OUTER_BROW[side]] = (0.0, outer, 0.0)
    return pushed(vertices, pushes)


def mouth(vertices: F64, *, lift: float = 0.0, wide: float = 0.0, jaw: float = 0.0, press: float = 0.0) -> Moved:
    """Return the mouth moved by centimetres.

    Args:
        vertices: as for :func:`shut`.
        lift: corners up.
        wide: each corner outwards; below 0 a pucker, for which the lips come forwards.
        jaw: lower lip and chin down.
        press: upper and lower lip towards each other.
    """
    forward = max(-wide, 0.0)
    pushes: dict[Sequence[int], tuple[float, float, float]] = {
        CORNERS["left"]: (wide, lift, 0.0),
        CORNERS["right"]: (-wide, lift, 0.0),
    }
    moved = {at: np.array(by) for at, by in pushed(vertices, pushes).items()}
    mesh = vertices[:MESH_POINTS]
    line, half = float(mesh[[13, 14], 1].mean()), float(abs(mesh[291, 0] - mesh[61, 0]) / 2)
    for at in range(MESH_POINTS):
        x, y, _ = mesh[at]
        across = float(np.exp(-0.5 * (x / (0.75 * half)) ** 2))
        below = at in LOWER_LIP or (at not in UPPER_LIP and y < line - 0.1)
        near = float(np.exp(-0.5 * ((y - line) / 1.2) ** 2)) * across
        by = np.array([0.0, -jaw * across if below else 0.0, forward * near])
        by[0] += wide * float(np.clip(x / half, -1.0, 1.0)) * near if wide < 0 else 0.0
        by[1] += (press if below else -press) * near
        if np.abs(by).max() > 1e-3:
            moved[at] = moved.get(at, np.zeros(3)) + by
    return {at: _triple(by) for at, by in moved.items()}


def together(*parts: Moved) -> Moved:
    """Return several movements at once."""
    total: dict[int, F64] = {}
    for part in parts:
        for at, by in part.items():
            total[at] = total.get(at, np.zeros(3)) + np.array(by)
    return {at: _triple(by) for at, by in total.items()}


def _triple(by: F64) -> tuple[float, float, float]:
    return (float(by[0]), float(by[1]), float(by[2]))
