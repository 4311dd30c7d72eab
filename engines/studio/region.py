"""Which texels of a material's texture are dyed with what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.studio.avatar import Avatar
from engines.studio.footprint import footprint
from engines.studio.paint import Paint
from engines.studio.parts import Parts

U8 = npt.NDArray[np.uint8]

#: Both eyes are drawn on one part of the texture when this part of one iris's texels lies on the other's.
_SHARED_IRIS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Region:
    """The texels of one paint in one material's texture.

    Args:
        paint: which.
        mask: bool, (H, W) of the lit texture; None where everything that the material shows is of this paint.
        both_irises: both irises lie on the same texels; `paint` is then one of them.
    """

    paint: Paint
    mask: npt.NDArray[np.bool_] | None
    both_irises: bool = False


def regions_of(avatar: Avatar, index: int, parts: Parts, paints: U8) -> list[Region]:
    """Return the regions of the material `index`; none where nothing of it can be dyed.

    Args:
        avatar: whose.
        index: the material.
        parts: the avatar's.
        paints: uint8, (T,), of :func:`engines.studio.paint.paints_of`.
    """
    own = np.nonzero(parts.surface.material == index)[0]
    texture = avatar.materials[index].lit_texture
    present = [Paint(int(paint)) for paint in np.unique(paints[own])]
    if not present or present == [Paint.NOTHING]:
        return []
    if len(present) == 1 or texture is None:
        area = [float(parts.surface.area[own][paints[own] == paint].sum()) for paint in present]
        both = texture is None and {Paint.IRIS_LEFT, Paint.IRIS_RIGHT} <= set(present)
        return [Region(paint=present[int(np.argmax(area))], mask=None, both_irises=both)]
    height, width = avatar.textures[texture].shape[:2]
    # Label 0 is "nobody's"; what keeps its colour must hold its texels too.
    labels = footprint(avatar.uvs, avatar.triangles[own], (paints[own] + 1).astype(np.uint8), width, height)
    regions = {paint: Region(paint=paint, mask=labels == int(paint) + 1) for paint in present}
    irises = regions.get(Paint.IRIS_LEFT), regions.get(Paint.IRIS_RIGHT)
    if irises[0] is not None and irises[1] is not None:
        left, right = irises[0].mask, irises[1].mask
        chosen = own[paints[own] == Paint.IRIS_LEFT]
        alone = footprint(avatar.uvs, avatar.triangles[chosen], np.ones(len(chosen), np.uint8), width, height) > 0
        if left is not None and right is not None and (left & alone).sum() < (1 - _SHARED_IRIS) * alone.sum():
            del regions[Paint.IRIS_LEFT]
            regions[Paint.IRIS_RIGHT] = Region(paint=Paint.IRIS_RIGHT, mask=left | right, both_irises=True)
    return list(regions.values())
