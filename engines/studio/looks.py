"""What the shaders need of a material: features, uniforms and textures, for its surface and for its outline.

Whatever a material does not use is left out: textures of one colour become part of a factor, and where the shading
only scales one texture, a polynomial of the shading takes the place of decoding, mixing and encoding colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engines.studio.materials import GAMMA, AlphaMode, Colour, Cull, Material
from engines.studio.shaders import Feature

F64 = npt.NDArray[np.float64]
Rgb = tuple[float, float, float]
#: The one colour of a texture, uint8 RGBA; None where it has several.
Plain = tuple[int, int, int, int] | None
Uniform = float | tuple[float, ...]

#: A blended surface is what a pixel shows where it covers at least half of what is behind it.
HIT_CUTOFF = 0.5
#: Narrower terminators than this are steps.
_LEAST_WIDTH = 1e-4
#: Shadings at which the polynomial is fitted, and its degree.
_SHADINGS = np.linspace(0.0, 1.0, 33)
_DEGREE = 3
#: A polynomial that leaves the true colour by more than this (of 1) is not used.
_CURVE_TOLERANCE = 0.006
#: Features that add light to what the texture has, so that no polynomial of the shading will do.
_ADDING: frozenset[Feature] = frozenset({"MATCAP", "RIM", "GLOWS"})
#: Texture of the material -> feature of the shader.
_SAMPLED: dict[str, Feature] = {
    "lit_texture": "LIT_TEXTURE",
    "shade_texture": "SHADE_TEXTURE",
    "emission_texture": "EMISSION_TEXTURE",
    "rim_texture": "RIM_TEXTURE",
    "matcap_texture": "MATCAP",
    "normal_texture": "NORMAL_TEXTURE",
    "shading_shift_texture": "SHIFT_TEXTURE",
    "outline_width_texture": "WIDTH_TEXTURE",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """How one pass over a material's triangles is drawn.

    Args:
        features: what the shader has.
        uniforms: name -> value, for the shader.
        textures: sampler -> index of the avatar's texture.
        cull: the side that is not drawn.
        blended: whether it is mixed with what is behind.
        depth_write: whether later surfaces behind it are hidden.
        width_m: an outline's width in metres; 0 for surfaces.
        width_screen: an outline's width in parts of half the picture's height.
    """

    features: frozenset[Feature]
    uniforms: dict[str, Uniform]
    textures: dict[str, int]
    cull: Cull
    blended: bool = False
    depth_write: bool = True
    width_m: float = 0.0
    width_screen: float = 0.0


def surface_look(material: Material, plain: Sequence[Plain]) -> Look:
    """Return how a material's surface is drawn.

    Args:
        material: the material.
        plain: of each of the avatar's textures, the one colour that it has, or None.
    """
    paint = _Paint(material, plain)
    features = paint.features()
    if material.cull is Cull.NONE:
        features.add("TWO_SIDED")
    if not features & _ADDING:
        paint.bend(features, paint.lit, paint.shade)
    return paint.look(features, cull=material.cull)


def outline_look(material: Material, plain: Sequence[Plain]) -> Look | None:
    """Return how a material's outline is drawn, None where it has none; arguments as for :func:`surface_look`."""
    if material.outline_width_m <= 0 and material.outline_width_screen <= 0:
        return None
    paint = _Paint(material, plain)
    features = paint.features()
    width_texture, factor = paint.texture("outline_width_texture")
    if width_texture is not None:
        features.add("WIDTH_TEXTURE")
    line, share = _linear(material.outline_colour), material.outline_lighting
    if share <= 0 or line.max() <= 0:
        features = (features & {"BLENDED", "CUTOUT", "LIT_TEXTURE", "WIDTH_TEXTURE"}) | {"FLAT"}
        paint.uniforms["flat_colour"] = tuple(_encoded(line))
    elif share >= 1 and not features & _ADDING and paint.bend(features, paint.lit * line, paint.shade * line):
        pass
    else:
        paint.uniforms |= {"outline_colour": tuple(line), "outline_mix": share}
    # The hull's far side is drawn: three-vrm turns its normals away from the viewer unless there is a normal texture.
    paint.uniforms["outline_sign"] = 1.0 if material.normal_texture is None else -1.0
    look = paint.look(features | {"OUTLINE"}, cull=Cull.FRONT)
    part = float(factor[1])
    return replace(look, width_m=material.outline_width_m * part, width_screen=material.outline_width_screen * part)


def hit_look(material: Material, plain: Sequence[Plain]) -> Look:
    """Return how a material's triangles are told; arguments as for :func:`surface_look`."""
    paint = _Paint(material, plain)
    cutoff = {
        AlphaMode.OPAQUE: 0.0,
        AlphaMode.CUTOUT: material.alpha_cutoff,
        AlphaMode.BLEND: HIT_CUTOFF,
    }[material.alpha_mode]
    features: set[Feature] = set()
    if cutoff > 0 and ("LIT_TEXTURE" in paint.sampled or paint.alpha < cutoff):
        features |= {"CUTOUT", *paint.sampled & {"LIT_TEXTURE"}}
    paint.uniforms = {"cutoff": cutoff, "lit_alpha": paint.alpha}
    return Look(
        features=frozenset(features),
        uniforms=paint.uniforms,
        textures=paint.bound(features),
        cull=material.cull,
    )


class _Paint:
    """A material's colours as linear light, with textures of one colour worked into them."""

    def __init__(self, material: Material, plain: Sequence[Plain]) -> None:
        self._material = material
        self._plain = plain
        self.uniforms: dict[str, Uniform] = {}
        self.sampled: set[Feature] = set()
        for field, feature in _SAMPLED.items():
            if self.texture(field)[0] is not None:
                self.sampled.add(feature)
        lit_factor = self.texture("lit_texture")[1]
        self.alpha = material.lit_colour[3] * float(lit_factor[3])
        self.lit = self._light(material.lit_colour, "lit_texture")
        self.shade = self._light(material.shade_colour, "shade_texture")
        self.glow = self._light(material.emission_colour, "emission_texture")
        rim_factor = _decoded(self.texture("rim_texture")[1][:3])
        self.rim = _linear(material.rim_colour) * rim_factor
        self.ball = np.zeros(3)
        if material.matcap_texture is not None:
            self.ball = self._light(material.matcap_colour, "matcap_texture") * rim_factor
            if "MATCAP" not in self.sampled and "RIM_TEXTURE" not in self.sampled:
                self.glow, self.ball = self.glow + self.ball, np.zeros(3)

    def texture(self, field: str) -> tuple[int | None, F64]:
        """Return a texture of several colours, or None and the factor that takes its place, encoded RGBA 0..1."""
        index: int | None = getattr(self._material, field)
        colour = None if index is None else self._plain[index]
        return (index, np.ones(4)) if colour is None else (None, np.array(colour) / 255)

    def features(self) -> set[Feature]:
        """Return what the surface has, and keep the uniforms for it."""
        material, sampled = self._material, self.sampled
        found: set[Feature] = set(sampled & {"LIT_TEXTURE"})
        if material.alpha_mode is AlphaMode.BLEND:
            found.add("BLENDED")
        elif material.alpha_mode is AlphaMode.CUTOUT:
            found.add("CUTOUT")
        if "SHADE_TEXTURE" in sampled:
            found.add("SHADE_IS_LIT" if material.shade_texture == material.lit_texture else "SHADE_TEXTURE")
        if self.glow.max() > 0:
            found |= {"GLOWS", *sampled & {"EMISSION_TEXTURE"}}
        if self.rim.max() > 0:
            found |= {"RIM", *sampled & {"RIM_TEXTURE"}}
        if self.ball.max() > 0:
            found |= {"MATCAP", *sampled & {"RIM_TEXTURE"}}
        found |= sampled & {"NORMAL_TEXTURE", "SHIFT_TEXTURE"}
        start, end = material.terminator
        slope = 1.0 / max(end - start, _LEAST_WIDTH)
        self.uniforms |= {
            "terminator": (slope, -start * slope),
            "cutoff": material.alpha_cutoff,
            "lit_colour": (*self.lit, self.alpha),
            "shade_colour": tuple(self.shade),
            "emission_colour": tuple(self.glow),
            "rim_colour": tuple(self.rim),
            "rim_shape": (material.rim_lift, material.rim_power),
            "matcap_colour": tuple(self.ball),
            "normal_scale": material.normal_scale,
            "shift_scale": material.shading_shift_scale,
        }
        return found

    def bend(self, features: set[Feature], lit: F64, shade: F64) -> bool:
        """Replace the mix of two colours by a polynomial of the shading, if one fits; return whether it does."""
        one_texture = "SHADE_IS_LIT" in features or not features & {"LIT_TEXTURE", "SHADE_TEXTURE"}
        curve = _curve(lit, shade) if one_texture else None
        if curve is None:
            return False
        features.discard("SHADE_IS_LIT")
        features.add("CURVE")
        self.uniforms["curve"] = curve
        return True

    def look(self, features: set[Feature], *, cull: Cull) -> Look:
        """Return the look of a pass with these features."""
        material = self._material
        return Look(
            features=frozenset(features),
            uniforms=self.uniforms,
            textures=self.bound(features),
            cull=cull,
            blended=material.alpha_mode is AlphaMode.BLEND,
            depth_write=material.alpha_mode is not AlphaMode.BLEND or material.depth_write,
        )

    def bound(self, features: set[Feature]) -> dict[str, int]:
        """Return the textures that these features sample."""
        found = {field: self.texture(field)[0] for field, feature in _SAMPLED.items() if feature in features}
        return {field: index for field, index in found.items() if index is not None}

    def _light(self, colour: Colour, field: str) -> F64:
        return _linear(colour) * _decoded(self.texture(field)[1][:3])


def _curve(lit: F64, shade: F64) -> tuple[float, ...] | None:
    """Return the cubic in the shading, 4 coefficients of RGB, that gives the encoded mix; None if it does not fit."""
    true = _encoded(shade + (lit - shade) * _SHADINGS[:, None])
    powers = _SHADINGS[:, None] ** np.arange(_DEGREE + 1)
    fitted, *_ = np.linalg.lstsq(powers, true, rcond=None)
    if np.abs(powers @ fitted - true).max() > _CURVE_TOLERANCE:
        return None
    return tuple(float(value) for value in fitted.reshape(-1))


def _linear(colour: Colour) -> F64:
    """Return a material's colour as linear light."""
    return np.asarray(np.maximum(colour[:3], 0.0) ** GAMMA)


def _decoded(colour: F64) -> F64:
    """Return linear light of sRGB values.  Source: IEC 61966-2-1."""
    return np.where(colour <= 0.04045, colour / 12.92, ((np.maximum(colour, 0.0) + 0.055) / 1.055) ** 2.4)


def _encoded(light: F64) -> F64:
    """Return sRGB values of linear light, both cut to 0..1.  Source: IEC 61966-2-1."""
    values = np.clip(light, 0.0, 1.0)
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)
