"""Puts one avatar's iris, face, brows, lashes or clothes on another that is drawn on the same texture layout.

Avatars made with one version of VRoid Studio from one base share meshes and layouts.  Whether two do is not
believed but looked up: their triangles must lie at the same places of the texture.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.studio.avatar import Avatar
from engines.studio.materials import Material
from engines.studio.surface import material_of_triangles

F32 = npt.NDArray[np.float32]

#: Texture coordinates that differ by less than this are the same place: half a texel of the largest texture.
_SAME_UV = 2.5e-4


class Slot(Enum):
    """What can be exchanged; the value is a pattern for the names of the materials that go together."""

    IRIS = r"EyeIris|EyeHighlight"
    FACE = r"Face_00_SKIN"
    BROWS = r"FaceBrow"
    LASHES = r"FaceEyeline|FaceEyelash"
    CLOTHES = r"_Tops_|_Shoes_|_Bottoms_|_Accessory_|Body_00_SKIN"

    @property
    def has_skin(self) -> bool:
        """Whether skin is drawn on its textures too."""
        return self in {Slot.FACE, Slot.CLOTHES}


def slots_between(avatar: Avatar, donor: Avatar) -> tuple[Slot, ...]:
    """Return what `donor` can give to `avatar`: slots whose materials lie at the same places of their textures."""
    return tuple(slot for slot in Slot if _pairs(avatar, donor, slot))


def swapped(avatar: Avatar, donor: Avatar, slot: Slot) -> Avatar:
    """Return the avatar with the donor's materials and textures in one slot.

    Raises:
        AvatarError: the two do not share the layout of that slot.
    """
    pairs = _pairs(avatar, donor, slot)
    if not pairs:
        possible = ", ".join(other.name.lower() for other in slots_between(avatar, donor)) or "nothing"
        raise AvatarError(
            f"{avatar.name}: {slot.name.lower()} of {donor.name} is drawn on another layout; it can give {possible}"
        )
    materials, textures = list(avatar.materials), list(avatar.textures)
    moved: dict[int, int] = {}
    for own, other in pairs:
        given = donor.materials[other]
        changes: dict[str, Any] = {}  # names of fields are checked by `replace`
        for name in _texture_fields(given):
            index = getattr(given, name)
            if index not in moved:
                moved[index] = len(textures)
                textures.append(donor.textures[index])
            changes[name] = moved[index]
        own_material = materials[own]
        # Draw order was settled when the avatar was loaded.
        materials[own] = replace(given, name=own_material.name, render_queue=own_material.render_queue, **changes)
    return replace(avatar, materials=tuple(materials), textures=tuple(textures))


def _texture_fields(material: Material) -> tuple[str, ...]:
    names = (name for name in material.__dataclass_fields__ if name.endswith("_texture"))
    return tuple(name for name in names if isinstance(getattr(material, name), int))


def _pairs(avatar: Avatar, donor: Avatar, slot: Slot) -> list[tuple[int, int]]:
    """Return (own, donor's) material indices; empty where the layouts differ."""
    own, other = _layouts(avatar, slot), _layouts(donor, slot)
    if not own or own.keys() != other.keys():
        return []
    pairs = []
    for key, (index, places) in own.items():
        index_other, places_other = other[key]
        if places.shape != places_other.shape or np.abs(places - places_other).max() > _SAME_UV:
            return []
        pairs.append((index, index_other))
    return pairs


def _layouts(avatar: Avatar, slot: Slot) -> dict[str, tuple[int, F32]]:
    """Return what a material is called without its serial numbers -> index and where its triangles lie."""
    material = material_of_triangles(avatar)
    found: dict[str, tuple[int, F32]] = {}
    for index, properties in enumerate(avatar.materials):
        name = re.search(slot.value, properties.name)
        chosen = avatar.triangles[material == index]
        if name is None or not len(chosen):
            continue
        # Exporters number triangles alike but may start elsewhere: order them by place.
        places = avatar.uvs[chosen].reshape(len(chosen), 6)
        order = np.lexsort(np.round(places.T / _SAME_UV))
        key = name[0]
        while key in found:
            key += "+"
        found[key] = (index, places[order])
    return found
