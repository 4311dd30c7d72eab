"""MToon materials and textures of a VRM 0.x file.

The parameters stand in `VRM.materialProperties`, in the order of glTF's own materials.  Colours stay in sRGB:
MToon's products are the same there up to rounding, because a power law commutes with multiplication.

Source: VRM 0.x specification, `VRM.material`; MToon 0.x shader (`_ShadeShift`, `_ShadeToony`, `_BlendMode`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.glb import Glb

U8 = npt.NDArray[np.uint8]
Colour = tuple[float, float, float, float]

#: Larger textures are halved until they fit: the sharpest picture made of them is 1024 wide.
MAX_TEXTURE_PX = 1024
_QUEUES = {0: 2000, 1: 2450, 2: 3000, 3: 3000}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the renderer needs of an MToon material.

    Args:
        name: the file's own.
        lit_colour, shade_colour, emission_colour, outline_colour: sRGB and alpha, 0..1.
        lit_texture, shade_texture, emission_texture: index into the avatar's textures, or None.
        shade_shift: -1..1, where the terminator lies.
        shade_toony: 0..1, how hard the terminator is.
        alpha_mode, alpha_cutoff: see :class:`AlphaMode`; the cutoff holds for CUTOUT.
        cull: the side that is not drawn.
        outline_width_m: 0 where the material has no outline.
        outline_lighting: 0..1, how much of the surface's colour the outline takes.
        render_queue: draw order, small first.
        depth_write: whether later surfaces behind it are hidden.
    """

    name: str
    lit_colour: Colour = (1.0, 1.0, 1.0, 1.0)
    shade_colour: Colour = (0.9, 0.8, 0.82, 1.0)
    emission_colour: Colour = (0.0, 0.0, 0.0, 1.0)
    outline_colour: Colour = (0.0, 0.0, 0.0, 1.0)
    lit_texture: int | None = None
    shade_texture: int | None = None
    emission_texture: int | None = None
    shade_shift: float = 0.0
    shade_toony: float = 0.9
    alpha_mode: AlphaMode = AlphaMode.OPAQUE
    alpha_cutoff: float = 0.5
    cull: Cull = Cull.BACK
    outline_width_m: float = 0.0
    outline_lighting: float = 1.0
    render_queue: int = 2000
    depth_write: bool = True

    @property
    def invisible(self) -> bool:
        """Whether the material draws nothing: MMD files hide parts with alpha 0."""
        return self.alpha_mode is not AlphaMode.OPAQUE and self.lit_colour[3] <= 0.0


def read_materials(glb: Glb) -> tuple[Material, ...]:
    """Return the file's materials in the order that its primitives index them."""
    properties = glb.json["extensions"]["VRM"].get("materialProperties", [])
    materials = glb.json.get("materials", [])
    sources = [texture.get("source") for texture in glb.json.get("textures", [])]
    return tuple(
        _read_mtoon(properties[index], sources)
        if index < len(properties) and "MToon" in properties[index].get("shader", "")
        else _read_gltf(material, sources)
        for index, material in enumerate(materials)
    )


def read_textures(glb: Glb, max_px: int = MAX_TEXTURE_PX) -> tuple[U8, ...]:
    """Return the file's images, each uint8 (H, W, 4) sRGB with straight alpha, top row first."""
    textures = []
    for index in range(len(glb.json.get("images", []))):
        image = glb.image(index)
        scale = max(image.size) / max_px
        if scale > 1:
            size = (max(1, round(image.width / scale)), max(1, round(image.height / scale)))
            image = image.resize(size, Image.Resampling.BOX)
        textures.append(np.array(image, np.uint8))
    return tuple(textures)


def _read_mtoon(data: dict[str, Any], sources: list[int | None]) -> Material:
    floats, vectors = data.get("floatProperties", {}), data.get("vectorProperties", {})
    textures = data.get("textureProperties", {})

    def colour(name: str, default: Colour) -> Colour:
        values = [*vectors.get(name, default), 1.0][:4]
        return float(values[0]), float(values[1]), float(values[2]), float(values[3])

    def texture(name: str) -> int | None:
        index = textures.get(name)
        return sources[index] if index is not None and index < len(sources) else None

    blend = int(floats.get("_BlendMode", 0))
    outlined = int(floats.get("_OutlineWidthMode", 0)) != 0
    emission = colour("_EmissionColor", (0.0, 0.0, 0.0, 1.0))
    queue = int(data.get("renderQueue", -1))
    return Material(
        name=data.get("name", ""),
        lit_colour=colour("_Color", (1.0, 1.0, 1.0, 1.0)),
        shade_colour=colour("_ShadeColor", (0.97, 0.81, 0.86, 1.0)),
        emission_colour=emission,
        outline_colour=colour("_OutlineColor", (0.0, 0.0, 0.0, 1.0)),
        lit_texture=texture("_MainTex"),
        shade_texture=texture("_ShadeTexture"),
        emission_texture=texture("_EmissionMap") if max(emission[:3]) > 0 else None,
        shade_shift=float(floats.get("_ShadeShift", 0.0)),
        shade_toony=float(floats.get("_ShadeToony", 0.9)),
        alpha_mode=(AlphaMode.OPAQUE, AlphaMode.CUTOUT, AlphaMode.BLEND, AlphaMode.BLEND)[blend % 4],
        alpha_cutoff=float(floats.get("_Cutoff", 0.5)),
        cull=(Cull.NONE, Cull.FRONT, Cull.BACK)[int(floats.get("_CullMode", 2)) % 3],
        # MToon's unit is a hundredth of a metre.
        outline_width_m=float(floats.get("_OutlineWidth", 0.0)) * 0.01 if outlined else 0.0,
        outline_lighting=float(floats.get("_OutlineLightingMix", 1.0)) if floats.get("_OutlineColorMode", 0) else 0.0,
        render_queue=queue if queue >= 0 else _QUEUES[blend % 4],
        depth_write=bool(floats.get("_ZWrite", 1)),
    )


def _read_gltf(data: dict[str, Any], sources: list[int | None]) -> Material:
    """Return a plain glTF material as a flat MToon one (`VRM_USE_GLTFSHADER`)."""
    surface = data.get("pbrMetallicRoughness", {})
    values = surface.get("baseColorFactor", [1.0, 1.0, 1.0, 1.0])
    index = surface.get("baseColorTexture", {}).get("index")
    texture = sources[index] if index is not None and index < len(sources) else None
    mode = {"MASK": AlphaMode.CUTOUT, "BLEND": AlphaMode.BLEND}.get(data.get("alphaMode", ""), AlphaMode.OPAQUE)
    lit = (float(values[0]), float(values[1]), float(values[2]), float(values[3]))
    return Material(
        name=data.get("name", ""),
        lit_colour=lit,
        shade_colour=(lit[0] * 0.85, lit[1] * 0.8, lit[2] * 0.85, 1.0),
        lit_texture=texture,
        shade_texture=texture,
        alpha_mode=mode,
        alpha_cutoff=float(data.get("alphaCutoff", 0.5)),
        cull=Cull.NONE if data.get("doubleSided") else Cull.BACK,
        render_queue={AlphaMode.OPAQUE: 2000, AlphaMode.CUTOUT: 2450, AlphaMode.BLEND: 3000}[mode],
        depth_write=mode is not AlphaMode.BLEND,
    )
