"""Which triangles a key view draws, where its layer leaves parts out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
import numpy.typing as npt

from engines.key_view import KeyView, Layer
from engines.skeleton import BONES
from engines.studio.avatar import Avatar
from engines.studio.part_names import EYES, Part
from engines.studio.parts import parts_of

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

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
