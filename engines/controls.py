"""The control spec: the ordered, named numbers that drive every character.

Everything that draws or learns a character (renderer, data set, network, engine) and everything that
moves one (tracker, recordings) meets here and nowhere else.  A control vector is float32, shape
``(len(SPEC),)``, in the order of :data:`SPEC`; its meaning is fixed by :func:`spec_hash`, which data sets,
checkpoints and engines carry and compare.

Conventions
-----------
* Space: right-handed, +Y up, +Z out of the character's chest towards the viewer, +X the *subject's* left
  (which is picture right, because the picture is not mirrored).  Same as VRM 1.0.
* Left and right are the subject's.
* Angles are degrees, positive by the right-hand rule around the named axis: ``head_yaw`` > 0 looks to the
  subject's left, ``head_pitch`` > 0 looks down, ``head_roll`` > 0 tips the crown to the subject's right.
* Limb controls of the right side are written in the mirrored frame, so that the same number on both sides
  is a symmetrical pose; :func:`mirrored` swaps the sides.
* ``*_x/_y/_z`` triples are rotation vectors (axis times angle) away from the T-pose.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

ControlVector = npt.NDArray[np.float32]

SPEC_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One named number: its unit, its range and its value in the neutral pose."""

    name: str
    unit: Literal["deg", "weight", "signed_weight", "hip_height", "ratio"]
    low: float
    high: float
    neutral: float = 0.0


def _deg(name: str, low: float, high: float, neutral: float = 0.0) -> Control:
    return Control(name=name, unit="deg", low=low, high=high, neutral=neutral)


def _weight(name: str, neutral: float = 0.0) -> Control:
    return Control(name=name, unit="weight", low=0.0, high=1.0, neutral=neutral)


FINGERS = ("thumb", "index", "middle", "ring", "little")
VISEMES = ("aa", "ih", "ou", "ee", "oh")
EXPRESSIONS = ("joy", "angry", "sorrow", "surprised")
SIDES = ("left", "right")


def _arm(side: str) -> tuple[Control, ...]:
    return (
        _deg(f"{side}_shoulder_raise", -15, 35),
        _deg(f"{side}_upper_arm_x", -170, 170),
        _deg(f"{side}_upper_arm_y", -170, 170),
        _deg(f"{side}_upper_arm_z", -170, 170, -72),  # -90 hangs straight down, +90 points straight up
        _deg(f"{side}_elbow", 0, 150, 8),  # flexion; with the palm down it brings the forearm forward
        _deg(f"{side}_forearm_twist", -100, 100),  # > 0 supinates: palm down -> forward -> up
        _deg(f"{side}_wrist_flexion", -80, 80),  # > 0 towards the palm
        _deg(f"{side}_wrist_deviation", -30, 40),  # > 0 towards the thumb
        *(_weight(f"{side}_{finger}_curl", 0.2) for finger in FINGERS),
    )


def _leg(side: str) -> tuple[Control, ...]:
    return (
        _deg(f"{side}_upper_leg_x", -140, 80),
        _deg(f"{side}_upper_leg_y", -90, 90),
        _deg(f"{side}_upper_leg_z", -60, 90),
        _deg(f"{side}_knee", 0, 155),
        _deg(f"{side}_ankle", -50, 50),
    )


SPEC: tuple[Control, ...] = (
    _deg("head_yaw", -70, 70),  # relative to the chest
    _deg("head_pitch", -50, 50),
    _deg("head_roll", -45, 45),
    _deg("torso_yaw", -50, 50),  # relative to the hips
    _deg("torso_pitch", -30, 50),
    _deg("torso_roll", -35, 35),
    *_arm("left"),
    *_arm("right"),
    _deg("gaze_yaw", -35, 35),  # relative to the head
    _deg("gaze_pitch", -30, 30),
    _weight("blink_left"),
    _weight("blink_right"),
    Control(name="brow_left", unit="signed_weight", low=-1.0, high=1.0),  # -1 lowered, +1 raised
    Control(name="brow_right", unit="signed_weight", low=-1.0, high=1.0),
    *(_weight(viseme) for viseme in VISEMES),  # aa also carries the jaw
    _weight("smile"),
    *(_weight(expression) for expression in EXPRESSIONS),
    *_leg("left"),
    *_leg("right"),
    _deg("root_yaw", -180, 180),
    _deg("root_pitch", -90, 90),
    _deg("root_roll", -90, 90),
    Control(name="root_x", unit="hip_height", low=-3.0, high=3.0),
    Control(name="root_y", unit="hip_height", low=-1.0, high=2.0),
)

NAMES: tuple[str, ...] = tuple(control.name for control in SPEC)
INDEX: dict[str, int] = {name: index for index, name in enumerate(NAMES)}
LOW: ControlVector = np.array([control.low for control in SPEC], np.float32)
HIGH: ControlVector = np.array([control.high for control in SPEC], np.float32)
NEUTRAL: ControlVector = np.array([control.neutral for control in SPEC], np.float32)

#: Controls that the `portrait` framing can show: everything above the hips.
PORTRAIT_NAMES: tuple[str, ...] = NAMES[: INDEX["left_upper_leg_x"]]
#: Controls that move the face without moving a joint of the body.
FACE_NAMES: tuple[str, ...] = NAMES[INDEX["gaze_yaw"] : INDEX["left_upper_leg_x"]]


def spec_hash(spec: tuple[Control, ...] = SPEC, version: int = SPEC_VERSION) -> str:
    """Return 16 hex digits that change whenever a name, an order, a unit, a range or a neutral value changes."""
    text = json.dumps({"version": version, "controls": [asdict(control) for control in spec]}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def controls(values: Mapping[str, float] | None = None) -> ControlVector:
    """Return a full control vector: neutral, with the named values set and clipped to their ranges.

    Raises:
        KeyError: a name is not in the spec.
    """
    vector = NEUTRAL.copy()
    for name, value in (values or {}).items():
        vector[INDEX[name]] = value
    return clipped(vector)


def clipped(vector: ControlVector) -> ControlVector:
    """Return the vector with every control inside its range; NaN becomes neutral."""
    return np.clip(np.where(np.isnan(vector), NEUTRAL, vector), LOW, HIGH).astype(np.float32)


def as_dict(vector: ControlVector) -> dict[str, float]:
    """Return the vector as name -> value, in spec order."""
    return {name: float(value) for name, value in zip(NAMES, vector, strict=True)}


def normalised(vector: ControlVector, names: tuple[str, ...] = NAMES) -> npt.NDArray[np.float32]:
    """Return the named controls as offsets from neutral divided by half their range, (..., len(names)).

    This is the form in which networks see controls.
    """
    index = [INDEX[name] for name in names]
    half_range = (HIGH - LOW)[index] / 2
    scaled = (vector[..., index] - NEUTRAL[index]) / half_range
    return np.asarray(scaled, np.float32)


_MIRROR_SIGN = np.ones(len(SPEC), np.float32)
_MIRROR_INDEX = np.arange(len(SPEC))
for _index, _name in enumerate(NAMES):
    if _name.endswith(("_yaw", "_roll")) or _name == "root_x":
        _MIRROR_SIGN[_index] = -1.0
    if _name.startswith("left_") or _name.endswith("_left"):
        _other = _name.replace("left", "right")
        _MIRROR_INDEX[_index] = INDEX[_other]
        _MIRROR_INDEX[INDEX[_other]] = _index


def mirrored(vector: ControlVector) -> ControlVector:
    """Return the controls of the mirror image of this pose."""
    return np.asarray(vector[..., _MIRROR_INDEX] * _MIRROR_SIGN, np.float32)
