"""Which joint of a skeleton is which part of the body, by the names that the usual programs give.

Known families: Biovision and Poser (LeftCollar, LeftShoulder, LeftElbow; lShldr, lForeArm), CMU and Mixamo (LeftArm,
LeftForeArm, mixamorig:LeftHand), 3ds Max's Biped (Bip01 L UpperArm), Rokoko, Xsens and Perception Neuron, Blender and
Unreal (upper_arm.L, upperarm_l), VRM (leftUpperArm).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_SIDES = {"left": "left", "right": "right", "l": "left", "r": "right", "lft": "left", "rt": "right"}
_PREFIXES = re.compile(r"^(mixamorig\d*|bip0*\d*|bip|character\d*|def|jbipc?|ctrl|skeleton|human|actor\d*)(?=.)")

#: Name without side and punctuation -> part; the first that a skeleton has wins.
_PARTS: Mapping[str, tuple[str, ...]] = {
    "shoulder": ("clavicle", "collar", "collarbone", "shoulder"),
    "upper_arm": ("upperarm", "uparm", "arm", "shldr", "shoulder", "humerus"),
    "lower_arm": ("forearm", "lowerarm", "lowarm", "elbow", "radius"),
    "hand": ("hand", "wrist"),
    "upper_leg": ("upleg", "upperleg", "thigh", "hip", "femur", "leg"),
    "lower_leg": ("lowerleg", "lowleg", "shin", "calf", "knee", "tibia", "leg"),
    "foot": ("foot", "ankle"),
    "toes": ("toebase", "toe", "toes", "toe0", "ball"),
    "hips": ("hips", "pelvis", "hip", "root"),
    "neck": ("neck", "neck1", "neck01"),
    "head": ("head",),
}
#: Phalanges by number or by VRM's word; a metacarpal (Index0, InHandIndex) is none of them.
_PHALANX = {"1": 0, "2": 1, "3": 2, "01": 0, "02": 1, "03": 2, "proximal": 0, "intermediate": 1, "distal": 2}
_PHALANX_NAMES = ("proximal", "intermediate", "distal")
_FINGER = re.compile(
    r"^(?:hand|finger)?(thumb|index|middle|mid|ring|little|pinky)(?:finger)?(\d+|proximal|intermediate|distal)$"
)
_CENTRAL = ("hips", "neck", "head")
#: Of two parts with one name, which one it is not when the other's own name is there too.
_AMBIGUOUS = (("upper_arm", "shoulder"), ("upper_leg", "lower_leg"))


def split_side(name: str) -> list[tuple[str, str]]:
    """Return the possible readings of a joint's name: (side or "", the rest in small letters without punctuation)."""
    bare = name.rsplit(":", 1)[-1]
    words = [word for word in re.split(r"[^a-zA-Z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", bare)) if word]
    lowered = [word.lower() for word in words]
    readings: list[tuple[str, str]] = []
    for at, word in enumerate(lowered):
        if word in _SIDES:
            readings.append((_SIDES[word], "".join(lowered[:at] + lowered[at + 1 :])))
    joined = "".join(lowered)
    joined = _PREFIXES.sub("", joined)
    for short, side in _SIDES.items():
        if joined.startswith(short):
            readings.append((side, joined.removeprefix(short)))
    readings = [(side, _PREFIXES.sub("", rest) or rest) for side, rest in readings]
    readings.append(("", joined))
    return readings


def identify(names: Sequence[str]) -> dict[str, int]:
    """Return part -> index of the joint, for the parts that are found.

    Args:
        names: joint names, as in the file.

    Returns:
        Keys are ``hips``, ``neck``, ``head``, the sided parts (``left_upper_arm``, ``right_toes``...) and the finger
        bones of `engines.skeleton.BONES`.
    """
    found: dict[str, dict[str, int]] = {}
    fingers: dict[str, int] = {}
    for index, name in enumerate(names):
        for side, rest in split_side(name):
            finger = _FINGER.match(rest) if side else None
            if finger and finger[2] in _PHALANX:
                kind = {"mid": "middle", "pinky": "little"}.get(finger[1], finger[1])
                fingers.setdefault(f"{side}_{kind}_{_PHALANX_NAMES[_PHALANX[finger[2]]]}", index)
            if any((part in _CENTRAL) == (not side) and rest in accepted for part, accepted in _PARTS.items()):
                found.setdefault(side, {}).setdefault(rest, index)
                break
    parts = dict(fingers)
    for side in ("", "left", "right"):
        have = found.get(side, {})
        chosen: dict[str, int] = {}
        for part, accepted in _PARTS.items():
            if (part in _CENTRAL) == (not side):
                match = next((have[word] for word in accepted if word in have), None)
                if match is not None:
                    chosen[part] = match
        for owner, other in _AMBIGUOUS:
            if owner in chosen and chosen.get(other) == chosen[owner]:
                # `shoulder` is the upper arm where nothing else is; `leg` the lower leg where a thigh is named.
                del chosen[other]
        parts |= {f"{side}_{part}" if side else part: index for part, index in chosen.items()}
    return parts
