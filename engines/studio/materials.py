"""MToon materials of both generations in one parametrisation: MToon 1.0's, which older files are converted to.

Colours keep one convention, the older files': ``linear = value ** 2.2`` per channel (a pure power, not sRGB's curve;
alpha is linear).  Newer files give linear colours, which are brought here.  Texture contents are sRGB.

Source: VRM 1.0 specification, `VRMC_materials_mtoon`; three-vrm 3.5.5, `VRMMaterialsV0CompatPlugin` and `mtoon.frag`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
Colour = tuple[float, float, float, float]
Pair = tuple[float, float]

#: A colour's value to this power is linear light.  Source: three-vrm, `gammaEOTF`.
GAMMA = 2.2


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


class Wrap(Enum):
    """What lies beyond a texture's border; the values are glTF's."""

    REPEAT = 10497
    CLAMP = 33071
    MIRROR = 33648


@dataclass(frozen=True, slots=True, kw_only=True)
class UvTransform:
    """Where in a texture a file's uvs point: turned, then scaled, then shifted.

    glTF's text has the scale before the rotation, which is the same unless both are there and the scale is uneven;
    three.js draws it this way.

    Args:
        offset: in parts of the texture, v downwards.
        rotation: radians.
        scale: of u and v.

    Source: glTF extension `KHR_texture_transform`, as three.js `Matrix3.setUvTransform` reads it.
    """

    offset: Pair = (0.0, 0.0)
    rotation: float = 0.0
    scale: Pair = (1.0, 1.0)

    def apply(self, uvs: F32) -> F32:
        """Return `uvs`, float32 (N, 2), v = 0 at the top row, transformed."""
        if self == UvTransform():
            return uvs
        c, s = np.cos(self.rotation), np.sin(self.rotation)
        matrix = np.array([[c * self.scale[0], s * self.scale[0]], [-s * self.scale[1], c * self.scale[1]]])
        return np.asarray(uvs @ matrix.T + self.offset, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the renderer needs of an MToon material; the defaults are neutral.

    Args:
        name: the file's own.
        lit_colour, shade_colour, outline_colour, rim_colour, matcap_colour: 0..1, see above; alpha counts in the lit
            one only.
        emission_colour: as they, but may exceed 1.
        lit_texture, shade_texture, emission_texture, matcap_texture, rim_texture: index into the avatar's textures,
            or None for white; colour, sRGB.  The shade colour is never multiplied by the lit texture.  The rim
            texture multiplies rim and matcap; without a matcap texture there is no matcap.
        normal_texture, outline_width_texture, uv_mask_texture: the same, but data: the normal in the texture's
            tangent space, the width's part in G, where uvs move in B.
        shading_shift_texture: its R, sRGB-decoded, times `shading_shift_scale` is added to `shading_shift`.
        normal_scale: of the normal's x and y.
        shading_shift: -1..1, added to the cosine between normal and light.
        shading_toony: 0..1, how hard the terminator is.
        rim_power: of the Fresnel term.
        rim_lift: 0..1, added to the Fresnel term.
        rim_lighting: 0..1, how much of the light's colour the rim takes.
        alpha_mode, alpha_cutoff: see :class:`AlphaMode`; the cutoff holds for CUTOUT, smaller alpha is cut out.
        cull: the side that is not drawn.
        outline_width_m: 0 where the material has no outline in world units.
        outline_width_screen: 0 where it has none in screen units: parts of half the picture's height.
        outline_lighting: 0..1, how much of the surface's colour the outline takes.
        uv_transform: already in the avatar's uvs; kept for those who write files.
        uv_scroll: per second, parts of the texture, v downwards.
        uv_spin: radians per second, about the texture's middle.
        wrap: of u and v, for all textures but the matcap.
        render_queue: draw order, small first: up to 2500 opaque and cutout, up to 2510 blended with depth, then
            blended without.
        depth_write: whether later surfaces behind it are hidden.
    """

    name: str
    lit_colour: Colour = (1.0, 1.0, 1.0, 1.0)
    shade_colour: Colour = (0.9, 0.8, 0.82, 1.0)
    emission_colour: Colour = (0.0, 0.0, 0.0, 1.0)
    outline_colour: Colour = (0.0, 0.0, 0.0, 1.0)
    rim_colour: Colour = (0.0, 0.0, 0.0, 1.0)
    matcap_colour: Colour = (1.0, 1.0, 1.0, 1.0)
    lit_texture: int | None = None
    shade_texture: int | None = None
    emission_texture: int | None = None
    matcap_texture: int | None = None
    rim_texture: int | None = None
    normal_texture: int | None = None
    outline_width_texture: int | None = None
    uv_mask_texture: int | None = None
    shading_shift_texture: int | None = None
    shading_shift_scale: float = 1.0
    normal_scale: float = 1.0
    shading_shift: float = -0.05
    shading_toony: float = 0.95
    rim_power: float = 5.0
    rim_lift: float = 0.0
    rim_lighting: float = 1.0
    alpha_mode: AlphaMode = AlphaMode.OPAQUE
    alpha_cutoff: float = 0.5
    cull: Cull = Cull.BACK
    outline_width_m: float = 0.0
    outline_width_screen: float = 0.0
    outline_lighting: float = 1.0
    uv_transform: UvTransform = UvTransform()
    uv_scroll: Pair = (0.0, 0.0)
    uv_spin: float = 0.0
    wrap: tuple[Wrap, Wrap] = (Wrap.REPEAT, Wrap.REPEAT)
    render_queue: int = 2000
    depth_write: bool = True

    @property
    def invisible(self) -> bool:
        """Whether the material draws nothing: MMD files hide parts with alpha 0."""
        return self.alpha_mode is not AlphaMode.OPAQUE and self.lit_colour[3] <= 0.0

    @property
    def terminator(self) -> Pair:
        """Cosines between normal and light: up to the first the shade colour, from the second the lit one."""
        toony = min(max(self.shading_toony, 0.0), 1.0)
        return toony - 1.0 - self.shading_shift, 1.0 - toony - self.shading_shift
