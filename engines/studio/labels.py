"""What is known about a rendered picture: pose, joints, parts, depth, surface, camera and the way to the next frame.

The surface (which triangle each cell shows, and where on it) is the label that others follow from: with a character's
:class:`engines.studio.truth.ViewTruth` it gives the exact flow from the picture into every key view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.controls import SPEC, ControlVector
from engines.framing import Framing, camera_of, face_camera
from engines.skeleton import BONE_INDEX, BONES, PARENT
from engines.studio.avatar import Avatar
from engines.studio.hits import Drawing, Hits
from engines.studio.interpolation import carried
from engines.studio.palette import PALETTE, Palette
from engines.studio.posing import Posed
from engines.studio.renderer import Renderer

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

#: Cells per side of the labels: over the whole picture, and over the face frame.
LABEL_PX = 256
FACE_LABEL_PX = 128
#: A joint further than this (metres) behind the surface of its own limb is hidden; limbs are thinner.
_LIMB_M = 0.16
#: The same for an eye, behind the place of its opening: from behind, the head is in the way.
_EYE_M = 0.02
#: A point counts as seen in the next frame when nothing lies more than this (metres) before it.
_NEXT_TOLERANCE_M = 0.006


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledPicture:
    """A picture with everything that is known about it; L is LABEL_PX, F is FACE_LABEL_PX, B is len(BONES).

    Args:
        picture: uint8, (size, size, 4), straight-alpha RGBA.
        controls: float32, (len(SPEC),).
        character: whose picture it is; a folder of the data set has its sheet.
        palette: float32, (len(PALETTE), 3), CIELAB per row of :data:`engines.studio.palette.PALETTE`, NaN where absent.
        framing: which of the canonical cameras.
        camera: float32, (2, 3), world (x, y, 1) to the picture's 0..1, exact.
        face_camera: float32, (2, 3), the same to the head-aligned face frame.
        joints: float32, (B, 3): x and y in the picture's 0..1, and depth in metres towards the viewer.
        joints_visible: bool, (B,): inside the picture, and nothing but its own limb before it.
        triangle: int32, (L, L), the surface: row of the avatar's triangles, -1 where nothing is.
        barycentric: float32, (L, L, 2), weights of the triangle's second and third corner.
        depth: float32, (L, L), metres towards the viewer; -inf where nothing is.
        parts: uint8, (L, L), :class:`engines.studio.part_names.Part`; 0 where nothing is.
        face_triangle, face_barycentric: int32 (F, F) and float32 (F, F, 2), the surface in the face frame.
        flow: float32, (L, L, 2), where the cell's surface point moves until the next frame, in the picture's 0..1;
            None outside of sequences.
        flow_visible: bool, (L, L), whether the point is seen in the next frame too; None outside of sequences.
        sequence: number of the sequence in its shard, -1 for single pictures.
        frame: number of the picture in its sequence.
    """

    picture: U8
    controls: ControlVector
    character: str
    palette: F32
    framing: Framing
    camera: F32
    face_camera: F32
    joints: F32
    joints_visible: Bools
    triangle: I32
    barycentric: F32
    depth: F32
    parts: U8
    face_triangle: I32
    face_barycentric: F32
    flow: F32 | None = None
    flow_visible: Bools | None = None
    sequence: int = -1
    frame: int = 0

    def __post_init__(self) -> None:
        expected = {
            "controls": (len(SPEC),),
            "palette": (len(PALETTE), 3),
            "camera": (2, 3),
            "face_camera": (2, 3),
            "joints": (len(BONES), 3),
            "joints_visible": (len(BONES),),
            "triangle": (LABEL_PX, LABEL_PX),
            "barycentric": (LABEL_PX, LABEL_PX, 2),
            "depth": (LABEL_PX, LABEL_PX),
            "parts": (LABEL_PX, LABEL_PX),
            "face_triangle": (FACE_LABEL_PX, FACE_LABEL_PX),
            "face_barycentric": (FACE_LABEL_PX, FACE_LABEL_PX, 2),
        }
        for name, shape in expected.items():
            got = getattr(self, name).shape
            if got != shape:
                raise ValueError(f"{name}: got shape {got}, expected {shape}")


def drawn(
    renderer: Renderer, avatar: Avatar, pose: Posed, framing: Framing, size: int, supersample: int = 2
) -> Drawing:
    """Draw an avatar in a pose: the picture, and the surfaces in it and in its face frame at the labels' sizes.

    Args:
        renderer: what draws.
        avatar: whom.
        pose: the avatar, posed.
        framing: portrait or full.
        size: pixels per side of the picture.
        supersample: samples per pixel along each side.
    """
    face = face_camera(avatar.proportions, pose.joints[BONE_INDEX["head"]])
    camera = camera_of(framing, avatar.proportions)
    return renderer.draw(
        avatar, pose, camera, size, supersample, label_size=LABEL_PX, face_camera=face, face_size=FACE_LABEL_PX
    )


def labelled(
    avatar: Avatar,
    parts: U8,
    palette: Palette,
    pose: Posed,
    vector: ControlVector,
    drawing: Drawing,
    *,
    framing: Framing,
    following: tuple[Posed, Hits] | None = None,
    sequence: int = -1,
    frame: int = 0,
) -> LabelledPicture:
    """Return a drawn picture with its labels.

    Args:
        avatar: whom it shows; its name becomes the character.
        parts: uint8, (T,), of its triangles.
        palette: its colours.
        pose: the avatar, posed by `vector`.
        vector: the pose.
        drawing: what :func:`drawn` returned for the pose.
        framing: portrait or full.
        following: pose and surfaces of the next frame, for the flow.
        sequence: as in :class:`LabelledPicture`.
        frame: as in :class:`LabelledPicture`.
    """
    camera = camera_of(framing, avatar.proportions)
    hits, in_face = drawing.whole, drawing.face
    if in_face is None:
        raise ValueError("drawing: got one without the face frame, expected what drawn() returns")
    joints = joint_places(avatar, pose, camera)
    flow = visible = None
    if following is not None:
        flow, visible = flow_between(avatar, hits, *following, camera)
    return LabelledPicture(
        picture=drawing.picture,
        controls=vector,
        character=avatar.name,
        palette=np.where(palette.present[:, None], palette.lab, np.nan).astype(np.float32),
        framing=framing,
        camera=camera,
        face_camera=face_camera(avatar.proportions, pose.joints[BONE_INDEX["head"]]),
        joints=joints,
        joints_visible=visible_joints(avatar, hits, joints),
        triangle=hits.triangle,
        barycentric=hits.barycentric,
        depth=hits.depth,
        parts=np.where(hits.triangle >= 0, parts[hits.triangle], 0).astype(np.uint8),
        face_triangle=in_face.triangle,
        face_barycentric=in_face.barycentric,
        flow=flow,
        flow_visible=visible,
        sequence=sequence,
        frame=frame,
    )


def joint_places(avatar: Avatar, pose: Posed, camera: F32) -> F32:
    """Return where a camera sees the bones' joints, float32 (len(BONES), 3): x, y in 0..1 and depth in metres."""
    rest = avatar.proportions.joints
    bones = pose.joints[: len(BONES)]
    world = np.einsum("bij,bj->bi", bones[:, :3, :3], rest) + bones[:, :3, 3]
    flat = world[:, :2] @ camera[:, :2].T + camera[:, 2]
    return np.asarray(np.concatenate([flat, world[:, 2:]], axis=1), np.float32)


def visible_joints(avatar: Avatar, hits: Hits, joints: F32) -> Bools:
    """Return which joints are inside the picture with nothing but their own limb before them, bool (len(BONES),)."""
    size = len(hits.triangle)
    cell = np.floor(joints[:, :2] * size).astype(np.int64)
    inside = ((cell >= 0) & (cell < size)).all(axis=1)
    column, row = np.clip(cell, 0, size - 1).T
    triangle = hits.triangle[row, column]
    bone = avatar.joints.bone[avatar.joint_ids[avatar.triangles[triangle, 0], 0]]
    own = _NEIGHBOURS[np.arange(len(BONES)), bone]
    rest, reach = avatar.proportions, np.full(len(BONES), _LIMB_M)
    for bone_name, opening in (("left_eye", rest.left_eye), ("right_eye", rest.right_eye)):
        eye = BONE_INDEX[bone_name]
        reach[eye] = np.linalg.norm(opening - rest.joints[eye]) + _EYE_M
    near = hits.depth[row, column] - joints[:, 2] < reach
    return np.asarray(inside & (triangle >= 0) & own & near)


def flow_between(avatar: Avatar, hits: Hits, following: Posed, after: Hits, camera: F32) -> tuple[F32, Bools]:
    """Return the optical flow to the next frame and whether the surface is seen there.

    Args:
        avatar: whose.
        hits: what this frame shows, (S, S).
        following: the next frame's pose.
        after: what the next frame shows, (S, S).
        camera: float32, (2, 3), of both.

    Returns:
        float32 (S, S, 2), in the picture's 0..1, 0 where nothing is; bool (S, S).
    """
    size = len(hits.triangle)
    centres = (np.arange(size, dtype=np.float32) + 0.5) / size
    flow = np.zeros((size, size, 2), np.float32)
    visible = np.zeros((size, size), np.bool_)
    row, column = np.nonzero(hits.triangle >= 0)
    moved = carried(following.positions, avatar.triangles, hits.triangle[row, column], hits.barycentric[row, column])
    place = moved[:, :2] @ camera[:, :2].T + camera[:, 2]
    flow[row, column] = place - np.stack([centres[column], centres[row]], axis=1)
    cell = np.floor(place * size).astype(np.int64)
    inside = ((cell >= 0) & (cell < size)).all(axis=1)
    cell = np.clip(cell, 0, size - 1)
    visible[row, column] = inside & (moved[:, 2] > after.depth[cell[:, 1], cell[:, 0]] - _NEXT_TOLERANCE_M)
    return flow, visible


def _neighbours() -> Bools:
    """Return which bones' surfaces are a joint's own limb, bool (B, B): itself, parent, children; one hand is one."""
    own = np.eye(len(BONES), dtype=np.bool_)
    hand = [_hand_of(bone) for bone in BONES]
    for bone, parent in enumerate(PARENT):
        if parent >= 0:
            own[bone, parent] = own[parent, bone] = True
        for other in range(len(BONES)):
            own[bone, other] |= bool(hand[bone]) and hand[bone] == hand[other]
    return own


def _hand_of(bone: str) -> str:
    side, _, rest = bone.partition("_")
    return side if rest == "hand" or rest.endswith(("_proximal", "_intermediate", "_distal")) else ""


_NEIGHBOURS = _neighbours()
