"""The expressions that a file names, of either generation, in one form.

Source: VRM 0.x specification, `VRM.blendshape` (binds by mesh, weights 0..100, materials by name); VRM 1.0
specification, `VRMC_vrm.expressions` (binds by node, weights 0..1, linear colours); three-vrm 3.5,
`VRMExpressionLoaderPlugin` (`_MainTex_ST`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engines.errors import AvatarError
from engines.glb import Glb
from engines.studio.expression_traits import ColourBind, Held, Override, Traits, UvBind
from engines.studio.json_fields import integer, mapping, number, numbers, objects, sequence
from engines.studio.materials import GAMMA, Colour, UvTransform

#: Name of a preset, in small letters -> ours.  What our controls do not know keeps its own name.
_PRESETS = {
    **{name: name for name in ("aa", "ih", "ou", "ee", "oh", "joy", "angry", "sorrow", "surprised")},
    **{"a": "aa", "i": "ih", "u": "ou", "e": "ee", "o": "oh"},
    **{"happy": "joy", "sad": "sorrow", "blink_l": "blink_left", "blink_r": "blink_right"},
    **{"blinkleft": "blink_left", "blinkright": "blink_right", "blink": "blink", "fun": "relaxed"},
    **{f"look{way}": f"look_{way}" for way in ("left", "right", "up", "down")},
}
_OVERRIDES = {"overrideBlink": Held.BLINK, "overrideLookAt": Held.LOOK_AT, "overrideMouth": Held.MOUTH}
_COLOURS_1 = {
    "color": "lit_colour",
    "emissionColor": "emission_colour",
    "shadeColor": "shade_colour",
    "matcapColor": "matcap_colour",
    "rimColor": "rim_colour",
    "outlineColor": "outline_colour",
}
_COLOURS_0 = {
    "_Color": "lit_colour",
    "_EmissionColor": "emission_colour",
    "_ShadeColor": "shade_colour",
    "_RimColor": "rim_colour",
    "_OutlineColor": "outline_colour",
}
#: Far above what avatars have: one of ours with 180 expressions has as many binds.
MAX_BINDS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """Adds morph target `index` of a mesh, or of the mesh that a node shows, times `weight`."""

    mesh: int | None
    node: int | None
    index: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FileExpression:
    """An expression as the file has it.

    Args:
        name: the file's own.
        stands_for: our control's name, or that of VRM 1.0's preset; its own where it is none.
        is_preset: whether the file says so, and not only the name.
        binds: what it moves.
        traits: what it does besides.
    """

    name: str
    stands_for: str
    is_preset: bool
    binds: tuple[Bind, ...]
    traits: Traits


def read_file_expressions(glb: Glb) -> tuple[FileExpression, ...]:
    """Return the file's expressions, presets first.

    Raises:
        AvatarError: a weight or colour is no finite number, or there are too many binds.
    """
    extensions = mapping(glb.json.get("extensions"), "extensions")
    found = _read_1(glb, extensions) if "VRMC_vrm" in extensions else _read_0(glb, extensions)
    if sum(len(expression.binds) for expression in found) > MAX_BINDS:
        raise AvatarError(f"{glb.name}: its expressions move more than {MAX_BINDS} morph targets; remove some")
    return tuple(sorted(found, key=lambda expression: not expression.is_preset))


def _read_1(glb: Glb, extensions: dict[str, Any]) -> list[FileExpression]:
    block = mapping(mapping(extensions["VRMC_vrm"], "VRMC_vrm").get("expressions"), "expressions")
    materials = len(sequence(glb.json.get("materials"), "materials"))
    found = []
    for group in ("preset", "custom"):
        for name, content in mapping(block.get(group), f"expressions, {group}").items():
            what = f"{glb.name}: expression {name!r}"
            data = mapping(content, what)
            binds = tuple(
                Bind(
                    mesh=None,
                    node=integer(bind.get("node", -1), what),
                    index=integer(bind.get("index", -1), what),
                    weight=number(bind.get("weight", 1.0), what),
                )
                for bind in objects(data.get("morphTargetBinds"), what)
            )
            stands_for = _PRESETS.get(name.lower(), name)
            traits = _traits_1(data, materials, what)
            found.append(
                FileExpression(
                    name=name, stands_for=stands_for, is_preset=group == "preset", binds=binds, traits=traits
                )
            )
    return found


def _traits_1(data: dict[str, Any], materials: int, what: str) -> Traits:
    colours = []
    for bind in objects(data.get("materialColorBinds"), what):
        material, field = integer(bind.get("material", -1), what), _COLOURS_1.get(str(bind.get("type")))
        if field is not None and 0 <= material < materials:
            target = numbers(bind.get("targetValue"), what, 3)
            colours.append(ColourBind(material=material, field=field, target=_encoded(target)))
    uvs = []
    for bind in objects(data.get("textureTransformBinds"), what):
        material = integer(bind.get("material", -1), what)
        if 0 <= material < materials:
            scale = numbers(bind.get("scale", [1.0, 1.0]), what, 2)
            offset = numbers(bind.get("offset", [0.0, 0.0]), what, 2)
            transform = UvTransform(offset=(offset[0], offset[1]), scale=(scale[0], scale[1]))
            uvs.append(UvBind(material=material, target=transform))
    overrides = tuple(
        (held, Override(data[key]))
        for key, held in _OVERRIDES.items()
        if data.get(key) in (Override.BLOCK.value, Override.BLEND.value)
    )
    return Traits(is_binary=data.get("isBinary") is True, overrides=overrides, colours=tuple(colours), uvs=tuple(uvs))


def _read_0(glb: Glb, extensions: dict[str, Any]) -> list[FileExpression]:
    older = mapping(extensions.get("VRM"), "VRM")
    groups = mapping(older.get("blendShapeMaster"), "blendShapeMaster").get("blendShapeGroups")
    names: dict[str, list[int]] = {}
    for index, material in enumerate(objects(glb.json.get("materials"), "materials")):
        names.setdefault(str(material.get("name", "")), []).append(index)
    found = []
    for index, data in enumerate(objects(groups, "blendShapeGroups")):
        what = f"{glb.name}: expression {index}"
        preset = str(data.get("presetName", "unknown")).lower()
        name = str(data.get("name") or preset)
        is_preset = preset != "unknown"
        binds = tuple(
            Bind(
                mesh=integer(bind.get("mesh", -1), what),
                node=None,
                index=integer(bind.get("index", -1), what),
                weight=number(bind.get("weight", 100.0), what) / 100.0,
            )
            for bind in objects(data.get("binds"), what)
        )
        known = preset if is_preset else name.lower()
        stands_for = _PRESETS.get(known, known if is_preset else name)
        traits = _traits_0(data, names, what)
        found.append(FileExpression(name=name, stands_for=stands_for, is_preset=is_preset, binds=binds, traits=traits))
    return found


def _traits_0(data: dict[str, Any], names: dict[str, list[int]], what: str) -> Traits:
    colours, uvs = [], []
    for bind in objects(data.get("materialValues"), what):
        target, name = bind.get("targetValue"), str(bind.get("propertyName"))
        for material in names.get(str(bind.get("materialName")), []):
            if name in _COLOURS_0:
                red, green, blue, alpha = [*numbers(target, what, 3), 1.0][:4]
                colours.append(ColourBind(material=material, field=_COLOURS_0[name], target=(red, green, blue, alpha)))
            elif name == "_MainTex_ST":
                width, height, x, y = numbers(target, what, 4)[:4]
                # Unity counts v upwards.
                transform = UvTransform(offset=(x, 1.0 - y - height), scale=(width, height))
                uvs.append(UvBind(material=material, target=transform))
    return Traits(is_binary=data.get("isBinary") is True, colours=tuple(colours), uvs=tuple(uvs))


def _encoded(linear: list[float]) -> Colour:
    red, green, blue = (max(value, 0.0) ** (1.0 / GAMMA) for value in linear[:3])
    return red, green, blue, linear[3] if len(linear) > 3 else 1.0
