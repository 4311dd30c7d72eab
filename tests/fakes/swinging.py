"""The box figure with a chain of joints below its hair, to swing, constrain or collide."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines.studio.avatar import Avatar, load_avatar
from tests.fakes.vrm import build_document, pack

#: One link of the chain, in the file's own axes, metres: straight back from the head.
BACK = (0.0, 0.0, 0.1)


def document_with_chain(*, links: int = 3, step: tuple[float, float, float] = BACK) -> tuple[dict[str, Any], bytes]:
    """Return the figure's JSON and binary chunk; the hair's box hangs on the last of `links` joints.

    The joints are called ``strand 0`` (which hangs on the head, at (0, 1.6, 0)), ``strand 1``, ...
    """
    document, binary = build_document()
    nodes = document["nodes"]
    hair = node_of(document, "hair")
    nodes[hair]["name"] = "strand 0"
    for link in range(1, links):
        nodes.append({"name": f"strand {link}", "translation": list(step), "children": []})
        nodes[node_of(document, f"strand {link - 1}")].setdefault("children", []).append(len(nodes) - 1)
    document["skins"][0]["joints"][hair] = node_of(document, f"strand {links - 1}")
    return document, binary


def node_of(document: Mapping[str, Any], name: str) -> int:
    """Return the index of the node of that name."""
    return next(index for index, node in enumerate(document["nodes"]) if node.get("name") == name)


def springs_0(document: dict[str, Any], **values: Any) -> None:
    """Make the chain swing in VRM 0.x's way; `values` go into its group."""
    group = {"stiffiness": 1.0, "gravityPower": 0.0, "dragForce": 0.4, "hitRadius": 0.02, "center": -1} | values
    group = {"bones": [node_of(document, "strand 0")], "gravityDir": {"x": 0, "y": -1, "z": 0}} | group
    animation = document["extensions"]["VRM"].setdefault("secondaryAnimation", {"colliderGroups": []})
    animation.setdefault("boneGroups", []).append(group)


def springs_1(document: dict[str, Any], *, center: str | None = None, **values: Any) -> dict[str, Any]:
    """Make the chain swing in VRM 1.0's way, and return the extension; `values` go into every joint."""
    chain = [index for index, node in enumerate(document["nodes"]) if str(node.get("name")).startswith("strand")]
    spring: dict[str, Any] = {"joints": [{"node": node} | values for node in chain], "colliderGroups": [0]}
    if center is not None:
        spring["center"] = node_of(document, center)
    extension = {"specVersion": "1.0", "colliders": [], "colliderGroups": [{"colliders": []}], "springs": [spring]}
    document["extensions"]["VRMC_springBone"] = extension
    return extension


def collide_1(extension: dict[str, Any], node: int, shape: dict[str, Any], *, extended: bool = False) -> None:
    """Add a collider to the extension, in reach of its first spring."""
    collider: dict[str, Any] = {"node": node, "shape": shape}
    if extended:
        replacement = {"specVersion": "1.0", "shape": shape}
        collider = {"node": node, "shape": {"sphere": {"offset": [0, -10000, 0], "radius": 0}}}
        collider["extensions"] = {"VRMC_springBone_extended_collider": replacement}
    extension["colliders"].append(collider)
    extension["colliderGroups"][0]["colliders"].append(len(extension["colliders"]) - 1)


def constrain(document: dict[str, Any], name: str, kind: str, source_name: str, **values: Any) -> None:
    """Give the node of that name a constraint."""
    content = {kind: {"source": node_of(document, source_name)} | values}
    node = document["nodes"][node_of(document, name)]
    node["extensions"] = {"VRMC_node_constraint": {"specVersion": "1.0", "constraint": content}}


def load(document: dict[str, Any], binary: bytes, folder: Path) -> Avatar:
    """Return the avatar of a document."""
    path = folder / "chain.vrm"
    path.write_bytes(pack(document, binary))
    return load_avatar(path)
