"""Which joints ought to swing when a file says nothing: what their names promise, in several languages.

Files that were rebuilt from other formats keep the joints of hair, skirts and ribbons and lose their physics.

Source of names: PMX files (Japanese), VRoid Studio's `J_Sec_*` joints, the VRM consortium's samples.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any


class Swinging(Enum):
    """What a joint moves."""

    AHOGE = "a tuft that stands up"
    BANGS = "bangs"
    HAIR = "hair"
    EARRING = "earrings"
    EARS = "an animal's ears"
    SLEEVE = "sleeves"
    SKIRT = "a skirt or hem"
    CLOAK = "a cloak or scarf"
    RIBBON = "ribbons, cords and ties"
    BUST = "a bust"
    TAIL = "an animal's tail"


#: First match wins; against the name in small letters.  Latin words match at a border: `Heart` is no ear.
_RULES: tuple[tuple[str, Swinging], ...] = (
    (r"アホ毛|あほ毛|ahoge", Swinging.AHOGE),
    (r"前髪|bangs|fringe|hair_?front|front_?hair", Swinging.BANGS),
    (r"髪|おさげ|ツインテ|ポニーテ|もみあげ|三つ編み|hair|pony_?tail|twin_?tail|braid|pigtail", Swinging.HAIR),
    (r"イヤリング|ピアス|耳飾|earring|pierce", Swinging.EARRING),
    (r"獣耳|猫耳|ねこみみ|うさ耳|ケモミミ|(?<![a-z])(cat|dog|fox|bunny|rabbit)?_?ears?(?![a-z])", Swinging.EARS),
    (r"袖|そで|sleeve", Swinging.SLEEVE),
    (r"スカート|すそ|裾|skirt|(?<![a-z])hem(?![a-z])", Swinging.SKIRT),
    (r"クローク|マント|ケープ|マフラー|cloak|(?<![a-z])cape(?![a-z])|(?<![a-z])mantle|scarf|muffler", Swinging.CLOAK),
    (r"リボン|ネクタイ|紐|ひも|ribbon|(?<![a-z])(neck)?tie(?![a-z])|rope(?![a-z])|tassel|strap", Swinging.RIBBON),
    (r"おっぱい|左胸|右胸|乳|breast|bust|boob", Swinging.BUST),
    (r"尻尾|しっぽ|尾(?!骨)|(?<![a-z])tail(?![a-z])", Swinging.TAIL),
)
_COMPILED = tuple((re.compile(pattern), what) for pattern, what in _RULES)
#: Helpers of other programs' rigs that carry such names too.
_HELPERS = re.compile(r"(?<![a-z])ik(?![a-z])|xcik|\uff49\uff4b|親|操作|control|ctrl|target")


def swinging_of_name(name: str) -> Swinging | None:
    """Return what a joint's name promises, or None where it promises nothing that swings."""
    small = name.lower()
    if _HELPERS.search(small):
        return None
    return next((what for pattern, what in _COMPILED if pattern.search(small)), None)


def has_springs(document: dict[str, Any]) -> bool:
    """Return whether the file brings springs of its own."""
    extensions = document.get("extensions", {})
    groups = (extensions.get("VRM", {}).get("secondaryAnimation") or {}).get("boneGroups", [])
    springs = extensions.get("VRMC_springBone", {}).get("springs", [])
    return any(group.get("bones") for group in groups) or any(spring.get("joints") for spring in springs)


def swinging_nodes(document: dict[str, Any], children: list[list[int]]) -> dict[int, Swinging]:
    """Return the nodes that ought to swing and what each moves, none where the file brings springs of its own.

    A node is taken for its own name or for that of the nearest ancestor that is taken, if it hangs below the hips,
    is a skin's joint, leads to one or is a tip below one, and nothing else moves it: no humanoid bone, no constraint.

    Args:
        document: the file's JSON, of either generation.
        children: the indices of each node's children.
    """
    if has_springs(document):
        return {}
    nodes: list[dict[str, Any]] = document.get("nodes", [])
    human = _humanoid_nodes(document)
    taken = set(human.values())
    for index, node in enumerate(nodes):
        constraint = node.get("extensions", {}).get("VRMC_node_constraint", {}).get("constraint", {})
        if constraint:
            taken |= {index, *(int(content.get("source", -1)) for content in constraint.values())}
    taken |= {index for index, node in enumerate(nodes) if "mesh" in node or "camera" in node}
    parents = {child: index for index, below in enumerate(children) for child in below}
    taken = _with_ancestors(taken, parents)  # whatever leads to one of these must stay still, too
    joints = {int(joint) for skin in document.get("skins", []) for joint in skin.get("joints", [])}
    joints = _with_ancestors(joints, parents)
    found: dict[int, Swinging] = {}
    waiting: list[tuple[int, Swinging | None]] = [(human["hips"], None)] if "hips" in human else []
    seen: set[int] = set()
    while waiting:
        index, above = waiting.pop()
        if index in seen or not 0 <= index < len(nodes):
            continue
        seen.add(index)
        what = None
        if index not in taken and (index in joints or above is not None):
            what = swinging_of_name(str(nodes[index].get("name", ""))) or above
        if what is not None:
            found[index] = what
        waiting.extend((child, what) for child in children[index])
    return found


def _with_ancestors(nodes: set[int], parents: dict[int, int]) -> set[int]:
    whole: set[int] = set()
    for node in nodes:
        at: int | None = node
        while at is not None and at not in whole:
            whole.add(at)
            at = parents.get(at)
    return whole


def _humanoid_nodes(document: dict[str, Any]) -> dict[str, int]:
    extensions = document.get("extensions", {})
    older = (extensions.get("VRM", {}).get("humanoid") or {}).get("humanBones", [])
    newer = (extensions.get("VRMC_vrm", {}).get("humanoid") or {}).get("humanBones", {})
    human = {str(bone.get("bone")): int(bone.get("node", -1)) for bone in older}
    return human | {str(name): int(bone.get("node", -1)) for name, bone in newer.items()}
