"""One key view of a sheet: a pose, a camera and, where parts are drawn apart, a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from engines import controls
from engines.controls import ControlVector
from engines.framing import Framing, camera_of, face_camera
from engines.skeleton import BONE_INDEX, BONES, Proportions, forward_kinematics
from engines.studio.avatar import Avatar
from engines.studio.part_names import EYES, Part
from engines.studio.parts import parts_of

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

Layer = Literal["eye_white", "iris", "face", "lashes", "brows", "mouth", "hair", "clothes", "no_hair", "no_arms"]
LAYERS: tuple[Layer, ...] = get_args(Layer)
#: What each layer draws.  `face` is the face without eyes, brows, hair and accessories; `no_arms` is everything
#: that does not hang on an arm, and so has no entry here.
LAYER_PARTS: dict[Layer, frozenset[Part]] = {
    "eye_white": frozenset({Part.EYE_WHITE}),
    "iris": EYES - {Part.EYE_WHITE},
    "face": frozenset({Part.FACE_SKIN, Part.LASHES, Part.MOUTH}),
    "lashes": frozenset({Part.LASHES}),
    "brows": frozenset({Part.BROWS}),
    "mouth": frozenset({Part.MOUTH}),
    "hair": frozenset({Part.HAIR}),
    "clothes": frozenset({Part.CLOTHES, Part.ACCESSORIES}),
    "no_hair": frozenset(Part) - {Part.HAIR},
}
#: Pixels per side of a view unless it says otherwise.
VIEW_PX = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """One picture of a sheet.

    Args:
        name: unique in its sheet; letters, digits, `_` and `-`.
        camera: a framing, or ``face``: the frame that follows the head.
        controls: name -> value, away from neutral.
        layer: draw only these parts; None draws everything.
        scale: shows this many times the width of the camera's picture, about the same centre.
        size_px: width and height.
        swinging: whether hair and cloth hang as springs let them; else they follow their bones rigidly.
    """

    name: str
    camera: Framing | Literal["face"]
    controls: Mapping[str, float] = field(default_factory=dict)
    layer: Layer | None = None
    scale: float = 1.0
    size_px: int = VIEW_PX
    swinging: bool = True

    def vector(self) -> ControlVector:
        """Return the view's control vector."""
        return controls.controls(self.controls)

    def matrix(self, proportions: Proportions) -> F32:
        """Return the view's camera for a character, float32 (2, 3), world to 0..1."""
        if self.camera == "face":
            bones = forward_kinematics(self.vector(), proportions)
            camera = face_camera(proportions, bones[BONE_INDEX["head"]])
        else:
            camera = camera_of(self.camera, proportions)
        wide = camera / self.scale
        wide[:, 2] += 0.5 * (1 - 1 / self.scale)
        return wide.astype(np.float32)


def drawn_triangles(avatar: Avatar, layer: Layer | None, parts: U8 | None = None) -> Bools | None:
    """Return which triangles a layer draws, bool (T,); None for all of them.

    Args:
        avatar: whose.
        layer: see :data:`LAYERS`.
        parts: uint8, (T,), of the triangles, where they are known: those from before a recolouring.
    """
    if layer is None:
        return None
    if layer == "no_arms":
        bones = avatar.joints.bone[avatar.joint_ids[:, 0]]  # of each vertex's first joint
        return np.asarray(~_ARM_BONES[bones[avatar.triangles]].all(axis=1))
    if parts is None:
        parts = parts_of(avatar).triangles
    return np.isin(parts, [int(part) for part in LAYER_PARTS[layer]])


def drawn_in(avatar: Avatar, views: Sequence[KeyView], parts: U8 | None = None) -> list[Bools | None]:
    """Return :func:`drawn_triangles` of each view; the avatar's parts are found once."""
    if parts is None and any(view.layer in LAYER_PARTS for view in views):
        parts = parts_of(avatar).triangles
    return [drawn_triangles(avatar, view.layer, parts) for view in views]


_ARM_BONES = np.array(
    [bone.endswith(("_upper_arm", "_lower_arm", "_hand", "_proximal", "_intermediate", "_distal")) for bone in BONES]
)
