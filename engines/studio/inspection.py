"""What is in an avatar's file, what is missing for our controls, and what its terms say, in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engines.controls import EXPRESSIONS, SIDES, VISEMES
from engines.glb import read_glb
from engines.skeleton import BONES
from engines.studio.avatar import Avatar, load_avatar
from engines.studio.parts import parts_of
from engines.studio.rig import read_rig
from engines.studio.terms import in_words, refusal

#: The morphs that our controls drive; see :func:`engines.studio.expression.expression_weights`.
_WANTED = (
    *(f"blink_{side}" for side in SIDES),
    *VISEMES,
    *EXPRESSIONS,
    "smile",
    *(f"brow_{way}_{side}" for side in SIDES for way in ("up", "down")),
)
#: Apple's ARKit blend shapes.  Source: Apple, "ARFaceAnchor.BlendShapeLocation" (52 names).
_ARKIT_SIDED = (
    "browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp",
    "eyeSquint", "eyeWide", "jaw", "mouthDimple", "mouthFrown", "mouth", "mouthLowerDown", "mouthPress",
    "mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer",
)  # fmt: skip
_ARKIT_SINGLE = (
    "browInnerUp", "cheekPuff", "jawForward", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "tongueOut",
)  # fmt: skip
_ARKIT = frozenset((*_ARKIT_SINGLE, *(f"{stem}{side}" for stem in _ARKIT_SIDED for side in ("Left", "Right"))))
_MANY_TRIANGLES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found in a file.

    Args:
        file: its name.
        generation: of VRM, "0.x" or "1.0".
        megabytes: its size.
        triangles: how many are drawn.
        vertices: how many they use.
        materials: part of the character -> how many materials are mostly that.
        outlined: how many materials have an outline.
        textures: "width x height", as loaded, one each.
        bones_missing: humanoid bones that the file lacks; they follow their parents.
        expressions: the morphs that our controls drive, as far as the file has them.
        expressions_missing: the others: these controls do nothing.
        arkit: how many of ARKit's 52 blend shapes the file has.
        springs: swinging joints.
        springs_invented: the file has no springs; they follow from the names of its joints.
        colliders: what springs swing against.
        constraints: node constraints.
        look_at: what turns the gaze: "bones", "expressions" or "nothing".
        terms: the licence fields in words.
        forbids: the field that forbids modification, empty where none does.
        warnings: what a user should know.
    """

    file: str
    generation: str
    megabytes: float
    triangles: int
    vertices: int
    materials: dict[str, int]
    outlined: int
    textures: tuple[str, ...]
    bones_missing: tuple[str, ...]
    expressions: tuple[str, ...]
    expressions_missing: tuple[str, ...]
    arkit: int
    springs: int
    springs_invented: bool
    colliders: int
    constraints: int
    look_at: str
    terms: dict[str, str]
    forbids: str
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON takes it."""
        return asdict(self)

    def as_text(self) -> str:
        """Return everything as lines for people."""
        swinging = f"{self.springs} joints" if self.springs else "nothing"
        if self.springs_invented:
            swinging += ", found by their names: the file has no springs"
        lines = [
            f"{self.file}: VRM {self.generation}, {self.megabytes:.1f} MB",
            f"  mesh         {self.triangles:,} triangles, {self.vertices:,} vertices",
            f"  materials    {_counted(self.materials)}; {self.outlined} outlined",
            f"  textures     {_counted(Counter(self.textures)) or 'none'}",
            f"  expressions  {', '.join(self.expressions) or 'none'}",
            f"  missing      {', '.join(self.expressions_missing) or 'nothing'}",
            f"  ARKit        {self.arkit} of 52 blend shapes",
            f"  bones        {'all' if not self.bones_missing else 'without ' + ', '.join(self.bones_missing)}",
            f"  gaze         by {self.look_at}",
            f"  swinging     {swinging}; {self.colliders} colliders, {self.constraints} constraints",
            "  terms",
            *(f"    {name}: {value}" for name, value in self.terms.items()),
        ]
        if not self.terms:
            lines.append("    the file says nothing")
        if self.forbids:
            lines.append(f"    modification is forbidden: {self.forbids}")
        lines += [f"  note         {warning}" for warning in self.warnings]
        return "\n".join(lines)


def inspect_avatar(path: str | Path) -> Inspection:
    """Return what is in a VRM file, whatever its terms.

    Raises:
        AvatarError: the file is damaged, or is no VRM humanoid.
    """
    path = Path(path)
    avatar = load_avatar(path, i_have_the_rights=True)
    glb = read_glb(path)
    rig = read_rig(glb)
    missing = tuple(bone for bone, node in zip(BONES, rig.node_of_joint[: len(BONES)], strict=True) if node < 0)
    absent = tuple(name for name in _WANTED if name not in avatar.expressions)
    parts = Counter(part.name.lower() for part in parts_of(avatar).materials if part)
    eyes = {"left_eye", "right_eye"}
    look_at = "expressions" if avatar.look_at.by_expression else "nothing" if eyes & set(missing) else "bones"
    return Inspection(
        file=path.name,
        generation="1.0" if "VRMC_vrm" in glb.json.get("extensions", {}) else "0.x",
        megabytes=path.stat().st_size / 1e6,
        triangles=len(avatar.triangles),
        vertices=len(avatar.positions),
        materials=dict(parts.most_common()),
        outlined=sum(one.outline_width_m > 0 or one.outline_width_screen > 0 for one in avatar.materials),
        textures=tuple(f"{image.shape[1]} x {image.shape[0]}" for image in avatar.textures),
        bones_missing=missing,
        expressions=tuple(name for name in _WANTED if name in avatar.expressions),
        expressions_missing=absent,
        arkit=len(_arkit_names(glb.json)),
        springs=len(avatar.springs),
        springs_invented=avatar.springs.invented and len(avatar.springs) > 0,
        colliders=len(avatar.springs.colliders),
        constraints=len(avatar.constraints),
        look_at=look_at,
        terms=in_words(glb.json),
        forbids=refusal(glb.json) or "",
        warnings=_warnings(avatar, missing, absent, look_at),
    )


def _warnings(avatar: Avatar, missing: tuple[str, ...], absent: tuple[str, ...], look_at: str) -> tuple[str, ...]:
    found = []
    if {"blink_left", "blink_right"} & set(absent):
        found.append("the eyes cannot close one by one: the file has no such expressions")
    if set(VISEMES) & set(absent):
        found.append("the mouth cannot form every vowel: the file has no such expressions")
    if look_at == "nothing":
        found.append("the gaze cannot move: the file has neither eye bones nor expressions for it")
    if any(bone.endswith("_proximal") for bone in missing):
        found.append("some fingers do not bend: the file has no bones for them")
    if len(avatar.triangles) > _MANY_TRIANGLES:
        found.append(f"{len(avatar.triangles):,} triangles take long to draw; {_MANY_TRIANGLES:,} are plenty")
    if not avatar.textures:
        found.append("there are no textures: everything is drawn in plain colours")
    return tuple(found)


def _arkit_names(document: dict[str, Any]) -> set[str]:
    """Return the names of morph targets and expressions that are ARKit's."""
    names: set[str] = set()
    for mesh in document.get("meshes", []):
        for holder in (mesh, *mesh.get("primitives", [])):
            names |= {str(name) for name in (holder.get("extras") or {}).get("targetNames") or []}
    names |= set(document.get("extensions", {}).get("VRMC_vrm", {}).get("expressions", {}).get("custom", {}))
    return {name[:1].lower() + name[1:] for name in names} & _ARKIT  # some write them with a capital


def _counted(counts: dict[str, int] | Counter[str]) -> str:
    return ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in counts.items())
