"""Materials of VRM 0.x, in MToon 1.0's terms.

What MToon 1.0 does not have is left out: `_ReceiveShadowTexture`, `_ShadingGradeTexture`, `_LightColorAttenuation`.

Source: three-vrm 3.5.5, `VRMMaterialsV0CompatPlugin`; VRM 0.x specification, `VRM.material`; MToon 0.x shader.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engines.studio.draw_order import STEPS, render_queue
from engines.studio.json_fields import integer, mapping, number, numbers
from engines.studio.materials import AlphaMode, Colour, Cull, Material, UvTransform, Wrap
from engines.studio.textures import Texture, image_of, wrap_of

_MTOON = "VRM/MToon"
_UNLIT = "VRM/Unlit"
_BLEND_MODES = (AlphaMode.OPAQUE, AlphaMode.CUTOUT, AlphaMode.BLEND, AlphaMode.BLEND)
_CENTIMETRE = 0.01
#: (writes depth, the file's own queue) of blended materials -> their offset.
Ranks = dict[tuple[bool, int], int]


def is_mtoon_0(data: dict[str, Any]) -> bool:
    """Return whether one of `VRM.materialProperties` says how its material looks, and not glTF's own."""
    return _is_unlit(data) or data.get("shader") == _MTOON


def read_mtoon_0(data: dict[str, Any], table: tuple[Texture, ...], ranks: Ranks) -> Material:
    """Return one of `VRM.materialProperties`.

    Args:
        data: its JSON.
        table: the file's textures.
        ranks: as :func:`ranked` returns them.

    Raises:
        AvatarError: a parameter is no finite number.
    """
    fields = _Fields(data, table)
    mode, with_depth = _mode(data)
    common: dict[str, Any] = {  # checked by Material's own names
        "name": str(data.get("name", "")),
        "alpha_mode": mode,
        "alpha_cutoff": fields.number("_Cutoff", 0.5),
        "uv_transform": fields.uv_transform(),
        "render_queue": render_queue(mode, with_depth=with_depth, offset=ranks.get((with_depth, _queue(data)), 0)),
        "depth_write": mode is not AlphaMode.BLEND or with_depth,
    }
    if _is_unlit(data):
        lit, image = fields.colour("_Color", (1.0, 1.0, 1.0, 1.0)), fields.image("_MainTex")
        wrap = fields.wrap("_MainTex")
        return Material(
            lit_colour=lit, shade_colour=lit, lit_texture=image, shade_texture=image, wrap=wrap, **common
        )  # fmt: skip
    shift = fields.number("_ShadeShift")
    part = 0.5 + 0.5 * shift
    toony = fields.number("_ShadeToony", 0.9) * (1.0 - part) + part
    outline = int(fields.number("_OutlineWidthMode"))
    width = max(fields.number("_OutlineWidth"), 0.0) * _CENTIMETRE
    emission = fields.colour("_EmissionColor")
    takes_light = int(fields.number("_OutlineColorMode")) == 1
    return Material(
        lit_colour=fields.colour("_Color", (1.0, 1.0, 1.0, 1.0)),
        shade_colour=fields.colour("_ShadeColor", (0.97, 0.81, 0.86, 1.0)),
        emission_colour=emission,
        outline_colour=fields.colour("_OutlineColor"),
        rim_colour=fields.colour("_RimColor"),
        lit_texture=fields.image("_MainTex"),
        shade_texture=fields.image("_ShadeTexture"),
        emission_texture=fields.image("_EmissionMap") if max(emission[:3]) > 0 else None,
        matcap_texture=fields.image("_SphereAdd"),
        rim_texture=fields.image("_RimTexture"),
        normal_texture=fields.image("_BumpMap"),
        outline_width_texture=fields.image("_OutlineWidthTexture") if outline else None,
        uv_mask_texture=fields.image("_UvAnimMaskTexture"),
        normal_scale=fields.number("_BumpScale", 1.0),
        shading_shift=-shift - (1.0 - toony),
        shading_toony=toony,
        rim_power=fields.number("_RimFresnelPower", 1.0),
        rim_lift=fields.number("_RimLift"),
        rim_lighting=fields.number("_RimLightingMix"),
        # glTF, and so three-vrm, cannot leave out the front only.
        cull=Cull.NONE if int(fields.number("_CullMode", 2.0)) == 0 else Cull.BACK,
        outline_width_m=width if outline == 1 else 0.0,
        outline_width_screen=width if outline == 2 else 0.0,
        outline_lighting=fields.number("_OutlineLightingMix", 1.0) if takes_light else 0.0,
        uv_scroll=(fields.number("_UvAnimScrollX"), -fields.number("_UvAnimScrollY")),
        uv_spin=fields.number("_UvAnimRotation"),
        wrap=fields.wrap("_MainTex", "_ShadeTexture"),
        **common,
    )


def ranked(properties: Iterable[dict[str, Any]]) -> Ranks:
    """Return where the blended ones of `VRM.materialProperties` come in each other's order."""
    queues: dict[bool, set[int]] = {True: set(), False: set()}
    for data in properties:
        mode, with_depth = _mode(data)
        if mode is AlphaMode.BLEND:
            queues[with_depth].add(_queue(data))
    ranks = {}
    for with_depth, found in queues.items():
        for index, queue in enumerate(sorted(found)):
            offset = min(index, STEPS) if with_depth else max(index - len(found) + 1, -STEPS)
            ranks[with_depth, queue] = offset
    return ranks


def _is_unlit(data: dict[str, Any]) -> bool:
    return str(data.get("shader", "")).startswith(_UNLIT)


def _queue(data: dict[str, Any]) -> int:
    return integer(data.get("renderQueue", -1), "renderQueue")


def _mode(data: dict[str, Any]) -> tuple[AlphaMode, bool]:
    """Return how a material's alpha is used, and whether it writes depth if blended."""
    if _is_unlit(data):
        shader = str(data["shader"])
        if shader.startswith("VRM/UnlitTransparent"):
            return AlphaMode.BLEND, shader.endswith("ZWrite")
        return (AlphaMode.CUTOUT if shader == "VRM/UnlitCutout" else AlphaMode.OPAQUE), True
    floats = mapping(data.get("floatProperties"), "floatProperties")
    with_depth = int(number(floats.get("_ZWrite", 1), "_ZWrite")) == 1
    if data.get("keywordMap") is None:  # the schema demands it; some converters forget it
        return _BLEND_MODES[int(number(floats.get("_BlendMode", 0), "_BlendMode")) % 4], with_depth
    keywords = mapping(data["keywordMap"], "keywordMap")
    if keywords.get("_ALPHABLEND_ON"):
        return AlphaMode.BLEND, with_depth
    return (AlphaMode.CUTOUT if keywords.get("_ALPHATEST_ON") else AlphaMode.OPAQUE), with_depth


class _Fields:
    """One material's properties by their names."""

    def __init__(self, data: dict[str, Any], table: tuple[Texture, ...]) -> None:
        self._floats = mapping(data.get("floatProperties"), "floatProperties")
        self._vectors = mapping(data.get("vectorProperties"), "vectorProperties")
        self._textures = mapping(data.get("textureProperties"), "textureProperties")
        self._table = table

    def number(self, name: str, default: float = 0.0) -> float:
        return number(self._floats.get(name, default), name)

    def colour(self, name: str, default: Colour = (0.0, 0.0, 0.0, 1.0)) -> Colour:
        if name not in self._vectors:
            return default
        red, green, blue, alpha = [*numbers(self._vectors[name], name, 3), 1.0][:4]
        return red, green, blue, alpha

    def image(self, name: str) -> int | None:
        return image_of(self._table, self._textures.get(name))

    def wrap(self, *names: str) -> tuple[Wrap, Wrap]:
        return wrap_of(self._table, [self._textures.get(name) for name in names])

    def uv_transform(self) -> UvTransform:
        """Return where `_MainTex` says that all textures lie; Unity counts v upwards."""
        if "_MainTex" not in self._vectors:
            return UvTransform()
        x, y, width, height = numbers(self._vectors["_MainTex"], "_MainTex", 4)[:4]
        return UvTransform(offset=(x, 1.0 - y - height), scale=(width, height))
