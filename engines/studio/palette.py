"""A character's palette: one CIELAB colour for hair, each iris, skin and each garment.

A colour is the median over the surface, which shading, outlines and small ornaments do not move; it is a label of
every picture, and what a recolouring starts from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.framing import face_plane
from engines.studio.avatar import Avatar
from engines.studio.colour import difference
from engines.studio.paint import Paint, paints_of
from engines.studio.part_names import Part
from engines.studio.parts import Parts, parts_of
from engines.studio.surface import sample_colours

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: The rows of a palette; data sets store them in this order.
PALETTE: tuple[Paint, ...] = (
    Paint.HAIR,
    Paint.IRIS_LEFT,
    Paint.IRIS_RIGHT,
    Paint.SKIN,
    Paint.TOP,
    Paint.BOTTOM,
    Paint.EXTRA,
    Paint.SHOES,
    Paint.NECKWEAR,
)
#: Samples that are drawn less than this are not seen.
_SEEN = 0.5
#: The skin's colour is that of the face within this part of the face frame's half extent.
_FACE_PART = 0.8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Palette:
    """One colour per row of :data:`PALETTE`.

    Args:
        lab: float32, (len(PALETTE), 3), CIELAB; 0 where the character has no such thing.
        present: bool, (len(PALETTE),).
    """

    lab: F32
    present: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.lab.shape != (len(PALETTE), 3) or self.present.shape != (len(PALETTE),):
            raise ValueError(f"palette: got {self.lab.shape} and {self.present.shape}, expected ({len(PALETTE)}, 3)")

    def colour(self, paint: Paint) -> F32 | None:
        """Return one colour, float32 (3,), or None where it is absent."""
        row = PALETTE.index(paint)
        return self.lab[row] if self.present[row] else None


def palette_of(avatar: Avatar, parts: Parts | None = None, paints: U8 | None = None) -> Palette:
    """Return an avatar's palette.

    Args:
        avatar: any avatar.
        parts: where they are known already: those of the avatar that a recoloured one was made of.
        paints: the same, of :func:`engines.studio.paint.paints_of`.
    """
    parts = parts_of(avatar) if parts is None else parts
    paints = paints_of(avatar, parts) if paints is None else paints
    colours = mean_colours(avatar, parts, paints)
    lab = np.zeros((len(PALETTE), 3), np.float32)
    for row, paint in enumerate(PALETTE):
        lab[row] = colours.get(paint, np.zeros(3, np.float32))
    return Palette(lab=lab, present=np.array([paint in colours for paint in PALETTE]))


def mean_colours(avatar: Avatar, parts: Parts, paints: U8) -> dict[Paint, F32]:
    """Return the median colour, CIELAB (3,), of everything that an avatar has and that can be dyed."""
    lab, alpha = sample_colours(avatar, parts.surface.material)
    weight = np.where(alpha >= _SEEN, parts.surface.area[:, None] + 1e-9, 0.0)
    found: dict[Paint, F32] = {}
    on_face = _front_of_face(avatar, parts)
    for paint in Paint:
        chosen = paints == paint
        if paint is not Paint.NOTHING and weight[chosen].any():
            own = weight[chosen]
            if paint in {Paint.IRIS_LEFT, Paint.IRIS_RIGHT}:
                # An iris is dark above and white where it shines; what names it is its coloured part.
                own = own * (np.hypot(lab[chosen][..., 1], lab[chosen][..., 2]) + 1.0)
            elif paint is Paint.SKIN and own[on_face[chosen]].any():
                own = own * on_face[chosen][:, None]
            found[paint] = _weighted_median(lab[chosen].reshape(-1, 3), own.reshape(-1))
    return found


def palette_distances(one: Palette, others: Sequence[Palette]) -> list[tuple[float, float]]:
    """Return the largest and the mean CIEDE2000 difference to each other palette, over the rows that both have.

    Both are 0 where two palettes have no row in common.
    """
    if not others:
        return []
    lab = np.stack([other.lab for other in others])  # (O, R, 3)
    both = np.stack([other.present for other in others]) & one.present
    apart = np.where(both, difference(lab, one.lab[None]), 0.0)
    mean = apart.sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    return [(float(largest), float(middle)) for largest, middle in zip(apart.max(axis=1), mean, strict=True)]


def _front_of_face(avatar: Avatar, parts: Parts) -> npt.NDArray[np.bool_]:
    """Return which triangles are the face that one sees: many are paler there than behind and below."""
    centre, half = face_plane(avatar.proportions)
    near = np.linalg.norm(parts.surface.centre - centre, axis=1) < _FACE_PART * half
    opaque = np.array([material.depth_write for material in avatar.materials], bool)[parts.surface.material]
    return np.asarray((parts.triangles == Part.FACE_SKIN) & near & opaque)


def _weighted_median(values: F32, weight: npt.NDArray[np.floating[Any]]) -> F32:
    """Return the median of each column of (n, c) values, (c,)."""
    order = np.argsort(values, axis=0)
    total = np.cumsum(weight[order], axis=0)  # (n, c)
    middle = (total < total[-1:] / 2).sum(axis=0)
    columns = np.arange(values.shape[1])
    return np.asarray(values[order[np.minimum(middle, len(values) - 1), columns], columns], np.float32)
