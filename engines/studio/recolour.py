"""Recolours an avatar in texture space: hair, irises, skin, each garment, brows and lashes.

A texture that several things share is dyed texel by texel, by the footprint of their triangles; a material that
uses another's texture gets its own.  A material's colour factor is multiplied into its texture, so that what is
left to dye is what one sees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.studio.avatar import Avatar
from engines.studio.colour import Lab, to_lab, to_srgb
from engines.studio.dye import Dye, Kind, beside_skin, dyed_image, dyed_rgb, unchanged
from engines.studio.materials import Colour, Material
from engines.studio.paint import GARMENTS, Paint, paints_of
from engines.studio.palette import mean_colours
from engines.studio.parts import Parts, parts_of
from engines.studio.region import Region, regions_of

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
ColourMap = Callable[[F32], F32]

#: How paints are dyed; what is not here, as cloth.
KINDS = {
    Paint.HAIR: Kind.HAIR,
    Paint.BROWS: Kind.HAIR,
    Paint.LASHES: Kind.HAIR,
    Paint.IRIS_LEFT: Kind.IRIS,
    Paint.IRIS_RIGHT: Kind.IRIS,
    Paint.SKIN: Kind.SKIN,
}
#: Gloss on hair has this part of the hair's chroma (by eye: all of it looks wet with paint, none of it powdered).
_GLOSS_CHROMA = 0.5
#: Rim light whose channels differ by more than this has a hue, which follows the surface's; other rims stay white.
_COLOURED_RIM = 0.05
#: Dyed outlines stay at or below these.
_LINE_LIGHTNESS, _LINE_CHROMA = 32.0, 20.0


class Recolourer:
    """Recolours one avatar again and again: what does not depend on the colours is found once.

    Args:
        avatar: whom.
        parts: its parts, where they are known or were corrected by hand.
    """

    def __init__(self, avatar: Avatar, parts: Parts | None = None) -> None:
        self.avatar = avatar
        self.parts = parts_of(avatar) if parts is None else parts
        self.paints = paints_of(avatar, self.parts)
        self.colours = mean_colours(avatar, self.parts, self.paints)
        self._regions = [regions_of(avatar, index, self.parts, self.paints) for index in range(len(avatar.materials))]
        area = np.zeros((len(avatar.materials), len(Paint)))
        np.add.at(area, (self.parts.surface.material, self.paints), self.parts.surface.area)
        self._leads = [Paint(int(paint)) for paint in area.argmax(axis=1)]

    def recolour(self, targets: Mapping[Paint, Lab] | Mapping[str, Lab]) -> Avatar:
        """Return a copy of the avatar in other colours; what is not named keeps its own.

        Args:
            targets: paint (or its name in small letters) -> CIELAB of the new main colour.

        Raises:
            AvatarError: the avatar has nothing of that paint, there is no such paint, or both irises are drawn on one
                part of a texture and shall differ.
        """
        dyes = self._dyes(targets)
        materials, textures = list(self.avatar.materials), list(self.avatar.textures)
        made: dict[tuple[object, ...], int] = {}
        for index, material in enumerate(materials):
            maps = self._maps(index, dyes)
            regions = [region for region in self._regions[index] if region.paint in maps]
            if regions:
                materials[index] = self._dyed_material(index, material, regions, maps, textures, made)
        used = {value for material in materials for value in _textures(material)}
        before = {value for material in self.avatar.materials for value in _textures(material)}
        for gone in before - used:
            textures[gone] = np.full((1, 1, 4), 255, np.uint8)  # indices stay, memory does not
        return replace(self.avatar, materials=tuple(materials), textures=tuple(textures))

    def _dyes(self, targets: Mapping[Paint, Lab] | Mapping[str, Lab]) -> dict[Paint, ColourMap]:
        name = self.avatar.name
        wanted: dict[Paint, F32] = {}
        for key, lab in targets.items():
            try:
                paint = key if isinstance(key, Paint) else Paint[key.upper()]
            except KeyError as error:
                known = ", ".join(paint.name.lower() for paint in self.colours)
                raise AvatarError(f"{name}: nothing is called {key!r}; recolour one of {known}") from error
            if paint not in self.colours:
                what = paint.name.lower()
                raise AvatarError(
                    f"{name}: no triangle is {what}, so it cannot be recoloured; name a material for it (user=...)"
                )
            wanted[paint] = np.asarray(lab, np.float32)
        left, right = (wanted.get(paint) for paint in (Paint.IRIS_LEFT, Paint.IRIS_RIGHT))
        if self.shares_irises and (left is None) != (right is None):
            wanted[Paint.IRIS_LEFT] = wanted[Paint.IRIS_RIGHT] = np.asarray(right if left is None else left)
        elif self.shares_irises and left is not None and right is not None and not np.allclose(left, right):
            raise AvatarError(f"{name}: both irises are drawn on one part of the texture; give them one colour")
        dyes: dict[Paint, ColourMap] = {
            paint: Dye(source=self.colours[paint], target=target, kind=KINDS.get(paint, Kind.CLOTH))
            for paint, target in wanted.items()
        }
        if Paint.SKIN in dyes:
            dyes[Paint.LIPS] = dyes[Paint.SKIN]
        return dyes

    @property
    def shares_irises(self) -> bool:
        """Whether both irises are drawn on one part of a texture, so that they cannot differ."""
        return any(region.both_irises for regions in self._regions for region in regions)

    def _dyed_material(
        self,
        index: int,
        material: Material,
        regions: list[Region],
        maps: Mapping[Paint, ColourMap],
        textures: list[U8],
        made: dict[tuple[object, ...], int],
    ) -> Material:
        """Return the material in its new colours; its new textures are appended to `textures`."""
        lit, shade = _rgb(material.lit_colour), _rgb(material.shade_colour)
        # Factors hold for the whole material: they go with what most of it shows, be it dyed or not.
        lead = self._leads[index]
        main = maps.get(lead, unchanged)
        emission = material.emission_colour
        if lead is Paint.HAIR:
            emission = _tinted(emission, main, self.colours[Paint.HAIR])
        rim = material.rim_colour
        if float(np.ptp(_rgb(rim))) > _COLOURED_RIM and lead in self.colours:
            rim = _tinted(rim, main, self.colours[lead])
        outline = _outlined(material.outline_colour, main)
        if material.lit_texture is None:
            return replace(
                material,
                lit_colour=(*_tuple(dyed_rgb(main, lit)), material.lit_colour[3]),
                shade_colour=(*_tuple(dyed_rgb(main, shade)), material.shade_colour[3]),
                outline_colour=outline,
                emission_colour=emission,
                rim_colour=rim,
            )
        key = tuple((region.paint, id(region.mask) if region.mask is not None else 0) for region in regions)
        new_lit = self._dyed_texture(material.lit_texture, lit, regions, maps, textures, made, key)
        if material.shade_texture == material.lit_texture:
            # One texture for both: the new factor is what the main colour's shade now is to its light.
            was_lit = self._main_rgb(lead)
            was_shade = np.clip(was_lit / np.maximum(lit, 1e-2) * shade, 0, 1)
            ratio = dyed_rgb(main, was_shade) / np.maximum(dyed_rgb(main, was_lit), 1e-2)
            new_shade, shade_colour = new_lit, _tuple(np.clip(ratio, 0.05, 1.0))
        elif material.shade_texture is None:
            new_shade, shade_colour = None, _tuple(dyed_rgb(main, shade))
        else:
            new_shade = self._dyed_texture(material.shade_texture, shade, regions, maps, textures, made, key)
            shade_colour = (1.0, 1.0, 1.0)
        return replace(
            material,
            lit_colour=(1.0, 1.0, 1.0, material.lit_colour[3]),
            shade_colour=(*shade_colour, material.shade_colour[3]),
            lit_texture=new_lit,
            shade_texture=new_shade,
            outline_colour=outline,
            emission_colour=emission,
            rim_colour=rim,
        )

    def _main_rgb(self, paint: Paint) -> F32:
        """Return a main colour as sRGB (3,); white for what has none."""
        source = self.colours.get(Paint.SKIN if paint is Paint.LIPS else paint)
        return np.ones(3, np.float32) if source is None else to_srgb(source)

    def _maps(self, index: int, dyes: Mapping[Paint, ColourMap]) -> dict[Paint, ColourMap]:
        """Return each paint's map in one material: garments painted on skin leave the skin's texels to it."""
        maps = dict(dyes)
        skin = dyes.get(Paint.SKIN)
        present = {region.paint for region in self._regions[index]}
        if Paint.SKIN in present and isinstance(skin, Dye):
            for paint in GARMENTS:
                if paint in present:
                    maps[paint] = beside_skin(dyes.get(paint, unchanged), skin)
        return maps

    def _dyed_texture(
        self,
        texture: int,
        factor: F32,
        regions: list[Region],
        maps: Mapping[Paint, ColourMap],
        textures: list[U8],
        made: dict[tuple[object, ...], int],
        key: tuple[object, ...],
    ) -> int:
        """Return the index of the dyed texture, which is made once for each way of dyeing it."""
        whole_key = (texture, factor.tobytes(), key)
        if whole_key not in made:
            image = self.avatar.textures[texture]
            result = image.copy()
            result[:, :, :3] = np.round(image[:, :, :3] * factor)
            for region in regions:
                mask = region.mask
                if mask is None:
                    result = dyed_image(maps[region.paint], image, factor)
                    continue
                if mask.shape != image.shape[:2]:  # a shade texture of another size
                    rows = np.arange(image.shape[0]) * mask.shape[0] // image.shape[0]
                    columns = np.arange(image.shape[1]) * mask.shape[1] // image.shape[1]
                    mask = mask[np.ix_(rows, columns)]
                inside = np.nonzero(mask)
                if len(inside[0]):
                    box = np.s_[inside[0].min() : inside[0].max() + 1, inside[1].min() : inside[1].max() + 1]
                    dyed = dyed_image(maps[region.paint], image[box], factor)
                    result[box] = np.where(mask[box][..., None], dyed, result[box])
            textures.append(result)
            made[whole_key] = len(textures) - 1
        return made[whole_key]


def _textures(material: Material) -> set[int]:
    """Return the indices of every texture that a material uses."""
    fields = (getattr(material, name) for name in material.__dataclass_fields__ if name.endswith("_texture"))
    return {value for value in fields if isinstance(value, int)}


def _outlined(outline: Colour, dye: ColourMap) -> Colour:
    """Return an outline's colour after the dye: never brighter or more colourful than a line may be."""
    if max(outline[:3]) <= 0 or dye is unchanged:
        return outline
    old = to_lab(_rgb(outline))
    new = dye(old[None])[0]
    new[0] = min(float(new[0]), max(float(old[0]), _LINE_LIGHTNESS))
    new[1:] *= min(1.0, _LINE_CHROMA / max(float(np.hypot(new[1], new[2])), 1e-3))
    return (*_tuple(to_srgb(new)), outline[3])


def _tinted(emission: Colour, dye: ColourMap, source: F32) -> Colour:
    """Return the colour of gloss or rim light as light as it was, with the surface's new hue and some chroma."""
    if max(emission[:3]) <= 0:
        return emission
    new = dye(source[None])[0]
    lab = to_lab(np.clip(_rgb(emission), 0.0, 1.0))
    lab[1:] = new[1:] * (_GLOSS_CHROMA * lab[0] / 100)
    return (*_tuple(to_srgb(lab)), emission[3])


def _rgb(colour: Colour) -> F32:
    return np.asarray(colour[:3], np.float32)


def _tuple(rgb: F32) -> tuple[float, float, float]:
    return float(rgb[0]), float(rgb[1]), float(rgb[2])
