"""Names of joints."""

from __future__ import annotations

import pytest

from engines.motion.joint_names import identify

_LIMBS = ("shoulder", "upper_arm", "lower_arm", "hand", "upper_leg", "lower_leg", "foot")
_PLAIN = ("LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand", "LeftUpLeg", "LeftLeg", "LeftFoot")
_BONES = ("clavicle", "upperarm", "forearm", "hand", "thigh", "calf", "foot")


@pytest.mark.parametrize(
    "names",
    [
        ["Hips", *_PLAIN],
        [
            "mixamorig:Hips",
            *(f"mixamorig:{part}" for part in _PLAIN),
        ],
        ["Hips", "LeftCollar", "LeftShoulder", "LeftElbow", "LeftWrist", "LeftHip", "LeftKnee", "LeftAnkle"],
        ["hip", "lCollar", "lShldr", "lForeArm", "lHand", "lThigh", "lShin", "lFoot"],
        [
            "Bip01 Pelvis",
            *(f"Bip01 L {part.capitalize()}" for part in _BONES),
        ],
        ["pelvis", *(f"{part}_l" for part in _BONES)],
        ["hips", *(f"{p}.L" for p in ["shoulder", "upper_arm", "forearm", "hand", "thigh", "shin", "foot"])],
        ["hips", *(f"left{p}" for p in ["Shoulder", "UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot"])],
    ],
    ids=["plain", "mixamo", "biovision", "poser", "biped", "unreal", "blender", "vrm"],
)
def test_identify_known_family_finds_every_part(names: list[str]) -> None:
    """Each usual family of names gives the hips and all parts of the left side."""
    parts = ("hips", *(f"left_{part}" for part in _LIMBS))
    assert {part: names[index] for part, index in identify(names).items()} == dict(zip(parts, names, strict=True))


def test_identify_fingers_skips_metacarpals() -> None:
    """The joint inside the palm is no phalanx."""
    names = ["LeftInHandIndex", "LeftHandIndex1", "LeftHandIndex2", "RightHandPinky1"]
    assert identify(names) == {
        "left_index_proximal": 1,
        "left_index_intermediate": 2,
        "right_little_proximal": 3,
    }
