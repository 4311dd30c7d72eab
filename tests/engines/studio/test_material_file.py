"""Materials of both generations in one form."""

from __future__ import annotations

from typing import Any

import pytest

from engines.errors import AvatarError
from engines.glb import parse_glb
from engines.studio.material_file import read_materials
from engines.studio.materials import AlphaMode, Cull, Material, UvTransform, Wrap
from tests.fakes.vrm import build_document, pack
from tests.fakes.vrm1 import build_document1


def _read(document: dict[str, Any], binary: bytes) -> tuple[Material, ...]:
    return read_materials(parse_glb(pack(document, binary), "boxes.vrm"))


def _first_0(**changes: Any) -> Material:
    """Return the first material of the VRM 0.x figure with changed properties; groups of them are merged."""
    document, binary = build_document()
    properties = document["extensions"]["VRM"]["materialProperties"][0]
    for name, value in changes.items():
        properties[name] = properties.get(name, {}) | value if isinstance(value, dict) else value
    return _read(document, binary)[0]


def _first_1(toon: dict[str, Any] | None = None, **changes: Any) -> Material:
    """Return the first material of the VRM 1.0 figure with changed fields, and changed ones of its MToon extension."""
    document, binary = build_document1()
    document["textures"] = [{"source": 0}] * 9
    material = document["materials"][0]
    material["extensions"]["VRMC_materials_mtoon"] |= toon or {}
    material |= changes
    return _read(document, binary)[0]


@pytest.mark.parametrize(("shift", "toony"), [(0.0, 0.9), (-0.8, 0.9), (0.3, 0.0), (-1.0, 0.5)])
def test_read_materials_vrm_0_terminator_lies_where_mtoon_0_has_it(shift: float, toony: float) -> None:
    """MToon 0.x's terminator starts at its shift and is (1 - toony)(1 - shift) wide."""
    start, end = _first_0(floatProperties={"_ShadeShift": shift, "_ShadeToony": toony}).terminator
    assert start == pytest.approx(shift)
    assert end == pytest.approx(shift + (1.0 - toony) * (1.0 - shift))


def test_read_materials_vrm_0_keywords_decide_about_alpha() -> None:
    """What Unity drew with counts; the blend mode counts for files that list no keywords."""
    assert _first_0(floatProperties={"_BlendMode": 2}).alpha_mode is AlphaMode.BLEND
    assert _first_0(floatProperties={"_BlendMode": 2}, keywordMap={}).alpha_mode is AlphaMode.OPAQUE
    cutout = _first_0(keywordMap={"_ALPHATEST_ON": True}, floatProperties={"_Cutoff": 0.3})
    assert (cutout.alpha_mode, cutout.alpha_cutoff) == (AlphaMode.CUTOUT, 0.3)


def test_read_materials_vrm_0_reads_rim_matcap_normal_and_outline() -> None:
    """Each stands in its own field, with the numbers that go with it."""
    material = _first_0(
        textureProperties={"_SphereAdd": 0, "_BumpMap": 0, "_RimTexture": 0, "_OutlineWidthTexture": 0},
        vectorProperties={"_RimColor": [0.2, 0.3, 0.4, 1.0], "_OutlineColor": [0.1, 0.0, 0.0, 1.0]},
        floatProperties={
            **{"_RimFresnelPower": 7, "_RimLift": 0.1, "_RimLightingMix": 0.5, "_BumpScale": 0.7},
            **{"_OutlineWidthMode": 2, "_OutlineWidth": 0.5, "_OutlineColorMode": 1, "_OutlineLightingMix": 0.25},
        },
    )
    assert (material.matcap_texture, material.normal_texture, material.rim_texture) == (0, 0, 0)
    assert (material.rim_power, material.rim_lift, material.rim_lighting) == (7.0, 0.1, 0.5)
    assert material.rim_colour == (0.2, 0.3, 0.4, 1.0)
    assert material.normal_scale == 0.7
    assert material.outline_width_m == 0.0
    assert material.outline_width_screen == pytest.approx(0.005)
    assert (material.outline_lighting, material.outline_width_texture) == (0.25, 0)


def test_read_materials_vrm_0_transform_counts_from_the_top() -> None:
    """Unity's offset counts upwards."""
    material = _first_0(vectorProperties={"_MainTex": [0.25, 0.0, 0.5, 0.5]})
    assert material.uv_transform == UvTransform(offset=(0.25, 0.5), scale=(0.5, 0.5))


@pytest.mark.parametrize(
    ("shader", "mode", "depth_write"),
    [
        ("VRM/UnlitTexture", AlphaMode.OPAQUE, True),
        ("VRM/UnlitCutout", AlphaMode.CUTOUT, True),
        ("VRM/UnlitTransparent", AlphaMode.BLEND, False),
        ("VRM/UnlitTransparentZWrite", AlphaMode.BLEND, True),
    ],
)
def test_read_materials_vrm_0_unlit_shade_is_lit(shader: str, mode: AlphaMode, depth_write: bool) -> None:
    """A material without light looks the same from all sides."""
    material = _first_0(shader=shader)
    assert (material.alpha_mode, material.depth_write) == (mode, depth_write)
    assert (material.shade_colour, material.shade_texture) == (material.lit_colour, material.lit_texture)
    assert material.outline_width_m == 0.0


def test_read_materials_vrm_0_blended_ones_keep_their_order() -> None:
    """Render queues of blended materials become ranks: with depth before without, each in the file's order."""
    document, binary = build_document()
    properties = document["extensions"]["VRM"]["materialProperties"]
    for index, (queue, depth) in enumerate([(3500, 0), (3000, 0), (2900, 1), (2600, 1), (4000, 0)]):
        properties[index]["renderQueue"] = queue
        properties[index]["floatProperties"] |= {"_BlendMode": 2, "_ZWrite": depth}
    properties[5]["floatProperties"]["_BlendMode"] = properties[6]["floatProperties"]["_BlendMode"] = 0
    queues = [material.render_queue for material in _read(document, binary)]
    assert queues == [2999, 2998, 2502, 2501, 3000, 2000, 2000]


def test_read_materials_shader_of_gltf_is_read_from_gltf() -> None:
    """VRM_USE_GLTFSHADER points to glTF's own material."""
    document, binary = build_document()
    document["extensions"]["VRM"]["materialProperties"][0]["shader"] = "VRM_USE_GLTFSHADER"
    document["materials"][0] |= {"doubleSided": True, "pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}
    material = _read(document, binary)[0]
    assert material.lit_colour == (1.0, 0.0, 0.0, 1.0)
    assert material.shade_colour == (0.85, 0.0, 0.0, 1.0)
    assert material.cull is Cull.NONE


def test_read_materials_vrm_1_reads_all_of_mtoon() -> None:
    """Colours come out encoded, textures as images, numbers as they are."""
    material = _first_1(
        {
            **{"shadingShiftTexture": {"index": 1, "scale": 0.3}, "matcapTexture": {"index": 2}},
            **{"matcapFactor": [0.5, 1, 1], "parametricRimColorFactor": [0.25, 0, 0], "giEqualizationFactor": 0.5},
            **{"parametricRimFresnelPowerFactor": 3, "parametricRimLiftFactor": 0.2, "rimLightingMixFactor": 0.4},
            **{"rimMultiplyTexture": {"index": 3}, "outlineWidthMode": "screenCoordinates", "outlineWidthFactor": 0.01},
            **{"outlineColorFactor": [0, 0, 0.5], "outlineWidthMultiplyTexture": {"index": 4}},
            **{"uvAnimationMaskTexture": {"index": 5}, "uvAnimationScrollXSpeedFactor": 0.1},
            **{"uvAnimationScrollYSpeedFactor": -0.2, "uvAnimationRotationSpeedFactor": 3.0},
        },
        normalTexture={"index": 6, "scale": 0.5},
    )
    images = (
        material.shading_shift_texture, material.matcap_texture, material.rim_texture, material.normal_texture,
        material.outline_width_texture, material.uv_mask_texture,
    )  # fmt: skip
    assert images == (0,) * 6
    assert material.matcap_colour == pytest.approx((0.5 ** (1 / 2.2), 1.0, 1.0, 1.0))
    assert material.rim_colour[0] == pytest.approx(0.25 ** (1 / 2.2))
    assert (material.rim_power, material.rim_lift, material.rim_lighting) == (3.0, 0.2, 0.4)
    assert (material.outline_width_m, material.outline_width_screen) == (0.0, 0.01)
    assert (material.shading_shift_scale, material.normal_scale) == (0.3, 0.5)
    assert (material.uv_scroll, material.uv_spin) == ((0.1, -0.2), 3.0)


def test_read_materials_vrm_1_emission_has_its_strength() -> None:
    """Strength multiplies linear light, and may go past 1."""
    document, binary = build_document1()
    material = document["materials"][0]
    material["emissiveFactor"] = [1.0, 0.25, 0.0]
    material["emissiveTexture"] = {"index": 0}
    material["extensions"]["KHR_materials_emissive_strength"] = {"emissiveStrength": 4.0}
    found = _read(document, binary)[0]
    assert found.emission_colour == pytest.approx((4.0 ** (1 / 2.2), 1.0, 0.0, 1.0))
    assert found.emission_texture == 0


def test_read_materials_vrm_1_blended_with_depth_comes_before_without() -> None:
    """The file's offset counts within each kind, and only in its own direction."""

    def queue(with_depth: bool, offset: int) -> int:
        toon = {"transparentWithZWrite": with_depth, "renderQueueOffsetNumber": offset}
        return _first_1(toon, alphaMode="BLEND").render_queue

    assert queue(True, 3) == 2504
    assert queue(True, -3) == 2501
    assert queue(False, -3) == 2997
    assert queue(False, 99) == 3000
    assert _first_1({"renderQueueOffsetNumber": 5}).render_queue == 2000


def test_read_materials_vrm_1_texture_transform_and_wrapping_are_read() -> None:
    """Scale, rotation and offset come from KHR_texture_transform, the wrapping from the sampler."""
    document, binary = build_document1()
    document["samplers"] = [{"wrapS": 33071, "wrapT": 33648}]
    document["textures"][0]["sampler"] = 0
    transform = {"KHR_texture_transform": {"offset": [0.1, 0.2], "rotation": 0.5, "scale": [2, 3]}}
    document["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["extensions"] = transform
    material = _read(document, binary)[0]
    assert material.uv_transform == UvTransform(offset=(0.1, 0.2), rotation=0.5, scale=(2.0, 3.0))
    assert material.wrap == (Wrap.CLAMP, Wrap.MIRROR)


def test_read_materials_vrm_1_unlit_shade_is_lit() -> None:
    """A material with KHR_materials_unlit and no MToon has no shade of its own."""
    document, binary = build_document1()
    document["materials"][0]["extensions"].pop("VRMC_materials_mtoon")
    material = _read(document, binary)[0]
    assert (material.shade_colour, material.shade_texture) == (material.lit_colour, material.lit_texture)
    assert max(material.emission_colour[:3]) == 0.0


def test_read_materials_texture_that_is_not_there_is_left_out() -> None:
    """A material may name a texture past the end; a texture may not name such an image."""
    document, binary = build_document()
    document["extensions"]["VRM"]["materialProperties"][0]["textureProperties"]["_MainTex"] = 99
    assert _read(document, binary)[0].lit_texture is None
    document["textures"][0]["source"] = 5
    with pytest.raises(AvatarError, match="texture 0, source: points to number 5 of 1"):
        _read(document, binary)


@pytest.mark.parametrize("value", [None, "red", [1.0], [1.0, float("nan"), 0.0], {"r": 1}])
def test_read_materials_colour_that_is_none_is_refused(value: object) -> None:
    """The message names the field."""
    with pytest.raises(AvatarError, match=r"_ShadeColor|not valid JSON"):
        _first_0(vectorProperties={"_ShadeColor": value})


def test_read_materials_compression_that_is_not_read_is_named() -> None:
    """Basis Universal textures have to be exported otherwise."""
    document, binary = build_document()
    document["textures"][0] = {"extensions": {"KHR_texture_basisu": {"source": 0}}}
    with pytest.raises(AvatarError, match="KHR_texture_basisu"):
        _read(document, binary)
