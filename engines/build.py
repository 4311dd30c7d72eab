"""A character's build, and what changing it does to everything that lies on its bones.

A build is a few factors: how large the head, how long the legs, how broad the shoulders.  They become one map per
bone, a scaling along the T-pose's axes about the bone's joint; maps of neighbouring bones agree at the joint between
them, and a vertex that follows several bones takes their weighted mean, so that a surface stays whole and smooth.  Eyes
are moved and scaled by a map of their own that fades out around them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.skeleton import BONE_INDEX, BONES, PARENT, Proportions

F64 = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]

#: Beyond these a figure is no longer the same kind of drawing, and morphs and springs no longer fit.
LEAST, LARGEST = 0.5, 2.0
#: The eyes' map reaches this far around each, in parts of the distance between them: a little over the nose's middle.
_EYE_REACH = 0.58
#: What lies before or behind an eye is taken to be nearer by this factor: iris and bone lie behind the lids.
_EYE_DEPTH = 0.35
_OF_HEAD = tuple(BONE_INDEX[name] for name in ("head", "left_eye", "right_eye"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How a figure differs from the one it is made of; all are factors, 1 changes nothing.

    Args:
        head: size of the head with hair and face.
        neck: its length.
        torso: length from hips to neck.
        shoulders: width.
        hips: width.
        arms: length.
        legs: length.
        hands: size.
        girth: thickness of limbs and depth of the trunk.
        eye_distance: between the eyes.
        eye_size: of eyes and brows on the face.

    Raises:
        ValueError: a factor is outside :data:`LEAST`..:data:`LARGEST`.
    """

    head: float = 1.0
    neck: float = 1.0
    torso: float = 1.0
    shoulders: float = 1.0
    hips: float = 1.0
    arms: float = 1.0
    legs: float = 1.0
    hands: float = 1.0
    girth: float = 1.0
    eye_distance: float = 1.0
    eye_size: float = 1.0

    def __post_init__(self) -> None:
        for name in BUILD_NAMES:
            value = getattr(self, name)
            if not LEAST <= value <= LARGEST:  # also what is not a number
                raise ValueError(f"{name}: got {value}, expected {LEAST:g} to {LARGEST:g}")


BUILD_NAMES: tuple[str, ...] = tuple(one.name for one in fields(Build))


class Reshaping:
    """Carries what belongs to one figure over to another build.

    Args:
        build: the new one, against the present.
        proportions: the present figure's.
    """

    def __init__(self, build: Build, proportions: Proportions) -> None:
        self.build = build
        self._before = proportions
        self._scale = np.array([_scale(name, build) for name in BONES])  # (B, 3)
        self._eyes = np.stack([proportions.left_eye, proportions.right_eye]).astype(np.float64)
        own = self._with_eyes(
            proportions.joints.astype(np.float64), np.isin(np.arange(len(BONES)), _OF_HEAD).astype(np.float64)
        )
        placed = own.copy()
        for bone, parent in enumerate(PARENT):
            if parent >= 0:
                placed[bone] = placed[parent] + self._scale[parent] * (own[bone] - own[parent])
        feet = [BONE_INDEX["left_foot"], BONE_INDEX["right_foot"]]
        # The soles stay where they stood: as far below the ankles as feet of the new size are high.
        placed[:, 1] += float((own[feet, 1] * self._scale[feet, 1] - placed[feet, 1]).mean())
        self._origin, self._target = own, placed

    def points(self, points: Floats, bones: Ints, weights: Floats) -> F64:
        """Return where points go, float64 (N, 3), metres, T-pose.

        Args:
            points: (N, 3), metres, T-pose.
            bones: (N, K), indices into BONES, what each follows.
            weights: (N, K), sum 1.
        """
        head = np.where(np.isin(bones, _OF_HEAD), weights, 0.0).sum(axis=1)
        moved = self._with_eyes(np.asarray(points, np.float64), head)
        scale = np.einsum("nk,nki->ni", weights, self._scale[bones])
        offset = np.einsum("nk,nki->ni", weights, self._target[bones] - self._scale[bones] * self._origin[bones])
        return np.asarray(moved * scale + offset)

    def at(self, points: Floats, bones: Ints) -> F64:
        """Return where points go that follow one bone each; `bones` is (N,)."""
        return self.points(points, bones[:, None], np.ones((len(bones), 1)))

    def normals(self, normals: Floats, bones: Ints, weights: Floats) -> F64:
        """Return unit normals on the reshaped surface, float64 (N, 3)."""
        turned = normals / np.einsum("nk,nki->ni", weights, self._scale[bones])
        return np.asarray(turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-12))

    def size(self, bones: Ints) -> F64:
        """Return by how much bones' surroundings grow on the whole, float64, of the shape of `bones`."""
        return np.asarray(self._scale.mean(axis=1)[bones])

    def proportions(self) -> Proportions:
        """Return the reshaped figure's proportions."""
        before, head = self._before, np.array([BONE_INDEX["head"]])

        def on_head(point: Floats) -> npt.NDArray[np.float32]:
            return np.asarray(self.at(np.asarray(point, np.float64)[None], head)[0], np.float32)

        top = np.array([before.joints[head[0], 0], before.head_top, before.joints[head[0], 2]])
        return Proportions(
            joints=self._target.astype(np.float32),
            left_eye=on_head(before.left_eye),
            right_eye=on_head(before.right_eye),
            mouth=on_head(before.mouth),
            head_top=float(on_head(top)[1]),
            # The iris swings by a part of the distance between the eyes, about a bone that keeps its depth.
            eye_gain=before.eye_gain * self.build.eye_distance,
        )

    def _with_eyes(self, points: F64, share: Floats) -> F64:
        """Return points after the eyes' map, (N, 3); `share`, (N,) 0..1, says how much of it each takes."""
        build = self.build
        if build.eye_distance == 1.0 and build.eye_size == 1.0:
            return points
        half = (self._eyes[0] - self._eyes[1]) / 2
        reach = 2 * float(np.linalg.norm(half)) * _EYE_REACH
        moved = points.copy()
        for eye, outwards in zip(self._eyes, (half, -half), strict=True):
            away = points - eye
            distance = np.sqrt(away[:, 0] ** 2 + away[:, 1] ** 2 + (_EYE_DEPTH * away[:, 2]) ** 2) / max(reach, 1e-9)
            fade = np.maximum(1 - distance**2, 0.0) ** 2 * share
            shift = (build.eye_size - 1) * away + (build.eye_distance - 1) * outwards
            shift[:, 2] = 0.0
            moved += fade[:, None] * shift
        return moved


def _scale(bone: str, build: Build) -> tuple[float, float, float]:
    """Return a bone's factors along x (across), y (up) and z (front)."""
    girth, thick = build.girth, (build.head + build.girth) / 2
    by_part: dict[str, tuple[float, float, float]] = {
        # Skirts hang on the hips; they are as long for long legs as for a long torso.
        "hips": (build.hips, (build.torso + build.legs) / 2, girth),
        "spine": ((build.hips + build.shoulders) / 2, build.torso, girth),
        "chest": (build.shoulders, build.torso, girth),
        "neck": (thick, build.neck, thick),
        **dict.fromkeys(("head", "eye"), (build.head,) * 3),
        "shoulder": (build.shoulders, (1 + girth) / 2, girth),
        **dict.fromkeys(("upper_arm", "lower_arm"), (build.arms, girth, girth)),
        **dict.fromkeys(("upper_leg", "lower_leg"), (girth, build.legs, girth)),
        "foot": (girth,) * 3,
    }
    part = bone.removeprefix("left_").removeprefix("right_")
    return by_part.get(part, (build.hands,) * 3)  # a hand and its fingers
