"""Reads a file's materials: VRM 0.x's `materialProperties`, or what stands in glTF's own place.

A material has one uv transform and one wrapping, those of its first texture: exporters give all of a material's
textures the same.

Source: VRM 0.x specification, `VRM.materialProperties` (in the order of glTF's materials).
"""

from __future__ import annotations

from engines.glb import Glb
from engines.studio.json_fields import mapping, objects
from engines.studio.materials import Material
from engines.studio.mtoon_0 import is_mtoon_0, ranked, read_mtoon_0
from engines.studio.mtoon_1 import read_gltf_material
from engines.studio.textures import read_texture_table


def read_materials(glb: Glb) -> tuple[Material, ...]:
    """Return the file's materials in the order that its primitives index them.

    Raises:
        AvatarError: a parameter is no finite number, or a texture's compression is not supported.
    """
    table = read_texture_table(glb)
    older = mapping(mapping(glb.json.get("extensions"), "extensions").get("VRM"), "VRM")
    properties = objects(older.get("materialProperties"), "materialProperties")
    ranks = ranked(properties)
    found = []
    for index, data in enumerate(objects(glb.json.get("materials"), "materials")):
        beside = properties[index] if index < len(properties) else {}
        if is_mtoon_0(beside):
            found.append(read_mtoon_0(beside, table, ranks))
        else:
            found.append(read_gltf_material(data, table))
    return tuple(found)
