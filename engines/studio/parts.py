"""Which part of the character each triangle is: hair, face skin, iris, brows, clothes and so on.

What the user says holds; else a material's name says what it mostly is; else its place does.  One material often
holds several parts (MMD files draw face, brows and mouth with one, VRoid paints stockings on the body), so its
triangles are looked at again: which expression moves the piece that they belong to, which bones they follow, and
whether they have the colour of the cheeks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.studio.avatar import Avatar
from engines.studio.colour import difference
from engines.studio.part_look import Looker
from engines.studio.part_names import Part, part_of_name
from engines.studio.surface import Surface, surface_of

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

#: Pieces in hair this far in colour from the rest (CIEDE2000), and smaller than this part of it, are clips and ribbons.
_CLIP_DIFFERENCE = 15.0
_CLIP_AREA = 0.06
#: ... unless this part of the other hair has their colour: the dark end of a lock is hair.
_SHARED_AREA = 0.015
_SAME_DIFFERENCE = 8.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """An avatar's triangles by part.

    Args:
        triangles: uint8, (T,), a :class:`Part` each.
        materials: what each material mostly is; NOTHING where no triangle has it.
        sources: how each material's part was found: "user", "name", "geometry" or "unused".
        skin: float32, (3,), CIELAB of the cheeks.
        surface: what was looked at.
    """

    triangles: U8
    materials: tuple[Part, ...]
    sources: tuple[str, ...]
    skin: F32
    surface: Surface


def parts_of(avatar: Avatar, user: Mapping[str, Part | str] | None = None) -> Parts:
    """Return which part each triangle of an avatar is.

    Args:
        avatar: any avatar.
        user: material name -> part (or its name in small letters); all of the material's triangles become it.

    Raises:
        AvatarError: `user` names a material that the avatar has not, or a part that there is not.
    """
    said = _said(avatar, user or {})
    surface = surface_of(avatar)
    looker = Looker(avatar, surface)
    triangles = np.zeros(len(avatar.triangles), np.uint8)
    sources: list[str] = []
    for index, material in enumerate(avatar.materials):
        chosen = np.nonzero(surface.material == index)[0]
        named, mixed = part_of_name(material.name)
        if not len(chosen):
            sources.append("unused")
        elif material.name in said:
            triangles[chosen] = said[material.name]
            sources.append("user")
        else:
            triangles[chosen] = looker.look(chosen, named) if mixed or named is None else named
            sources.append("name" if named is not None else "geometry")
    _set_glossy_irises_right(triangles, avatar, surface)
    _set_clips_apart(triangles, surface, [i for i, source in enumerate(sources) if source == "user"])
    counts = np.zeros((len(avatar.materials), len(Part)))
    np.add.at(counts, (surface.material, triangles), surface.area + 1e-12)
    return Parts(
        triangles=triangles,
        materials=tuple(Part(int(part)) for part in counts.argmax(axis=1)),
        sources=tuple(sources),
        skin=looker.skin,
        surface=surface,
    )


def _said(avatar: Avatar, user: Mapping[str, Part | str]) -> dict[str, Part]:
    names = {material.name for material in avatar.materials}
    said = {}
    for name, part in user.items():
        if name not in names:
            raise AvatarError(f"{avatar.name}: has no material {name!r}; it has {', '.join(sorted(names))}")
        try:
            said[name] = part if isinstance(part, Part) else Part[part.upper()]
        except KeyError as error:
            known = ", ".join(part.name.lower() for part in Part if part)
            raise AvatarError(f"{avatar.name}: material {name!r}: no part {part!r}; use one of {known}") from error
    return said


def _set_glossy_irises_right(triangles: U8, avatar: Avatar, surface: Surface) -> None:
    """Make iris of a highlight that is drawn with the iris's texture: the whole iris once more; in place."""
    texture = np.array([-1 if m.lit_texture is None else m.lit_texture for m in avatar.materials])[surface.material]
    of_iris = np.unique(texture[triangles == Part.IRIS])
    for material in np.unique(surface.material[triangles == Part.HIGHLIGHT]):
        whole = surface.material == material
        named, mixed = part_of_name(avatar.materials[material].name)
        if named is Part.HIGHLIGHT and not mixed and np.isin(texture[whole], of_iris[of_iris >= 0]).all():
            triangles[whole] = np.where(triangles[whole] == Part.HIGHLIGHT, Part.IRIS, triangles[whole])


def _set_clips_apart(triangles: U8, surface: Surface, said: list[int]) -> None:
    """Make accessories of what stands out in hair by its colour: clips, ribbons, ear-rings; in place."""
    hair = (triangles == Part.HAIR) & ~np.isin(surface.material, said)
    if not hair.any():
        return
    colour = surface.colour
    total = float(surface.area[hair].sum())
    main = np.median(colour[hair], axis=0)
    for material in np.unique(surface.material[hair]):
        whole = hair & (surface.material == material)
        groups = [whole] if surface.area[whole].sum() < _CLIP_AREA * total else []
        groups += [whole & (surface.piece == piece) for piece in np.unique(surface.piece[whole])]
        for group in groups:
            own = np.median(colour[group], axis=0)
            if surface.area[group].sum() > _CLIP_AREA * total or difference(own, main) <= _CLIP_DIFFERENCE:
                continue
            others = hair & ~group
            alike = difference(colour[others], own) < _SAME_DIFFERENCE
            if surface.area[others][alike].sum() < _SHARED_AREA * total:
                triangles[group] = Part.ACCESSORIES
