"""What a triangle is by its looks: which expression moves it, which bones it follows, what colour it has."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.skeleton import BONES
from engines.studio.avatar import Avatar
from engines.studio.colour import difference
from engines.studio.part_names import Part, part_of_name
from engines.studio.skin import skin_likeness
from engines.studio.surface import Surface

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

#: A vertex that an expression moves by less than this (metres) stays where it is.
_MOVED_M = 2e-4
#: A piece belongs to the feature whose expression moves at least this part of its vertices.
_MOSTLY = 0.8
#: Distances on the face, in units of the distance between the eyes (by eye on eight avatars).
_EYE_RADIUS = 0.48
_LASH_RADIUS = 0.62
#: Painted lashes are darker than this part of the skin's lightness.
_LASH_LIGHTNESS = 0.62
_MOUTH_RADIUS = 0.45
_CHEEK_RADIUS = 0.3
#: A texel of an eye is white, not iris, when it is this light and has so little chroma.
_WHITE_LIGHTNESS = 72.0
_WHITE_CHROMA = 13.0
#: Lips are redder or darker than the cheeks by this (CIEDE2000).
_LIP_DIFFERENCE = 11.0
_HAND_BONES = np.array(["_hand" in bone or bone.endswith(("_proximal", "_intermediate", "_distal")) for bone in BONES])
_HEAD_BONES = np.array([bone in {"head", "left_eye", "right_eye"} for bone in BONES])
_TORSO_BONES = np.array([bone in {"hips", "spine", "chest"} for bone in BONES])
_EYE_BONES = np.array([bone in {"left_eye", "right_eye"} for bone in BONES])


class Looker:
    """Looks at the triangles of one material after the other.

    Args:
        avatar: whose.
        surface: of its triangles.

    Attributes:
        skin: float32, (3,), CIELAB of the cheeks.
    """

    def __init__(self, avatar: Avatar, surface: Surface) -> None:
        self._surface = surface
        self._colour = surface.colour
        self._white = ((surface.lab[..., 0] > _WHITE_LIGHTNESS) & (_chroma(surface.lab) < _WHITE_CHROMA)).mean(axis=1)
        face = avatar.proportions
        left, right, mouth = face.left_eye, face.right_eye, face.mouth
        self._unit = max(float(np.linalg.norm(left - right)), 1e-3)
        near = [np.linalg.norm(surface.centre - eye, axis=1) / self._unit for eye in (left, right)]
        self._eye_distance = np.minimum(*near)
        self._mouth_distance = np.linalg.norm(surface.centre - mouth, axis=1) / self._unit
        self._behind_mouth = surface.centre[:, 2] < mouth[2] - 0.1 * self._unit
        self._on_head = _HEAD_BONES[surface.bone].all(axis=1)
        self._on_eye = _EYE_BONES[surface.bone].mean(axis=1)
        self._on_hand = _HAND_BONES[surface.bone].all(axis=1)
        self._blinks = self._moved(avatar, "blink_left", "blink_right")
        self._speaks = self._moved(avatar, "aa")
        self._frowns = self._moved(avatar, "brow_up_left", "brow_up_right", "brow_down_left", "brow_down_right")
        self.skin = self._cheeks(avatar, left, right, mouth)
        self._like_skin = skin_likeness(surface.lab, self.skin).mean(axis=1)

    def look(self, chosen: npt.NDArray[np.int64], named: Part | None) -> U8:
        """Return the part of each of one material's triangles, uint8, piece by piece."""
        found = np.zeros(len(chosen), np.uint8)
        for piece in np.unique(self._surface.piece[chosen]):
            own = self._surface.piece[chosen] == piece
            found[own] = self._piece(chosen[own], named)
        return found

    def _piece(self, chosen: npt.NDArray[np.int64], named: Part | None) -> U8:
        """Return the part of each triangle of one connected piece."""
        if self._on_head[chosen].mean() > _MOSTLY:
            return self._head_piece(chosen, named)
        whole = np.full(len(chosen), Part.CLOTHES, np.uint8)
        if named is Part.IRIS:
            whole[:] = named
            return whole
        skin = self._like_skin[chosen] > 0.5
        if named is None and not skin.any():
            # Cloth bends; what hangs on one bone of the torso is carried.
            bone = self._surface.bone[chosen]
            if (bone == bone[0, 0]).all() and _TORSO_BONES[bone[0, 0]]:
                whole[:] = Part.ACCESSORIES
            return whole
        whole[skin] = Part.BODY_SKIN
        whole[skin & self._on_hand[chosen]] = Part.HANDS
        head = self._on_head[chosen]
        whole[head] = self._face(chosen[head])
        return whole

    def _head_piece(self, chosen: npt.NDArray[np.int64], named: Part | None) -> U8:
        def mostly(moved: Bools) -> bool:
            return bool(moved[chosen].mean() >= _MOSTLY)

        eye = float(np.median(self._eye_distance[chosen])) < _EYE_RADIUS
        if mostly(self._frowns) and not mostly(self._blinks) and not mostly(self._speaks):
            part = Part.BROWS
        elif mostly(self._speaks):
            part = Part.MOUTH
        elif mostly(self._blinks):
            part = Part.LASHES
        elif self._on_eye[chosen].mean() > 0.4 or (named is Part.IRIS and eye):
            return self._eye(chosen)
        elif named is Part.IRIS:
            # An eye's material away from the eyes: a mouth's inside that does not move, or drawn signs.
            part = Part.MOUTH if np.median(self._mouth_distance[chosen]) < _MOUTH_RADIUS else Part.HIGHLIGHT
        elif self._like_skin[chosen].mean() > 0.4 or named is Part.FACE_SKIN:
            return self._face(chosen)
        elif named is Part.BODY_SKIN:
            part = Part.ACCESSORIES
        else:
            part = Part.HAIR
        return np.full(len(chosen), part, np.uint8)

    def _eye(self, chosen: npt.NDArray[np.int64]) -> U8:
        """Return which triangles are white, iris or highlight: a wholly white piece beside others is a highlight."""
        white = self._white[chosen] > 0.5
        found = np.where(white, Part.EYE_WHITE, Part.IRIS).astype(np.uint8)
        if white.mean() > 0.9:
            material = self._surface.material[chosen[0]]
            others = (self._surface.material == material) & (self._eye_distance < _EYE_RADIUS)
            if len(chosen) < 0.2 * others.sum():
                found[:] = Part.HIGHLIGHT
        return found

    def _face(self, chosen: npt.NDArray[np.int64]) -> U8:
        """Return the parts of a face that is one piece: skin, painted lips, lashes and eye whites."""
        found = np.full(len(chosen), Part.FACE_SKIN, np.uint8)
        plain = self._like_skin[chosen] <= 0.5
        near_eye = self._eye_distance[chosen] < _EYE_RADIUS
        near_lash = near_eye | ((self._eye_distance[chosen] < _LASH_RADIUS) & self._blinks[chosen])
        found[plain & near_lash & (self._colour[chosen, 0] < _LASH_LIGHTNESS * self.skin[0])] = Part.LASHES
        found[plain & near_eye & (self._white[chosen] > 0.5)] = Part.EYE_WHITE
        off = difference(self._colour[chosen], self.skin) > _LIP_DIFFERENCE
        near_mouth = (self._mouth_distance[chosen] < _MOUTH_RADIUS) & self._speaks[chosen]
        found[near_mouth & off] = Part.MOUTH
        return found

    def _moved(self, avatar: Avatar, *names: str) -> Bools:
        """Return which triangles one of the expressions moves."""
        moved = np.zeros(len(avatar.positions), bool)
        for name in names:
            morph = avatar.expressions.get(name)
            if morph is not None:
                moved[morph.vertices] |= np.linalg.norm(morph.deltas, axis=1) > _MOVED_M
        return np.asarray(moved[avatar.triangles].any(axis=1))

    def _cheeks(self, avatar: Avatar, left: F32, right: F32, mouth: F32) -> F32:
        """Return the median colour of the foremost triangles between eyes and mouth, CIELAB (3,)."""
        surface = self._surface
        on_face = self._on_head & (surface.alpha.mean(axis=1) > 0.5)
        for moved in (self._blinks, self._speaks, self._frowns):
            share = np.bincount(surface.piece, moved) / np.maximum(np.bincount(surface.piece), 1)
            on_face &= share[surface.piece] < _MOSTLY  # lashes, brows and teeth move as a whole
        on_face &= self._on_eye == 0
        skins = {Part.FACE_SKIN, Part.BODY_SKIN}
        named = np.array([part_of_name(material.name)[0] in skins for material in avatar.materials])
        opaque = np.array([material.depth_write for material in avatar.materials])
        if (named[surface.material] & opaque[surface.material] & on_face).any():
            on_face &= named[surface.material]
        on_face &= opaque[surface.material]
        near = np.zeros(len(on_face), bool)
        for eye in (left, right):
            cheek = (eye * 0.5 + mouth * 0.5 + np.array([eye[0] - mouth[0], 0, 0]) * 0.25).astype(np.float32)
            near |= np.linalg.norm(surface.centre - cheek, axis=1) < _CHEEK_RADIUS * self._unit
        chosen = on_face & near if (on_face & near).any() else on_face
        if not chosen.any():
            chosen = np.ones(len(on_face), bool)
        return np.asarray(np.median(surface.lab[chosen].reshape(-1, 3), axis=0), np.float32)


def _chroma(lab: F32) -> F32:
    return np.asarray(np.hypot(lab[..., 1], lab[..., 2]), np.float32)
