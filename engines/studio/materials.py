"""What a surface looks like: MToon of both generations and plain glTF materials in one form, MToon 1.0's.

Colours are stored encoded, as VRM 0.x writes them and as painters pick them: linear light is ``colour ** GAMMA``.
Textures are stored as the file has them, sRGB where they are colours.  Where a texture is missing its factor stands
alone: a shade colour without a shade texture is not multiplied by the lit texture.

Source: `VRMC_materials_mtoon` 1.0 specification (names and formulas); three-vrm 3.5 (what VRM 0.x means in it).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

Colour = tuple[float, float, float, float]
#: The two rows of a matrix (2, 3) that takes (u, v, 1) of the mesh to a texture's (u, v).
UvTransform = tuple[float, float, float, float, float, float]

#: What colours are encoded with.  Source: VRM 0.x files written by Unity; three-vrm's conversion.
GAMMA = 2.2
SAME_UVS: UvTransform = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_BLACK: Colour = (0.0, 0.0, 0.0, 1.0)
_WHITE: Colour = (1.0, 1.0, 1.0, 1.0)


class AlphaMode(Enum):
    """How a material's alpha is used."""

    OPAQUE = "opaque"
    CUTOUT = "cutout"
    BLEND = "blend"


class Cull(Enum):
    """Which side of a triangle is not drawn."""

    NONE = "none"
    FRONT = "front"
    BACK = "back"


class Outline(Enum):
    """What an outline's width is measured in."""

    NONE = "none"
    WORLD = "world"  # metres
    SCREEN = "screen"  # parts of half the picture's height


class Kind(Enum):
    """What the file calls the material."""

    MTOON = "MToon"
    UNLIT = "unlit"
    PLAIN = "plain glTF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the renderer needs of a material.  All `*_texture` are indices into the avatar's textures, or None.

    Args:
        name: the file's own.
        kind: what it was; the other fields say all about how it is drawn.
        lit_colour: alpha is the surface's, times that of the lit texture.
        shade_colour, emission_colour, outline_colour, rim_colour, matcap_colour: alpha does not count; emission may
            exceed 1.
        lit_texture, shade_texture, emission_texture, rim_texture: multiply the colours of that name.
        matcap_texture: sampled by the normal; times the matcap colour it is added to the rim light, without a
            texture there is no matcap.
        rim_texture: multiplies rim light and matcap.
        normal_texture: tangent space, linear; x and y count `normal_scale` times.
        shading_shift: where the terminator lies: at ``dot(n, l) = -shading_shift`` it is in the middle.
        shading_toony: 0..1, how hard the terminator is; it is ``2 * (1 - shading_toony)`` wide.
        shading_shift_texture: linear; its red times `shading_shift_scale` is added to the shift.
        rim_fresnel_power, rim_lift, rim_lighting_mix: MToon 1.0's parametric rim light.
        gi_equalization: 0..1; what is lit by a single light does not show it.
        alpha_mode: see :class:`AlphaMode`.
        alpha_cutoff: holds for CUTOUT.
        cull: the side that is not drawn.
        outline: what `outline_width` is measured in.
        outline_width: 0 where the material has no outline.
        outline_texture: linear; its green multiplies the outline's width.
        outline_lighting: 0..1, how much of the surface's colour the outline takes.
        render_queue: draw order, small first.
        depth_write: whether later surfaces behind it are hidden.
        uv_transforms: (field, transform) of each texture whose uvs are not the mesh's: most have none, because a
            transform that all of a material's textures share is already in the mesh's uvs.
        uv_scroll: per second; a picture without time is the one at 0 s, where neither this nor the rotation shows.
        uv_rotation: radians per second.
        uv_mask_texture: linear; its blue multiplies both.
    """

    name: str
    kind: Kind = Kind.MTOON
    lit_colour: Colour = _WHITE
    shade_colour: Colour = (0.9, 0.8, 0.82, 1.0)
    emission_colour: Colour = _BLACK
    outline_colour: Colour = _BLACK
    rim_colour: Colour = _BLACK
    matcap_colour: Colour = _WHITE
    lit_texture: int | None = None
    shade_texture: int | None = None
    emission_texture: int | None = None
    rim_texture: int | None = None
    matcap_texture: int | None = None
    normal_texture: int | None = None
    normal_scale: float = 1.0
    shading_shift: float = -0.05
    shading_toony: float = 0.95
    shading_shift_texture: int | None = None
    shading_shift_scale: float = 1.0
    rim_fresnel_power: float = 1.0
    rim_lift: float = 0.0
    rim_lighting_mix: float = 0.0
    gi_equalization: float = 0.9
    alpha_mode: AlphaMode = AlphaMode.OPAQUE
    alpha_cutoff: float = 0.5
    cull: Cull = Cull.BACK
    outline: Outline = Outline.NONE
    outline_width: float = 0.0
    outline_texture: int | None = None
    outline_lighting: float = 1.0
    render_queue: int = 2000
    depth_write: bool = True
    uv_transforms: tuple[tuple[str, UvTransform], ...] = ()
    uv_scroll: tuple[float, float] = (0.0, 0.0)
    uv_rotation: float = 0.0
    uv_mask_texture: int | None = None

    @property
    def invisible(self) -> bool:
        """Whether the material draws nothing: MMD files hide parts with alpha 0."""
        return self.alpha_mode is not AlphaMode.OPAQUE and self.lit_colour[3] <= 0.0

    @property
    def glows(self) -> bool:
        """Whether it has emission."""
        return max(self.emission_colour[:3]) > 0.0

    @property
    def terminator(self) -> tuple[float, float]:
        """(start, width) of the terminator: shading is ``clamp((dot(n, l) - start) / width, 0, 1)``."""
        return self.shading_toony - 1.0 - self.shading_shift, 2.0 * (1.0 - self.shading_toony)

    @property
    def linear_textures(self) -> frozenset[int]:
        """The textures that hold numbers and no colours."""
        fields = (self.normal_texture, self.shading_shift_texture, self.outline_texture, self.uv_mask_texture)
        return frozenset(index for index in fields if index is not None)

    def uv_transform(self, field: str) -> UvTransform:
        """Return what takes the mesh's uvs to those of a texture, for example ``"rim_texture"``."""
        return dict(self.uv_transforms).get(field, SAME_UVS)


def linear(colour: Colour) -> tuple[float, float, float]:
    """Return a stored colour as linear light."""
    red, green, blue = (max(value, 0.0) ** GAMMA for value in colour[:3])
    return red, green, blue


def encoded(red: float, green: float, blue: float, alpha: float = 1.0) -> Colour:
    """Return linear light as a colour to store."""
    r, g, b = (max(value, 0.0) ** (1.0 / GAMMA) for value in (red, green, blue))
    return r, g, b, alpha
