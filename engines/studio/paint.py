"""What of a character has a colour of its own: hair, each iris, skin, each garment, brows, lashes.

Garments are told apart as the eye tells them: what is worn above, what below, shoes, what a name says is worn round
the neck, and extras: the second garment above, in another colour, such as a shirt under a vest.
"""

from __future__ import annotations

import re
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from engines.skeleton import BONES
from engines.studio.avatar import Avatar
from engines.studio.colour import difference
from engines.studio.part_names import SKIN, Part
from engines.studio.parts import Parts

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]


class Paint(IntEnum):
    """What is dyed as one; 0 keeps its colour."""

    NOTHING = 0
    HAIR = 1
    IRIS_LEFT = 2
    IRIS_RIGHT = 3
    SKIN = 4
    TOP = 5
    BOTTOM = 6
    EXTRA = 7
    SHOES = 8
    BROWS = 9
    LASHES = 10
    LIPS = 11
    NECKWEAR = 12


GARMENTS = (Paint.TOP, Paint.BOTTOM, Paint.EXTRA, Paint.SHOES, Paint.NECKWEAR)
#: Names that say which garment it is; they win over the bones.
_GARMENT_NAMES: tuple[tuple[re.Pattern[str], Paint], ...] = (
    (re.compile(r"shoes|boots|靴|くつ|ブーツ"), Paint.SHOES),
    (re.compile(r"(?<![a-z])tie|ribbon|scarf|マフラー|ネクタイ|リボン"), Paint.NECKWEAR),
    (re.compile(r"tops|shirt|jacket|onepiece|トップス|シャツ|ワンピ"), Paint.TOP),
    (re.compile(r"bottoms|skirt|pants|スカート|パンツ|ズボン|ボトムス"), Paint.BOTTOM),
)
#: A garment above in another colour than the largest one (CIEDE2000) is an extra.
_OTHER_DIFFERENCE = 20.0
#: The same where it is of another material: a white shirt under a light grey cardigan.
_OTHER_MATERIAL_DIFFERENCE = 5.0
#: A garment without a texture is worn above when at least this part of it is.
_ABOVE = 0.25
_LEG_BONES = np.array([bone.endswith(("_leg", "_foot")) or bone == "hips" for bone in BONES])
_FOOT_BONES = np.array([bone.endswith("_foot") for bone in BONES])


def paints_of(avatar: Avatar, parts: Parts) -> U8:
    """Return what each triangle is dyed with, uint8 (T,), values of :class:`Paint`."""
    triangles, surface = parts.triangles, parts.surface
    paints = np.zeros(len(triangles), np.uint8)
    paints[triangles == Part.HAIR] = Paint.HAIR
    paints[triangles == Part.BROWS] = Paint.BROWS
    paints[triangles == Part.LASHES] = Paint.LASHES
    paints[np.isin(triangles, [int(part) for part in SKIN])] = Paint.SKIN
    middle = (avatar.proportions.left_eye[0] + avatar.proportions.right_eye[0]) / 2
    iris = triangles == Part.IRIS
    paints[iris] = np.where(surface.centre[iris, 0] > middle, Paint.IRIS_LEFT, Paint.IRIS_RIGHT)
    # Painted lips go with the face; a mouth's inside keeps its colour.
    faces = np.unique(surface.material[triangles == Part.FACE_SKIN])
    paints[(triangles == Part.MOUTH) & np.isin(surface.material, faces)] = Paint.LIPS
    _garments(avatar, parts, paints)
    return paints


def _garments(avatar: Avatar, parts: Parts, paints: U8) -> None:
    surface = parts.surface
    cloth = parts.triangles == Part.CLOTHES
    feet = _FOOT_BONES[surface.bone].all(axis=1)
    legs = _LEG_BONES[surface.bone].mean(axis=1) > 0.5
    for index, material in enumerate(avatar.materials):
        own = np.nonzero(cloth & (surface.material == index))[0]
        if not len(own):
            continue
        named = next((paint for name, paint in _GARMENT_NAMES if name.search(material.name.lower())), None)
        painted_on_skin = bool((parts.triangles[surface.material == index] == Part.BODY_SKIN).any())
        if named is not None:
            paints[own] = named
        elif material.lit_texture is None:
            # One colour is one garment: that of the part which a portrait shows.
            above = float(surface.area[own][~legs[own]].sum()) > _ABOVE * float(surface.area[own].sum())
            paints[own] = Paint.TOP if above else _of_bones(feet[own], legs[own], surface.area[own])
        elif painted_on_skin:
            paints[own] = np.where(feet[own], Paint.SHOES, np.where(legs[own], Paint.BOTTOM, Paint.TOP))
        else:
            for piece in np.unique(surface.piece[own]):
                chosen = own[surface.piece[own] == piece]
                paints[chosen] = _of_bones(feet[chosen], legs[chosen], surface.area[chosen])
    _set_extras_apart(parts, paints)


def _of_bones(feet: npt.NDArray[np.bool_], legs: npt.NDArray[np.bool_], area: F32) -> Paint:
    total = max(float(area.sum()), 1e-12)
    if float(area[feet].sum()) > 0.3 * total:
        return Paint.SHOES
    return Paint.BOTTOM if float(area[legs].sum()) > 0.6 * total else Paint.TOP


def _set_extras_apart(parts: Parts, paints: U8) -> None:
    """Make extras of those pieces above whose colour is far from that of the largest; in place."""
    surface, colour = parts.surface, parts.surface.colour
    top = paints == Paint.TOP
    groups = []
    for material in np.unique(surface.material[top]):
        of_material = top & (surface.material == material)
        if (parts.triangles[surface.material == material] == Part.BODY_SKIN).any():
            continue  # painted on the body under the rest
        pieces, sizes = np.unique(surface.piece[of_material], return_counts=True)
        large = pieces[sizes > 0.2 * sizes.sum()]
        for piece in large if len(large) > 1 else pieces[:0]:
            groups.append(of_material & (surface.piece == piece))
        rest = of_material & ~np.isin(surface.piece, large) if len(large) > 1 else of_material
        if rest.any():
            groups.append(rest)
    if len(groups) < 2:
        return
    groups.sort(key=lambda group: -float(surface.area[group].sum()))
    main = np.median(colour[groups[0]], axis=0)
    of_largest = surface.material[groups[0]][0]
    for group in groups[1:]:
        least = _OTHER_DIFFERENCE if surface.material[group][0] == of_largest else _OTHER_MATERIAL_DIFFERENCE
        if difference(np.median(colour[group], axis=0), main) > least:
            paints[group] = Paint.EXTRA
