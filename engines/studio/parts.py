"""Which part of the character each triangle is: hair, face skin, iris, brows, clothes and so on.

What the user says holds; else a material's name says what it mostly is; else its place does.  One material often
holds several parts (MMD files draw face, brows and mouth with one, VRoid paints stockings on the body), so its
triangles are looked at again: which expression moves the piece that they belong to, which bones they follow, and
whether they have the colour of the cheeks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.skeleton import BONES
from engines.studio.avatar import Avatar
from engines.studio.colour import difference
from engines.studio.part_names import SKIN, Part, part_of_name
from engines.studio.surface import Surface, surface_of

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

#: A vertex that an expression moves by less than this (metres) stays where it is.
_MOVED_M = 2e-4
#: A piece belongs to the feature whose expression moves at least this part of its vertices.
_MOSTLY = 0.8
#: Distances on the face, in units of the distance between the eyes (by eye on eight avatars).
_EYE_RADIUS = 0.48
_MOUTH_RADIUS = 0.45
_CHEEK_RADIUS = 0.3
#: Skin: the hue of the cheeks within this, and so much of their chroma; blush and shade have more than cheeks.
_SKIN_HUE_DEG = 38.0
_SKIN_CHROMA = (0.4, 3.2)
_SKIN_MIN_LIGHTNESS = 0.64
#: A texel of an eye is white, not iris, when it is this light and has so little chroma.
_WHITE_LIGHTNESS = 72.0
_WHITE_CHROMA = 13.0
#: Lips are redder or darker than the cheeks by this (CIEDE2000).
_LIP_DIFFERENCE = 11.0
#: Pieces in hair this far in colour from the rest (CIEDE2000), and smaller than this part of it, are clips and ribbons.
_CLIP_DIFFERENCE = 15.0
_CLIP_AREA = 0.06
#: ... unless this part of the other hair has their colour: the dark end of a lock is hair.
_SHARED_AREA = 0.015
_SAME_DIFFERENCE = 8.0
_HAND_BONES = np.array(["_hand" in bone or bone.endswith(("_proximal", "_intermediate", "_distal")) for bone in BONES])
_HEAD_BONES = np.array([bone in {"head", "left_eye", "right_eye"} for bone in BONES])
_TORSO_BONES = np.array([bone in {"hips", "spine", "chest"} for bone in BONES])
_EYE_BONES = np.array([bone in {"left_eye", "right_eye"} for bone in BONES])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """An avatar's triangles by part.

    Args:
        triangles: uint8, (T,), a :class:`Part` each.
        materials: what each material mostly is; NOTHING where no triangle has it.
        sources: how each material's part was found: "user", "name", "geometry" or "unused".
        skin: float32, (3,), CIELAB of the cheeks.
        surface: what was looked at.
    """

    triangles: U8
    materials: tuple[Part, ...]
    sources: tuple[str, ...]
    skin: F32
    surface: Surface


def parts_of(avatar: Avatar, user: Mapping[str, Part | str] | None = None) -> Parts:
    """Return which part each triangle of an avatar is.

    Args:
        avatar: any avatar.
        user: material name -> part (or its name in small letters); all of the material's triangles become it.

    Raises:
        AvatarError: `user` names a material that the avatar has not, or a part that there is not.
    """
    said = _said(avatar, user or {})
    surface = surface_of(avatar)
    looker = _Looker(avatar, surface)
    triangles = np.zeros(len(avatar.triangles), np.uint8)
    sources: list[str] = []
    for index, material in enumerate(avatar.materials):
        chosen = np.nonzero(surface.material == index)[0]
        named, mixed = part_of_name(material.name)
        if not len(chosen):
            sources.append("unused")
        elif material.name in said:
            triangles[chosen] = said[material.name]
            sources.append("user")
        else:
            triangles[chosen] = looker.look(chosen, named) if mixed or named is None else named
            sources.append("name" if named is not None else "geometry")
    _set_glossy_irises_right(triangles, avatar, surface)
    _set_clips_apart(triangles, surface, [i for i, source in enumerate(sources) if source == "user"])
    counts = np.zeros((len(avatar.materials), len(Part)))
    np.add.at(counts, (surface.material, triangles), surface.area + 1e-12)
    return Parts(
        triangles=triangles,
        materials=tuple(Part(int(part)) for part in counts.argmax(axis=1)),
        sources=tuple(sources),
        skin=looker.skin,
        surface=surface,
    )


def skin_likeness(lab: F32, skin: F32) -> F32:
    """Return how much colours look like skin whose cheeks have the colour `skin`, 0..1, (...) for CIELAB (..., 3)."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    own = max(float(np.hypot(skin[1], skin[2])), 1.0)
    turn = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) - np.degrees(np.arctan2(skin[2], skin[1]))
    turn = np.abs((turn + 180) % 360 - 180)
    low, high = _SKIN_CHROMA
    like = np.clip((_SKIN_HUE_DEG + 14 - turn) / 14, 0, 1)
    like = like * np.clip((chroma - low * own) / (0.25 * own) + 0.5, 0, 1)
    like = like * np.clip((high * own + 12 - chroma) / 12, 0, 1)
    darkest = _SKIN_MIN_LIGHTNESS * float(skin[0])
    return np.asarray(like * np.clip((lab[..., 0] - darkest) / 10 + 0.5, 0, 1), np.float32)


def _said(avatar: Avatar, user: Mapping[str, Part | str]) -> dict[str, Part]:
    names = {material.name for material in avatar.materials}
    said = {}
    for name, part in user.items():
        if name not in names:
            raise AvatarError(f"{avatar.name}: has no material {name!r}; it has {', '.join(sorted(names))}")
        try:
            said[name] = part if isinstance(part, Part) else Part[part.upper()]
        except KeyError as error:
            known = ", ".join(part.name.lower() for part in Part if part)
            raise AvatarError(f"{avatar.name}: material {name!r}: no part {part!r}; use one of {known}") from error
    return said


class _Looker:
    """Looks at the triangles of one material after the other."""

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
        found[plain & near_eye & (self._colour[chosen, 0] < 0.55 * self.skin[0])] = Part.LASHES
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
        named = np.array([part_of_name(material.name)[0] is Part.FACE_SKIN for material in avatar.materials])
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


def _set_glossy_irises_right(triangles: U8, avatar: Avatar, surface: Surface) -> None:
    """Make iris of a highlight that is drawn with the iris's texture: the whole iris once more; in place."""
    texture = np.array([-1 if m.lit_texture is None else m.lit_texture for m in avatar.materials])[surface.material]
    of_iris = np.unique(texture[triangles == Part.IRIS])
    for material in np.unique(surface.material[triangles == Part.HIGHLIGHT]):
        whole = surface.material == material
        named, mixed = part_of_name(avatar.materials[material].name)
        if named is Part.HIGHLIGHT and not mixed and np.isin(texture[whole], of_iris[of_iris >= 0]).all():
            triangles[whole] = np.where(triangles[whole] == Part.HIGHLIGHT, Part.IRIS, triangles[whole])


def _set_clips_apart(triangles: U8, surface: Surface, said: list[int]) -> None:
    """Make accessories of what stands out in hair by its colour: clips, ribbons, ear-rings; in place."""
    hair = (triangles == Part.HAIR) & ~np.isin(surface.material, said)
    if not hair.any():
        return
    colour = surface.colour
    total = float(surface.area[hair].sum())
    main = np.median(colour[hair], axis=0)
    for material in np.unique(surface.material[hair]):
        whole = hair & (surface.material == material)
        groups = [whole] if surface.area[whole].sum() < _CLIP_AREA * total else []
        groups += [whole & (surface.piece == piece) for piece in np.unique(surface.piece[whole])]
        for group in groups:
            own = np.median(colour[group], axis=0)
            if surface.area[group].sum() > _CLIP_AREA * total or difference(own, main) <= _CLIP_DIFFERENCE:
                continue
            others = hair & ~group
            alike = difference(colour[others], own) < _SAME_DIFFERENCE
            if surface.area[others][alike].sum() < _SHARED_AREA * total:
                triangles[group] = Part.ACCESSORIES


def is_skin(triangles: U8) -> Bools:
    """Return which triangles are skin of face, body or hands, bool (T,)."""
    return np.isin(triangles, [int(part) for part in SKIN])
