"""Makes a character's figure from an avatar: the part of its surface that is ever seen, without its textures."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from engines import controls
from engines.controls import ControlVector
from engines.figure import Figure, Morph, Region
from engines.framing import Framing, camera_of, face_camera
from engines.skeleton import BONE_INDEX, BONES
from engines.studio.avatar import Avatar
from engines.studio.hanging_joints import hanging_joints
from engines.studio.looks import HIT_CUTOFF
from engines.studio.materials import GAMMA, AlphaMode, Cull
from engines.studio.posing import posed
from engines.studio.renderer import Renderer
from engines.studio.sampling import sample_controls
from engines.studio.spring_simulation import settled
from engines.studio.surface import material_of_triangles

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

#: Poses in which the figure is looked at, to know what can be left out; each from the front, and turned in whole.
_LOOKS = 24
_LOOK_PX = 512
#: Ways that the whole figure is turned, in degrees.
_TURNS_DEG = (0.0, 60.0, 130.0, 180.0, -130.0, -60.0)
#: What hangs together with something seen, over so many edges, stays: outlines are drawn from what faces away.
_RINGS = 2
#: Longest side of a mask.
_MASK_PX = 512
_CULL = {Cull.NONE: 0, Cull.BACK: 1, Cull.FRONT: 2}
#: Where eyes, brows and mouth are in the face frame: x, y, radius; see `engines.framing.face_plane`.
_FEATURES = {
    Region.LEFT_EYE: (0.685, 0.34, 0.21),
    Region.RIGHT_EYE: (0.315, 0.34, 0.21),
    Region.MOUTH: (0.5, 0.72, 0.19),
}
_ARMS = ("_upper_arm", "_lower_arm")
_LEGS = ("_upper_leg", "_lower_leg", "_foot", "_toes")
_FINGERS = ("_hand", "_proximal", "_intermediate", "_distal")


def make_figure(
    renderer: Renderer, avatar: Avatar, views: Iterable[ControlVector] = (), paints: U8 | None = None
) -> Figure:
    """Return an avatar's figure.

    Args:
        renderer: looks which triangles are seen.
        avatar: whose.
        views: poses in which everything that is seen is kept, beside those that are sampled.
        paints: uint8, (T,), see :func:`engines.studio.paint.paints_of`; None where nobody said.
    """
    return figure_of(avatar, _kept(renderer, avatar, tuple(views)), paints)


def figure_of(avatar: Avatar, kept: Bools, paints: U8 | None = None) -> Figure:
    """Return the figure of some of an avatar's triangles, bool (T,)."""
    triangles = avatar.triangles[kept]
    used, corners = np.unique(triangles, return_inverse=True)
    number = np.full(len(avatar.positions), -1, np.int32)
    number[used] = np.arange(len(used))
    material = material_of_triangles(avatar)[kept]
    order = np.zeros(len(avatar.triangles), np.int32)
    for rank, draw in enumerate(avatar.draws):
        order[draw.first : draw.first + draw.count] = rank
    masks, mask = _masks(avatar, material)
    colours, ink, width = _paints(avatar, kept)
    places = avatar.positions[:, None] if avatar.apart is None else avatar.apart
    return Figure(
        places=np.ascontiguousarray(places[used], np.float32),
        normals=np.ascontiguousarray(avatar.normals[used], np.float32),
        joint_ids=avatar.joint_ids[used].astype(np.int32),
        joint_weights=avatar.joint_weights[used].astype(np.float32),
        joints=hanging_joints(avatar),
        triangles=corners.reshape(-1, 3).astype(np.int32),
        order=order[kept],
        cull=np.array([_CULL[one.cull] for one in avatar.materials], np.uint8)[material],
        region=regions(avatar)[kept],
        mask=mask,
        uvs=np.ascontiguousarray(avatar.uvs[used], np.float32),
        masks=masks,
        colours=colours[used],
        ink=ink[used],
        ink_width_m=width[used],
        morphs={
            name: Morph(vertices=number[morph.vertices][inside], deltas=morph.deltas[inside].astype(np.float32))
            for name, morph in avatar.expressions.items()
            if (inside := number[morph.vertices] >= 0).any()
        },
        look_at=avatar.look_at,
        paint=None if paints is None else paints[kept],
    )


def _kept(renderer: Renderer, avatar: Avatar, views: tuple[ControlVector, ...]) -> Bools:
    """Return which triangles are seen in any of many poses, or hang together with one, bool (T,)."""
    rng = np.random.default_rng(0)
    poses = [*views, *(sample_controls(rng, avatar.proportions, "full") for _ in range(_LOOKS))]
    seen = np.zeros(len(avatar.triangles), np.bool_)
    for number, vector in enumerate(poses):
        turned = vector.copy()
        turned[controls.INDEX["root_yaw"]] = _TURNS_DEG[number % len(_TURNS_DEG)]
        looks: tuple[tuple[ControlVector, Framing], ...] = ((vector, "portrait"), (turned, "full"))
        for pose, framing in looks:
            hits = renderer.hits(
                avatar, posed(avatar, pose, settled(avatar, pose)), camera_of(framing, avatar.proportions), _LOOK_PX
            )
            seen[hits.triangle[hits.triangle >= 0]] = True
    for _ in range(_RINGS):
        touched = np.zeros(len(avatar.positions), np.bool_)
        touched[avatar.triangles[seen]] = True
        seen |= touched[avatar.triangles].any(axis=1)
    return seen


def regions(avatar: Avatar) -> U8:
    """Return the :class:`engines.figure.Region` of each triangle, uint8 (T,)."""
    bone = avatar.joints.bone[avatar.joint_ids[avatar.triangles, 0]]  # (T, 3)
    main = np.where(bone[:, 1] == bone[:, 2], bone[:, 1], bone[:, 0])
    region: U8 = np.array([_region_of_bone(name) for name in BONES], np.uint8)[main]
    centre = avatar.positions[avatar.triangles].mean(axis=1)
    camera = face_camera(avatar.proportions, np.eye(4, dtype=np.float32))
    place = centre[:, :2] @ camera[:, :2].T + camera[:, 2]
    rigid = np.isin(main, [BONE_INDEX[name] for name in ("head", "left_eye", "right_eye")])
    rigid &= (avatar.joint_ids[avatar.triangles, 0] < len(BONES)).all(axis=1)  # not on a lock of hair
    front = centre[:, 2] > float(avatar.proportions.joints[BONE_INDEX["head"], 2])
    on_head = (region == Region.HEAD) & rigid & front
    region[on_head & (np.abs(place - 0.5).max(axis=1) < 0.5)] = Region.FACE
    for feature, (x, y, radius) in _FEATURES.items():
        region[on_head & (np.hypot(place[:, 0] - x, place[:, 1] - y) < radius)] = feature
    return region


def _region_of_bone(bone: str) -> Region:
    side = "LEFT" if bone.startswith("left_") else "RIGHT"
    if bone in {"head", "left_eye", "right_eye"}:
        return Region.HEAD
    for endings, limb in ((_ARMS, "ARM"), (_FINGERS, "HAND"), (_LEGS, "LEG")):
        if bone.endswith(endings):
            return Region[f"{side}_{limb}"]
    return Region.TORSO


def _masks(avatar: Avatar, material: I32) -> tuple[tuple[U8, ...], I32]:
    """Return the holes that materials' alpha cuts, and each triangle's, (T,)."""
    masks: list[U8] = []
    number = np.full(len(avatar.materials), -1, np.int32)
    for index in np.unique(material):
        look = avatar.materials[index]
        cutoff = {AlphaMode.OPAQUE: 0.0, AlphaMode.CUTOUT: look.alpha_cutoff, AlphaMode.BLEND: HIT_CUTOFF}[
            look.alpha_mode
        ]
        if cutoff <= 0:
            continue
        alpha = np.full((1, 1), 255.0, np.float32)
        if look.lit_texture is not None:
            alpha = avatar.textures[look.lit_texture][..., 3].astype(np.float32)
            shrink = min(1.0, _MASK_PX / max(alpha.shape))
            alpha = cv2.resize(alpha, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        mask = (alpha * look.lit_colour[3] >= cutoff * 255).astype(np.uint8)
        if not mask.all():
            number[index] = len(masks)
            masks.append(mask)
    return tuple(masks), number[material]


def _paints(avatar: Avatar, kept: Bools) -> tuple[U8, U8, F32]:
    """Return each vertex's own colour and ink, uint8 (N, 3), and its ink's width, (N,), metres."""
    count = len(avatar.positions)
    colours, ink = np.full((count, 3), 128, np.uint8), np.zeros((count, 3), np.uint8)
    width = np.zeros(count, np.float32)
    height_m = 1.0 / float(camera_of("portrait", avatar.proportions)[0, 0])
    material = material_of_triangles(avatar)
    for index in np.unique(material[kept]):
        look, chosen = avatar.materials[index], avatar.triangles[(material == index) & kept]
        rows = np.unique(chosen)
        base = np.array(look.lit_colour[:3], np.float32) ** GAMMA * _around(avatar, look.lit_texture, chosen, rows)
        colours[rows] = _encoded(base)
        line = np.array(look.outline_colour[:3], np.float32) ** GAMMA
        ink[rows] = _encoded(line * (1 - look.outline_lighting + look.outline_lighting * base))
        wide = max(look.outline_width_m, look.outline_width_screen * 0.5 * height_m)
        if wide > 0:
            width[rows] = wide * _texels(avatar, look.outline_width_texture, avatar.uvs[rows])[:, 1]
    return colours, ink, width


def _around(avatar: Avatar, texture: int | None, triangles: I32, rows: npt.NDArray[np.int64]) -> F32:
    """Return linear colours of a texture in the middles of the triangles around vertices, (n, 3).

    Vertices themselves often lie on the border of what is painted.
    """
    texels = _texels(avatar, texture, avatar.uvs[triangles].mean(axis=1))
    weighted = np.concatenate([texels[:, :3] ** GAMMA * texels[:, 3:], texels[:, 3:]], axis=1) + np.float32(1e-4)
    total = np.zeros((len(avatar.positions), 4), np.float32)
    for corner in range(3):
        np.add.at(total, triangles[:, corner], weighted)
    return np.asarray(total[rows, :3] / total[rows, 3:], np.float32)


def _texels(avatar: Avatar, texture: int | None, uv: F32) -> F32:
    """Return a texture's colours at places (n, 2), 0..1, (n, 4); white where there is none."""
    if texture is None:
        return np.ones((len(uv), 4), np.float32)
    image = avatar.textures[texture]
    height, width = image.shape[:2]
    column = np.floor(uv[:, 0] * width).astype(np.int64) % width
    row = np.floor(uv[:, 1] * height).astype(np.int64) % height
    return np.asarray(image[row, column].astype(np.float32) / 255)


def _encoded(linear: F32) -> U8:
    return np.asarray(np.round(np.clip(linear, 0, 1) ** (1 / GAMMA) * 255), np.uint8)
