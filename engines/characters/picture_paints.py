"""What is dyed with what in a sheet's pictures, and the pictures in other colours.

A figure says which paint each triangle has; drawn in a view's pose it says so of each pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from engines.drawing import DrawnFigure
from engines.figure import Figure, Region
from engines.studio.colour import difference, to_lab
from engines.studio.dye import Dye, Kind, beside_skin, dyed_image, unchanged
from engines.studio.paint import GARMENTS, Paint
from engines.studio.recolour import KINDS

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
ColourMap = Callable[[F32], F32]

#: A garment nearer to the skin's colour than this (CIEDE2000) cannot be told from skin by its colour.
_LIKE_SKIN = 18.0
#: So many pixels of a paint tell its colour.
_ENOUGH = 40
#: Widths of the transition between two paints, in pixels.
_SOFT_PX = 3


def paint_of_pixels(drawn: DrawnFigure, figure: Figure, picture: U8) -> U8:
    """Return the paint of each pixel of a picture, uint8 (S, S); 0 where nothing is dyed.

    Args:
        drawn: the figure in the picture's pose and camera.
        figure: with paints.
        picture: uint8, (S, S, 4).
    """
    assert figure.paint is not None
    shown = np.where(drawn.ink >= 0, drawn.ink, drawn.triangle)
    # What closed lips show belongs to the mouth's inside, which has no paint; skin is all that its dye moves.
    painted = np.where((figure.paint == 0) & (figure.region == Region.MOUTH), Paint.LIPS, figure.paint)
    paints = np.where(shown >= 0, painted[shown], 0).astype(np.uint8)
    bare = (shown < 0) & (picture[..., 3] > 0)
    if bare.any() and (shown >= 0).any():  # soft edges reach a pixel beyond the figure
        rows, columns = ndimage.distance_transform_edt(shown < 0, return_distances=False, return_indices=True)
        paints[bare] = paints[rows[bare], columns[bare]]
    return paints


def main_colours(pictures: Sequence[U8], paints: Sequence[U8]) -> dict[Paint, F32]:
    """Return the median colour, CIELAB (3,), of every paint that shows in the pictures."""
    samples: dict[Paint, list[U8]] = {}
    for picture, own in zip(pictures, paints, strict=True):
        least, most = cv2.erode(own, np.ones((3, 3), np.uint8)), cv2.dilate(own, np.ones((3, 3), np.uint8))
        inside = (least == most) & (picture[..., 3] == 255)
        for paint in Paint:
            chosen = inside & (own == paint)
            if paint and chosen.any():
                samples.setdefault(paint, []).append(picture[chosen][:, :3])
    found = {}
    for paint, pixels in samples.items():
        rgb = np.concatenate(pixels)
        if len(rgb) < _ENOUGH:
            continue
        lab = to_lab(rgb[:: max(1, len(rgb) // 20_000)].astype(np.float32) / 255)
        if paint in {Paint.IRIS_LEFT, Paint.IRIS_RIGHT}:  # what names it is its coloured part
            chroma = np.hypot(lab[:, 1], lab[:, 2])
            lab = lab[chroma >= np.median(chroma)]
        found[paint] = np.median(lab, axis=0).astype(np.float32)
    return found


def recoloured(
    pictures: Sequence[U8], paints: Sequence[U8], colours: Mapping[Paint, F32], targets: Mapping[Paint, F32]
) -> tuple[U8, ...]:
    """Return pictures with their paints' main colours moved to others.

    Args:
        pictures: uint8, (S, S, 4) each, straight-alpha RGBA.
        paints: uint8, (S, S) each, see :func:`paint_of_pixels`.
        colours: CIELAB of the paints as they are, see :func:`main_colours`.
        targets: CIELAB of those that change.
    """
    shares = [_shares(own) for own in paints]
    sums = [np.zeros((*picture.shape[:2], 3), np.float32) for picture in pictures]
    rests = [np.ones(picture.shape[:2], np.float32) for picture in pictures]
    for paint, dye in dyes(colours, targets).items():
        masks = [share.get(paint) for share in shares]
        inside = [mask > 0 if mask is not None else None for mask in masks]
        pixels = [picture[mask] for picture, mask in zip(pictures, inside, strict=True) if mask is not None]
        if not pixels:
            continue
        strip = np.concatenate(pixels)[:, None]  # (n, 1, 4): one table of colours serves all pictures
        dyed = dyed_image(dye, strip)[:, 0, :3].astype(np.float32)
        first = 0
        for mask, chosen, total, rest in zip(masks, inside, sums, rests, strict=True):
            if mask is None or chosen is None:
                continue
            weight = mask[chosen]
            total[chosen] += weight[:, None] * dyed[first : first + len(weight)]
            rest[chosen] -= weight
            first += len(weight)
    result = []
    for picture, total, rest in zip(pictures, sums, rests, strict=True):
        colour = total + np.maximum(rest, 0.0)[..., None] * picture[..., :3]
        result.append(np.dstack([np.clip(np.round(colour), 0, 255).astype(np.uint8), picture[..., 3]]))
    return tuple(result)


def recoloured_figure(figure: Figure, colours: Mapping[Paint, F32], targets: Mapping[Paint, F32]) -> Figure:
    """Return the figure with its own colours and its ink dyed as :func:`recoloured` does pictures."""
    assert figure.paint is not None
    paint = np.zeros(len(figure.places), np.uint8)
    paint[figure.triangles.ravel()] = np.repeat(figure.paint, 3)
    own, ink = figure.colours.copy(), figure.ink.copy()
    for one, dye in dyes(colours, targets).items():
        chosen = paint == one
        if chosen.any():
            for values in (own, ink):
                strip = np.dstack([values[chosen][:, None], np.full((int(chosen.sum()), 1, 1), 255, np.uint8)])
                values[chosen] = dyed_image(dye, strip)[:, 0, :3]
    return replace(figure, colours=own, ink=ink)


def dyes(colours: Mapping[Paint, F32], targets: Mapping[Paint, F32]) -> dict[Paint, ColourMap]:
    """Return the maps, CIELAB (n, 3) to CIELAB (n, 3), of the paints that change."""
    found: dict[Paint, ColourMap] = {
        paint: Dye(source=colours[paint], target=target, kind=KINDS.get(paint, Kind.CLOTH))
        for paint, target in targets.items()
        if paint in colours
    }
    skin = found.get(Paint.SKIN)
    if isinstance(skin, Dye):
        found[Paint.LIPS] = skin
        for paint in GARMENTS:  # stockings and gloves may be painted on the body, and skin shows beside them
            if paint in colours and float(difference(colours[paint], skin.source)) > _LIKE_SKIN:
                found[paint] = beside_skin(found.get(paint, unchanged), skin)
    return found


def _shares(paints: U8) -> dict[Paint, F32]:
    """Return how much of each pixel is each paint, float32 (S, S), softened over edges; without paint 0."""
    found = {}
    for paint in np.unique(paints):
        if paint:
            mask = (paints == paint).astype(np.float32)
            found[Paint(int(paint))] = np.asarray(cv2.blur(mask, (_SOFT_PX, _SOFT_PX)), np.float32)
    return found
