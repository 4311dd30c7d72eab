"""Reads a file's materials: VRM 0.x's `materialProperties`, MToon 1.0, unlit and plain glTF ones.

What MToon does not have is left out: metal, roughness, occlusion, second uvs.  A material has one uv transform and
one wrapping, those of its first texture: exporters give all of a material's textures the same.

Source: three-vrm 3.5.5, `VRMMaterialsV0CompatPlugin`, `MToonMaterialLoaderPlugin` (defaults too); VRM 1.0
specification, `VRMC_materials_mtoon`; glTF extensions `KHR_materials_unlit`, `KHR_materials_emissive_strength`,
`KHR_texture_transform`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engines.glb import Glb
from engines.studio.materials import GAMMA, AlphaMode, Colour, Cull, Material, UvTransform, Wrap
from engines.studio.textures import Texture, read_texture_table

_MTOON_0 = "VRM/MToon"
_UNLIT_0 = "VRM/Unlit"
#: Draw order in VRM 1.0's terms: blended surfaces that write depth come before those that do not.
_QUEUES = {AlphaMode.OPAQUE: 2000, AlphaMode.CUTOUT: 2450}
_QUEUE_BLEND_WITH_DEPTH, _QUEUE_BLEND, _QUEUE_STEPS = 2501, 3000, 9
#: A plain glTF surface as a flat MToon one: its shade is a little darker and cooler (by eye).
_PLAIN_SHADE = (0.85, 0.8, 0.85)
_HUNDREDTH = 0.01


def read_materials(glb: Glb) -> tuple[Material, ...]:
    """Return the file's materials in the order that its primitives index them.

    Raises:
        AvatarError: a texture's compression is not supported.
    """
    table = read_texture_table(glb)
    properties = glb.json.get("extensions", {}).get("VRM", {}).get("materialProperties", [])
    ranks = _ranks(properties)
    found = []
    for index, material in enumerate(glb.json.get("materials", [])):
        older = properties[index] if index < len(properties) else {}
        shader = str(older.get("shader", ""))
        if shader == _MTOON_0:
            found.append(_read_0(older, table, ranks))
        elif shader.startswith(_UNLIT_0):
            found.append(_read_unlit_0(older, table, ranks))
        else:
            found.append(_read_gltf(material, table))
    return tuple(found)


def _read_0(data: dict[str, Any], table: tuple[Texture, ...], ranks: dict[tuple[bool, int], int]) -> Material:
    floats, vectors = data.get("floatProperties", {}), data.get("vectorProperties", {})
    textures = data.get("textureProperties", {})

    def number(name: str, default: float = 0.0) -> float:
        return float(floats.get(name, default))

    def colour(name: str, default: Colour = (0.0, 0.0, 0.0, 1.0)) -> Colour:
        return _colour(vectors.get(name, default))

    def image(name: str) -> int | None:
        return _image(table, textures.get(name))

    mode, with_depth = _mode_0(data)
    shift = number("_ShadeShift")
    # three's lerp(toony, 1, .5 + .5 shift)
    part = 0.5 + 0.5 * shift
    toony = number("_ShadeToony", 0.9) * (1.0 - part) + part
    outline = int(number("_OutlineWidthMode"))
    width = number("_OutlineWidth") * _HUNDREDTH
    emission = colour("_EmissionColor")
    return Material(
        name=data.get("name", ""),
        lit_colour=colour("_Color", (1.0, 1.0, 1.0, 1.0)),
        shade_colour=colour("_ShadeColor", (0.97, 0.81, 0.86, 1.0)),
        emission_colour=emission,
        outline_colour=colour("_OutlineColor"),
        rim_colour=colour("_RimColor"),
        lit_texture=image("_MainTex"),
        shade_texture=image("_ShadeTexture"),
        emission_texture=image("_EmissionMap") if max(emission[:3]) > 0 else None,
        matcap_texture=image("_SphereAdd"),
        rim_texture=image("_RimTexture"),
        normal_texture=image("_BumpMap"),
        outline_width_texture=image("_OutlineWidthTexture") if outline else None,
        uv_mask_texture=image("_UvAnimMaskTexture"),
        normal_scale=number("_BumpScale", 1.0),
        shading_shift=-shift - (1.0 - toony),
        shading_toony=toony,
        rim_power=number("_RimFresnelPower", 1.0),
        rim_lift=number("_RimLift"),
        rim_lighting=number("_RimLightingMix"),
        alpha_mode=mode,
        alpha_cutoff=number("_Cutoff", 0.5),
        # glTF, and so three-vrm, cannot leave out the front only.
        cull=Cull.NONE if int(number("_CullMode", 2)) == 0 else Cull.BACK,
        outline_width_m=width if outline == 1 else 0.0,
        outline_width_screen=width if outline == 2 else 0.0,
        outline_lighting=number("_OutlineLightingMix", 1.0) if int(number("_OutlineColorMode")) == 1 else 0.0,
        uv_transform=_transform_0(vectors.get("_MainTex")),
        uv_scroll=(number("_UvAnimScrollX"), -number("_UvAnimScrollY")),
        uv_spin=number("_UvAnimRotation"),
        wrap=_wrap(table, [textures.get("_MainTex"), textures.get("_ShadeTexture")]),
        render_queue=_queue_0(mode, with_depth, data, ranks),
        depth_write=mode is not AlphaMode.BLEND or with_depth,
    )


def _read_unlit_0(data: dict[str, Any], table: tuple[Texture, ...], ranks: dict[tuple[bool, int], int]) -> Material:
    vectors = data.get("vectorProperties", {})
    lit = _colour(vectors.get("_Color", (1.0, 1.0, 1.0, 1.0)))
    index = data.get("textureProperties", {}).get("_MainTex")
    mode, with_depth = _mode_0(data)
    return Material(
        name=data.get("name", ""),
        lit_colour=lit,
        shade_colour=lit,
        lit_texture=_image(table, index),
        shade_texture=_image(table, index),
        alpha_mode=mode,
        alpha_cutoff=float(data.get("floatProperties", {}).get("_Cutoff", 0.5)),
        uv_transform=_transform_0(vectors.get("_MainTex")),
        wrap=_wrap(table, [index]),
        render_queue=_queue_0(mode, with_depth, data, ranks),
        depth_write=mode is not AlphaMode.BLEND or with_depth,
    )


def _mode_0(data: dict[str, Any]) -> tuple[AlphaMode, bool]:
    """Return how a VRM 0.x material's alpha is used, and whether it writes depth if blended."""
    shader, floats = str(data.get("shader", "")), data.get("floatProperties", {})
    if shader.startswith(_UNLIT_0):
        if shader.startswith("VRM/UnlitTransparent"):
            return AlphaMode.BLEND, shader.endswith("ZWrite")
        return (AlphaMode.CUTOUT if shader == "VRM/UnlitCutout" else AlphaMode.OPAQUE), True
    with_depth = int(floats.get("_ZWrite", 1)) == 1
    keywords = data.get("keywordMap")
    if keywords is None:  # the schema demands it; some converters forget it
        blend = int(floats.get("_BlendMode", 0))
        return (AlphaMode.OPAQUE, AlphaMode.CUTOUT, AlphaMode.BLEND, AlphaMode.BLEND)[blend % 4], with_depth
    if keywords.get("_ALPHABLEND_ON"):
        return AlphaMode.BLEND, with_depth
    return (AlphaMode.CUTOUT if keywords.get("_ALPHATEST_ON") else AlphaMode.OPAQUE), with_depth


def _ranks(properties: Iterable[dict[str, Any]]) -> dict[tuple[bool, int], int]:
    """Return (writes depth, queue) of the blended materials -> its offset from the kind's own queue."""
    queues: dict[bool, set[int]] = {True: set(), False: set()}
    for data in properties:
        mode, with_depth = _mode_0(data)
        if mode is AlphaMode.BLEND:
            queues[with_depth].add(int(data.get("renderQueue", -1)))
    ranks = {}
    for with_depth, found in queues.items():
        for index, queue in enumerate(sorted(found)):
            offset = min(index, _QUEUE_STEPS) if with_depth else max(index - len(found) + 1, -_QUEUE_STEPS)
            ranks[with_depth, queue] = offset
    return ranks


def _queue_0(mode: AlphaMode, with_depth: bool, data: dict[str, Any], ranks: dict[tuple[bool, int], int]) -> int:
    return _queue(mode, with_depth, ranks.get((with_depth, int(data.get("renderQueue", -1))), 0))


def _queue(mode: AlphaMode, with_depth: bool, offset: int) -> int:
    if mode is not AlphaMode.BLEND:
        return _QUEUES[mode]
    if with_depth:
        return _QUEUE_BLEND_WITH_DEPTH + min(max(offset, 0), _QUEUE_STEPS)
    return _QUEUE_BLEND + min(max(offset, -_QUEUE_STEPS), 0)


def _read_gltf(data: dict[str, Any], table: tuple[Texture, ...]) -> Material:
    """Return a glTF material with MToon's extension, without light, or plain."""
    extensions, surface = data.get("extensions", {}), data.get("pbrMetallicRoughness", {})
    mtoon = extensions.get("VRMC_materials_mtoon")
    base = surface.get("baseColorTexture") or {}
    lit = _from_linear(surface.get("baseColorFactor", (1.0, 1.0, 1.0, 1.0)))
    image = _image(table, base.get("index"))
    mode = {"MASK": AlphaMode.CUTOUT, "BLEND": AlphaMode.BLEND}.get(data.get("alphaMode", ""), AlphaMode.OPAQUE)
    glow = float(extensions.get("KHR_materials_emissive_strength", {}).get("emissiveStrength", 1.0))
    emission = _from_linear([float(value) * glow for value in data.get("emissiveFactor", (0.0, 0.0, 0.0))])
    emitted, normal = data.get("emissiveTexture") or {}, data.get("normalTexture") or {}
    with_depth = mode is not AlphaMode.BLEND
    common: dict[str, Any] = {  # checked by Material's own names
        "name": data.get("name", ""),
        "lit_colour": lit,
        "lit_texture": image,
        "alpha_mode": mode,
        "alpha_cutoff": float(data.get("alphaCutoff", 0.5)),
        "cull": Cull.NONE if data.get("doubleSided") else Cull.BACK,
    }
    shaded = (mtoon or {}).get("shadeMultiplyTexture") or {}
    infos = [info for info in (base, shaded, emitted, normal) if "index" in info]
    common |= {"uv_transform": _transform(infos[0]) if infos else UvTransform()}
    common |= {"wrap": _wrap(table, [info["index"] for info in infos])}
    if "KHR_materials_unlit" in extensions and mtoon is None:
        queue = _queue(mode, with_depth, 0)
        return Material(shade_colour=lit, shade_texture=image, render_queue=queue, depth_write=with_depth, **common)
    common |= {
        "emission_colour": emission,
        "emission_texture": _image(table, emitted.get("index")) if max(emission[:3]) > 0 else None,
        "normal_texture": _image(table, normal.get("index")),
        "normal_scale": float(normal.get("scale", 1.0)),
    }
    if mtoon is None:
        shade = (lit[0] * _PLAIN_SHADE[0], lit[1] * _PLAIN_SHADE[1], lit[2] * _PLAIN_SHADE[2], 1.0)
        queue = _queue(mode, with_depth, 0)
        return Material(shade_colour=shade, shade_texture=image, render_queue=queue, depth_write=with_depth, **common)
    return _read_1(mtoon, common, mode, table)


def _read_1(mtoon: dict[str, Any], common: dict[str, Any], mode: AlphaMode, table: tuple[Texture, ...]) -> Material:
    def number(name: str, default: float = 0.0) -> float:
        return float(mtoon.get(name, default))

    def colour(name: str, default: tuple[float, ...] = (0.0, 0.0, 0.0)) -> Colour:
        return _from_linear(mtoon.get(name, default))

    def image(name: str) -> int | None:
        return _image(table, (mtoon.get(name) or {}).get("index"))

    outline = str(mtoon.get("outlineWidthMode", "none"))
    width = number("outlineWidthFactor")
    with_depth = mode is not AlphaMode.BLEND or bool(mtoon.get("transparentWithZWrite", False))
    return Material(
        shade_colour=colour("shadeColorFactor"),
        outline_colour=colour("outlineColorFactor"),
        rim_colour=colour("parametricRimColorFactor"),
        matcap_colour=colour("matcapFactor", (1.0, 1.0, 1.0)),
        shade_texture=image("shadeMultiplyTexture"),
        matcap_texture=image("matcapTexture"),
        rim_texture=image("rimMultiplyTexture"),
        outline_width_texture=image("outlineWidthMultiplyTexture"),
        uv_mask_texture=image("uvAnimationMaskTexture"),
        shading_shift_texture=image("shadingShiftTexture"),
        shading_shift_scale=float((mtoon.get("shadingShiftTexture") or {}).get("scale", 1.0)),
        shading_shift=number("shadingShiftFactor"),
        shading_toony=number("shadingToonyFactor", 0.9),
        rim_power=number("parametricRimFresnelPowerFactor", 5.0),
        rim_lift=number("parametricRimLiftFactor"),
        rim_lighting=number("rimLightingMixFactor", 1.0),
        outline_width_m=width if outline == "worldCoordinates" else 0.0,
        outline_width_screen=width if outline == "screenCoordinates" else 0.0,
        outline_lighting=number("outlineLightingMixFactor", 1.0),
        uv_scroll=(number("uvAnimationScrollXSpeedFactor"), number("uvAnimationScrollYSpeedFactor")),
        uv_spin=number("uvAnimationRotationSpeedFactor"),
        render_queue=_queue(mode, with_depth, int(number("renderQueueOffsetNumber"))),
        depth_write=with_depth,
        **common,
    )


def _image(table: tuple[Texture, ...], index: Any) -> int | None:
    return table[int(index)].image if index is not None and 0 <= int(index) < len(table) else None


def _wrap(table: tuple[Texture, ...], indices: list[Any]) -> tuple[Wrap, Wrap]:
    known = [int(index) for index in indices if index is not None and 0 <= int(index) < len(table)]
    return table[known[0]].wrap if known else (Wrap.REPEAT, Wrap.REPEAT)


def _transform_0(vector: Any) -> UvTransform:
    if vector is None:
        return UvTransform()
    x, y, width, height = (float(value) for value in [*vector, *(0.0, 0.0, 1.0, 1.0)[len(vector) :]])
    return UvTransform(offset=(x, 1.0 - y - height), scale=(width, height))


def _transform(info: dict[str, Any]) -> UvTransform:
    data = info.get("extensions", {}).get("KHR_texture_transform", {})
    offset, scale = data.get("offset", (0.0, 0.0)), data.get("scale", (1.0, 1.0))
    return UvTransform(
        offset=(float(offset[0]), float(offset[1])),
        rotation=float(data.get("rotation", 0.0)),
        scale=(float(scale[0]), float(scale[1])),
    )


def _colour(values: Any) -> Colour:
    red, green, blue, alpha = (float(value) for value in [*values, 1.0][:4])
    return red, green, blue, alpha


def _from_linear(values: Any) -> Colour:
    red, green, blue, alpha = _colour(values)
    return _encoded(red), _encoded(green), _encoded(blue), alpha


def _encoded(value: float) -> float:
    return float(max(value, 0.0) ** (1.0 / GAMMA))
