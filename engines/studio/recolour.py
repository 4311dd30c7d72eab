"""Recolours an avatar in texture space: hair, irises, skin, each garment, brows and lashes.

A texture that several things share is dyed texel by texel, by the footprint of their triangles; a material that
uses another's texture gets its own.  A material's colour factor is multiplied into its texture, so that what is
left to dye is what one sees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.studio.avatar import Avatar
from engines.studio.colour import Lab, to_lab, to_srgb
from engines.studio.dye import Dye, beside_skin, dyed_image, dyed_rgb, unchanged
from engines.studio.footprint import footprint
from engines.studio.materials import Colour, Material
from engines.studio.paint import GARMENTS, Paint, paints_of
from engines.studio.palette import mean_colours
from engines.studio.parts import Parts, parts_of

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
ColourMap = Callable[[F32], F32]

#: Both eyes are drawn on one part of the texture when this part of one iris's texels lies on the other's.
_SHARED_IRIS = 0.2
#: Gloss on hair has this part of the hair's chroma (by eye: all of it looks wet with paint, none of it powdered).
_GLOSS_CHROMA = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Region:
    """The texels of one paint in one material's texture; `mask` is None where that is the whole texture."""

    paint: Paint
    mask: npt.NDArray[np.bool_] | None


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
        self._regions = [self._find_regions(index) for index in range(len(avatar.materials))]

    def recolour(self, targets: Mapping[Paint | str, Lab]) -> Avatar:
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
                materials[index] = self._dyed_material(material, regions, maps, textures, made)
        used = {value for material in materials for value in _textures(material)}
        before = {value for material in self.avatar.materials for value in _textures(material)}
        for gone in before - used:
            textures[gone] = np.full((1, 1, 4), 255, np.uint8)  # indices stay, memory does not
        return replace(self.avatar, materials=tuple(materials), textures=tuple(textures))

    def _dyes(self, targets: Mapping[Paint | str, Lab]) -> dict[Paint, ColourMap]:
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
            paint: Dye(source=self.colours[paint], target=target, skin=paint is Paint.SKIN)
            for paint, target in wanted.items()
        }
        if Paint.SKIN in dyes:
            dyes[Paint.LIPS] = dyes[Paint.SKIN]
        return dyes

    @property
    def shares_irises(self) -> bool:
        """Whether both irises are drawn on one part of a texture, so that they cannot differ."""
        return any(
            region.paint is Paint.IRIS_RIGHT and region.mask is None and self._has_both_irises(index)
            for index, regions in enumerate(self._regions)
            for region in regions
        )

    def _has_both_irises(self, material: int) -> bool:
        found = self.paints[self.parts.surface.material == material]
        return bool((found == Paint.IRIS_LEFT).any() and (found == Paint.IRIS_RIGHT).any())

    def _find_regions(self, index: int) -> list[_Region]:
        own = np.nonzero(self.parts.surface.material == index)[0]
        material = self.avatar.materials[index]
        present = [Paint(int(paint)) for paint in np.unique(self.paints[own])]
        if not present or present == [Paint.NOTHING]:
            return []
        if len(present) == 1 or material.lit_texture is None:
            area = [float(self.parts.surface.area[own][self.paints[own] == paint].sum()) for paint in present]
            return [_Region(paint=present[int(np.argmax(area))], mask=None)]
        height, width = self.avatar.textures[material.lit_texture].shape[:2]
        # Label 0 is "nobody's"; what keeps its colour must hold its texels too.
        labels = footprint(
            self.avatar.uvs, self.avatar.triangles[own], (self.paints[own] + 1).astype(np.uint8), width, height
        )
        regions = [_Region(paint=paint, mask=labels == int(paint) + 1) for paint in present]
        if {Paint.IRIS_LEFT, Paint.IRIS_RIGHT} <= set(present):
            chosen = own[self.paints[own] == Paint.IRIS_LEFT]
            alone = footprint(
                self.avatar.uvs, self.avatar.triangles[chosen], np.ones(len(chosen), np.uint8), width, height
            )
            left = next(region for region in regions if region.paint is Paint.IRIS_LEFT)
            if left.mask is not None and left.mask.sum() < (1 - _SHARED_IRIS) * (alone > 0).sum():
                regions = [r for r in regions if r.paint not in {Paint.IRIS_LEFT, Paint.IRIS_RIGHT}]
                regions.append(_Region(paint=Paint.IRIS_RIGHT, mask=None))
        return regions

    def _dyed_material(
        self,
        material: Material,
        regions: list[_Region],
        maps: Mapping[Paint, ColourMap],
        textures: list[U8],
        made: dict[tuple[object, ...], int],
    ) -> Material:
        """Return the material in its new colours; its new textures are appended to `textures`."""
        lit, shade = _rgb(material.lit_colour), _rgb(material.shade_colour)
        lead = max(regions, key=lambda region: 2.0 if region.mask is None else float(region.mask.mean()))
        main = maps[lead.paint]
        emission = material.emission_colour
        if lead.paint is Paint.HAIR:
            emission = _tinted(emission, maps[Paint.HAIR], self.colours[Paint.HAIR])
        outline = (*_tuple(dyed_rgb(main, _rgb(material.outline_colour))), material.outline_colour[3])
        if material.lit_texture is None:
            return replace(
                material,
                lit_colour=(*_tuple(dyed_rgb(main, lit)), material.lit_colour[3]),
                shade_colour=(*_tuple(dyed_rgb(main, shade)), material.shade_colour[3]),
                outline_colour=outline,
                emission_colour=emission,
            )
        key = tuple((region.paint, id(region.mask) if region.mask is not None else 0) for region in regions)
        new_lit = self._dyed_texture(material.lit_texture, lit, regions, maps, textures, made, key)
        if material.shade_texture == material.lit_texture:
            # One texture for both: the new factor is what the main colour's shade now is to its light.
            own = self._texture_colour(lead.paint) / np.maximum(lit, 1e-2)
            was_lit, was_shade = np.clip(own * lit, 0, 1), np.clip(own * shade, 0, 1)
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
        )

    def _texture_colour(self, paint: Paint) -> F32:
        source = self.colours[Paint.SKIN if paint is Paint.LIPS and Paint.SKIN in self.colours else paint]
        return to_srgb(source)

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
        regions: list[_Region],
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


def _tinted(emission: Colour, dye: ColourMap, source: F32) -> Colour:
    """Return a gloss's colour as light as it was, with the hue of the hair and some of its chroma."""
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
