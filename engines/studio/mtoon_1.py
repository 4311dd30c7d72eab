"""Materials in glTF's own place: MToon 1.0, unlit, and plain ones.

A plain material is drawn as an MToon one with a soft shade: a physical surface beside drawn ones would look foreign.
What MToon does not have is left out: metal, roughness, occlusion, second uvs.

Source: VRM 1.0 specification, `VRMC_materials_mtoon`; three-vrm 3.5.5, `MToonMaterialLoaderPlugin` (defaults too);
glTF extensions `KHR_materials_unlit`, `KHR_materials_emissive_strength`, `KHR_texture_transform`.
"""

from __future__ import annotations

from typing import Any

from engines.studio.draw_order import render_queue
from engines.studio.json_fields import integer, mapping, number, numbers
from engines.studio.materials import GAMMA, AlphaMode, Colour, Cull, Material, UvTransform
from engines.studio.textures import Texture, image_of, wrap_of

_MODES = {"MASK": AlphaMode.CUTOUT, "BLEND": AlphaMode.BLEND}
#: A plain glTF surface as a flat MToon one: its shade is a little darker and cooler (by eye).
_PLAIN_SHADE = (0.85, 0.8, 0.85)


def read_gltf_material(data: dict[str, Any], table: tuple[Texture, ...]) -> Material:
    """Return a glTF material.

    Args:
        data: its JSON.
        table: the file's textures.

    Raises:
        AvatarError: a parameter is no finite number.
    """
    extensions = mapping(data.get("extensions"), "extensions")
    toon = mapping(extensions.get("VRMC_materials_mtoon"), "VRMC_materials_mtoon")
    is_toon = "VRMC_materials_mtoon" in extensions
    unlit = "KHR_materials_unlit" in extensions and not is_toon
    surface = mapping(data.get("pbrMetallicRoughness"), "pbrMetallicRoughness")
    base = mapping(surface.get("baseColorTexture"), "baseColorTexture")
    emitted = mapping(data.get("emissiveTexture"), "emissiveTexture")
    normal = mapping(data.get("normalTexture"), "normalTexture")
    shaded = mapping(toon.get("shadeMultiplyTexture"), "shadeMultiplyTexture")
    mode = _MODES.get(str(data.get("alphaMode")), AlphaMode.OPAQUE)
    with_depth = mode is not AlphaMode.BLEND or toon.get("transparentWithZWrite") is True
    offset = integer(toon.get("renderQueueOffsetNumber", 0), "renderQueueOffsetNumber")
    lit = _from_linear(surface.get("baseColorFactor", [1.0] * 4), "baseColorFactor", 4)
    image = image_of(table, base.get("index"))
    infos = [info for info in (base, shaded, emitted, normal) if "index" in info]
    common: dict[str, Any] = {  # checked by Material's own names
        "name": str(data.get("name", "")),
        "lit_colour": lit,
        "lit_texture": image,
        "alpha_mode": mode,
        "alpha_cutoff": number(data.get("alphaCutoff", 0.5), "alphaCutoff"),
        "cull": Cull.NONE if data.get("doubleSided") is True else Cull.BACK,
        "render_queue": render_queue(mode, with_depth=with_depth, offset=offset),
        "depth_write": with_depth,
        "uv_transform": _transform(infos[0]) if infos else UvTransform(),
        "wrap": wrap_of(table, [info["index"] for info in infos]),
    }
    if unlit:
        return Material(shade_colour=lit, shade_texture=image, **common)
    emission = _emission(data, extensions)
    common |= {
        "emission_colour": emission,
        "emission_texture": image_of(table, emitted.get("index")) if max(emission[:3]) > 0 else None,
        "normal_texture": image_of(table, normal.get("index")),
        "normal_scale": number(normal.get("scale", 1.0), "normalTexture, scale"),
    }
    if not is_toon:
        shade = (lit[0] * _PLAIN_SHADE[0], lit[1] * _PLAIN_SHADE[1], lit[2] * _PLAIN_SHADE[2], 1.0)
        return Material(shade_colour=shade, shade_texture=image, **common)
    return Material(**_toon(toon, table), **common)


def _toon(toon: dict[str, Any], table: tuple[Texture, ...]) -> dict[str, Any]:
    """Return what the MToon extension says."""

    def value(name: str, default: float = 0.0) -> float:
        return number(toon.get(name, default), name)

    def colour(name: str, default: float = 0.0) -> Colour:
        return _from_linear(toon.get(name, [default] * 3), name, 3)

    def image(name: str) -> int | None:
        return image_of(table, mapping(toon.get(name), name).get("index"))

    outline, width = toon.get("outlineWidthMode"), max(value("outlineWidthFactor"), 0.0)
    shift = mapping(toon.get("shadingShiftTexture"), "shadingShiftTexture")
    return {
        "shade_colour": colour("shadeColorFactor"),
        "outline_colour": colour("outlineColorFactor"),
        "rim_colour": colour("parametricRimColorFactor"),
        "matcap_colour": colour("matcapFactor", 1.0),
        "shade_texture": image("shadeMultiplyTexture"),
        "matcap_texture": image("matcapTexture"),
        "rim_texture": image("rimMultiplyTexture"),
        "outline_width_texture": image("outlineWidthMultiplyTexture"),
        "uv_mask_texture": image("uvAnimationMaskTexture"),
        "shading_shift_texture": image("shadingShiftTexture"),
        "shading_shift_scale": number(shift.get("scale", 1.0), "shadingShiftTexture, scale"),
        "shading_shift": value("shadingShiftFactor"),
        "shading_toony": value("shadingToonyFactor", 0.9),
        "rim_power": value("parametricRimFresnelPowerFactor", 5.0),
        "rim_lift": value("parametricRimLiftFactor"),
        "rim_lighting": value("rimLightingMixFactor", 1.0),
        "outline_width_m": width if outline == "worldCoordinates" else 0.0,
        "outline_width_screen": width if outline == "screenCoordinates" else 0.0,
        "outline_lighting": value("outlineLightingMixFactor", 1.0),
        "uv_scroll": (value("uvAnimationScrollXSpeedFactor"), value("uvAnimationScrollYSpeedFactor")),
        "uv_spin": value("uvAnimationRotationSpeedFactor"),
    }


def _emission(data: dict[str, Any], extensions: dict[str, Any]) -> Colour:
    strength = mapping(extensions.get("KHR_materials_emissive_strength"), "KHR_materials_emissive_strength")
    older = mapping(extensions.get("VRMC_materials_hdr_emissiveMultiplier"), "VRMC_materials_hdr_emissiveMultiplier")
    factor = strength.get("emissiveStrength", older.get("emissiveMultiplier", 1.0))
    glow = number(factor, "emissiveStrength")
    light = numbers(data.get("emissiveFactor", [0.0] * 3), "emissiveFactor", 3)
    return _from_linear([value * glow for value in light[:3]], "emissiveFactor", 3)


def _transform(info: dict[str, Any]) -> UvTransform:
    what = "KHR_texture_transform"
    data = mapping(mapping(info.get("extensions"), what).get(what), what)
    x, y = numbers(data.get("offset", [0.0, 0.0]), f"{what}, offset", 2)[:2]
    width, height = numbers(data.get("scale", [1.0, 1.0]), f"{what}, scale", 2)[:2]
    rotation = number(data.get("rotation", 0.0), f"{what}, rotation")
    return UvTransform(offset=(x, y), rotation=rotation, scale=(width, height))


def _from_linear(values: Any, what: str, count: int) -> Colour:
    red, green, blue, alpha = [*numbers(values, what, count)[:count], 1.0][:4]
    return _encoded(red), _encoded(green), _encoded(blue), alpha


def _encoded(value: float) -> float:
    return float(max(value, 0.0) ** (1.0 / GAMMA))
