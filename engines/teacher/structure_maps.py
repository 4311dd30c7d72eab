"""Structure maps: what is to be seen where, as channels of a picture, from controls and proportions alone.

They carry everything that the controls say, each number painted where it acts: limbs as soft capsules with their
depth and with places along and across them, a frame that turns with the chest (so that buttons land where they belong),
the head as a ball whose cells know their place on it, a face frame that turns with the head, and what eyes, brows and
mouth do as values inside their discs.  So the network never has to learn kinematics, and a lid can move
without the hair knowing of it.  Plain numpy, no torch; the same maps serve training and drawing, `portrait` and
`full`.

Source: K. Hamada et al., "Full-body High-resolution Anime Generation with Progressive Structure-conditional GANs"
(ECCV workshops 2018) give one heat map per joint; depth, head and face coordinates and painted expressions are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engines import affine
from engines.controls import EXPRESSIONS, FINGERS, HIGH, INDEX, SIDES, VISEMES, ControlVector
from engines.framing import face_camera, face_plane
from engines.skeleton import BONE_INDEX, Proportions, forward_kinematics

F32 = npt.NDArray[np.float32]
I8 = npt.NDArray[np.int8]

_ARM = ("upper_arm", "lower_arm", "hand", *FINGERS)
_LEG = ("upper_leg", "lower_leg", "foot")
#: Channels of soft capsules, 0..1.
LIMBS: tuple[str, ...] = ("torso", *(f"{side}_{limb}" for side in SIDES for limb in (*_ARM, *_LEG)))
#: Channels whose limbs' depth is painted apart, -1..1: what crosses what.
_DEPTHS = tuple(f"{side}_{limb}_depth" for side in SIDES for limb in ("arm", "leg"))
#: Places on an arm or a leg: from -1 at its root to 1 at its end, and across it.
_PLACES = tuple(f"{side}_{limb}_{way}" for side in SIDES for limb in ("arm", "leg") for way in ("along", "across"))
#: Where the face's features are, 0..1, and what they do there, -1..1.
_FEATURES = ("eyes", "brows", "mouth", "irises")
_EYE_VALUES = ("blink", "gaze_yaw", "gaze_pitch")
_MOUTH_VALUES = ("smile", *VISEMES)
#: All channels, in order.
STRUCTURE: tuple[str, ...] = (
    *LIMBS,
    "depth",
    *_DEPTHS,
    *_PLACES,
    "chest_right",
    "chest_up",
    *(f"chest_{axis}" for axis in "xyz"),
    *(f"palm_{axis}" for axis in "xyz"),
    "head",
    *(f"head_{axis}" for axis in "xyz"),
    "face",
    "face_x",
    "face_y",
    *_FEATURES,
    *_EYE_VALUES,
    "brow",
    *_MOUTH_VALUES,
    *EXPRESSIONS,
)
STRUCTURE_CHANNELS = len(STRUCTURE)
_AT = {name: index for index, name in enumerate(STRUCTURE)}

#: Half widths of limbs in parts of the figure's height, set by eye on the seven avatars' pictures.
_RADII = {
    "torso": 0.048,
    "upper_arm": 0.020,
    "lower_arm": 0.017,
    "hand": 0.018,
    "upper_leg": 0.036,
    "lower_leg": 0.026,
    "foot": 0.022,
} | dict.fromkeys(FINGERS, 0.005)
#: No capsule is narrower than this part of the picture: at 128 cells a finger covers one.
_LEAST_RADIUS = 0.006
#: Capsules are drawn out to so many radii, where the soft edge is below one in a hundred.
_REACH = 3.0
#: Cells with at least this much of a limb have its depth.
_SOLID = 0.35
#: Depth is measured from the chest in units of this part of the figure's height.
_DEPTH_UNIT = 0.35
#: The chest's frame: what it measures in, and out to where it is painted, in parts of the figure's height: a frame that
#: also covers what hangs beside the torso.
_CHEST_UNIT, _CHEST_REACH = 0.25, 0.16
#: A finger's last bone is about as long as this part of the one before; a foot reaches forward by this part of the
#: height, a hand without fingers would reach as far.
_LAST_PHALANX, _FOOT_LENGTH = 0.8, 0.085
#: The ball of the head: radius, and how far its centre lies above and behind the face's, in half extents of the face.
_HEAD_RADIUS, _HEAD_UP, _HEAD_BACK = 1.15, 0.25, 0.75
#: Radii of the discs of eyes, brows and mouth, and of an iris, in parts of the face frame's side; how far above the
#: eye the brow is; how far the iris moves at the ends of the gaze.
_EYE_DISC, _BROW_DISC, _MOUTH_DISC, _IRIS_DISC = 0.13, 0.12, 0.16, 0.035
_BROW_ABOVE = 0.17
_IRIS_TRAVEL = 0.05
#: The face fades out between these cosines of its turn away from the viewer.
_FACE_GONE, _FACE_FULL = -0.1, 0.25


@dataclass(frozen=True, slots=True)
class _Segment:
    """A capsule's axis: its limb, the bone it starts at and belongs to, and its end as a rest-pose point."""

    limb: str
    bone: int
    end: tuple[float, float, float]


class StructureMaps:
    """Draws one character's structure maps.

    Args:
        proportions: the character's.
        camera: float32, (2, 3), world to the picture's 0..1, upright: :func:`engines.framing.camera_of`, or any part of
            what that shows.
    """

    def __init__(self, proportions: Proportions, camera: F32) -> None:
        self.proportions = proportions
        self.camera = camera
        self._segments = _segments(proportions)
        joints = proportions.joints
        self._bones = np.array([segment.bone for segment in self._segments])
        starts = joints[self._bones]
        ends = np.array([segment.end for segment in self._segments], np.float32)
        self._rest = np.stack([starts, ends], axis=1)  # (N, 2, 3)
        height = proportions.head_top
        radius = np.array([_RADII[_kind(segment.limb)] for segment in self._segments], np.float32) * height
        self._radius = np.maximum(radius * self.camera[0, 0], _LEAST_RADIUS)
        self._depth_scale = 1.0 / (_DEPTH_UNIT * height)

    def draw(self, vector: ControlVector, size: int) -> F32:
        """Return the maps of a pose, float32 (STRUCTURE_CHANNELS, size, size), -1..1.

        Args:
            vector: float32, (len(SPEC),).
            size: cells per side.
        """
        bones = forward_kinematics(vector, self.proportions)
        maps = np.zeros((STRUCTURE_CHANNELS, size, size), np.float32)
        self._draw_limbs(maps, bones)
        self._draw_head(maps, bones[BONE_INDEX["head"]])
        self._draw_face(maps, bones[BONE_INDEX["head"]], vector)
        return maps

    def _draw_limbs(self, maps: F32, bones: F32) -> None:
        size = maps.shape[-1]
        matrices = bones[self._bones]
        posed = np.einsum("nij,nkj->nki", matrices[:, :3, :3], self._rest) + matrices[:, None, :3, 3]
        places = affine.apply(self.camera, posed[..., :2])  # (N, 2, 2)
        origin = float(self.proportions.joints[BONE_INDEX["chest"], 2])
        depths = np.clip((posed[..., 2] - origin) * self._depth_scale, -1.0, 1.0)  # (N, 2)
        nearest = np.full((size, size), -2.0, np.float32)
        loudest = {f"{side}_{limb}": np.zeros((size, size), np.float32) for side in SIDES for limb in ("arm", "leg")}
        for segment, ends, depth, radius in zip(self._segments, places, depths, self._radius, strict=True):
            box = _box(ends.min(axis=0) - _REACH * radius, ends.max(axis=0) + _REACH * radius, size)
            if box is None:
                continue
            x, y = _centres(box, size)
            along, across = _to_segment(x, y, ends)
            square = across * across
            value = np.exp(square * np.float32(-0.5 / radius**2))
            limb = maps[_AT[segment.limb]][box]
            np.maximum(limb, value, out=limb)
            here = depth[0] + (depth[1] - depth[0]) * along
            solid = value >= _SOLID
            near = nearest[box]
            near[solid] = np.maximum(near[solid], here[solid])
            chain, part = _chain(segment.limb)
            if not chain:
                continue
            layer = maps[_AT[f"{chain}_depth"]][box]
            layer[solid] = here[solid]
            if part is not None:
                loud = loudest[chain][box]
                mine = value > loud
                loud[mine] = value[mine]
                maps[_AT[f"{chain}_along"]][box][mine] = (value * (2 * (part + along) / 3 - 1))[mine]
                maps[_AT[f"{chain}_across"]][box][mine] = (value * np.clip(across / (2 * radius), -1, 1))[mine]
        maps[_AT["depth"]] = np.where(nearest > -2.0, nearest, 0.0)
        chest = bones[BONE_INDEX["chest"]]
        for axis, value in zip("xyz", chest[:3, 2].tolist(), strict=True):  # where +Z of the rest pose looks
            maps[_AT[f"chest_{axis}"]] = maps[_AT["torso"]] * value
        self._draw_chest_frame(maps, chest)
        for side in SIDES:
            palm = -bones[BONE_INDEX[f"{side}_hand"]][:3, 1]  # palms look down in the rest pose
            for axis, value in zip("xyz", palm.tolist(), strict=True):
                maps[_AT[f"palm_{axis}"]] += maps[_AT[f"{side}_hand"]] * np.float32(value)

    def _draw_chest_frame(self, maps: F32, chest: F32) -> None:
        """Paint where each cell lies in the chest's axes, were it in the plane through the chest's joint."""
        size = maps.shape[-1]
        joint = self.proportions.joints[BONE_INDEX["chest"]]
        place = affine.apply(self.camera, (chest[:3, :3] @ joint + chest[:3, 3])[:2])
        scale = float(self.camera[0, 0]) * self.proportions.head_top
        x, y = _centres((slice(0, size), slice(0, size)), size)
        right, up = (x - place[0]) / (scale * _CHEST_UNIT), (place[1] - y) / (scale * _CHEST_UNIT)
        near = np.exp((right**2 + up**2) * np.float32(-0.5 * (_CHEST_UNIT / _CHEST_REACH) ** 2))
        for name, axis in (("chest_right", 0), ("chest_up", 1)):
            across = right * chest[0, axis] + up * chest[1, axis]  # = (R^T d) of a cell's offset d
            maps[_AT[name]] = near * np.clip(across, -1.0, 1.0)

    def _draw_head(self, maps: F32, head: F32) -> None:
        """Paint the ball of the head: which of its points each cell shows, in the head's own axes."""
        size = maps.shape[-1]
        centre, half = face_plane(self.proportions)
        centre = centre + np.array([0.0, _HEAD_UP * half, -_HEAD_BACK * half], np.float32)
        place = affine.apply(self.camera, (head[:3, :3] @ centre + head[:3, 3])[:2])
        radius = _HEAD_RADIUS * half * float(self.camera[0, 0])
        box = _box(place - radius, place + radius, size)
        if box is None:
            return
        x, y = _centres(box, size)
        right, up = np.broadcast_arrays((x - place[0]) / radius, (place[1] - y) / radius)
        square = right**2 + up**2
        towards = np.sqrt(np.maximum(1.0 - square, 0.0))
        edge = 1.0 / (radius * size)  # one cell
        inside = np.clip((1.0 - np.sqrt(square)) / edge, 0.0, 1.0)
        local = np.stack([right, up, towards], axis=-1) @ head[:3, :3]  # = R^T n per cell
        maps[_AT["head"]][box] = inside
        for axis, values in zip("xyz", np.moveaxis(local, -1, 0), strict=True):
            maps[_AT[f"head_{axis}"]][box] = values * inside

    def _draw_face(self, maps: F32, head: F32, vector: ControlVector) -> None:
        size = maps.shape[-1]
        seen = float(np.clip((head[2, 2] - _FACE_GONE) / (_FACE_FULL - _FACE_GONE), 0.0, 1.0))
        if seen == 0.0:
            return
        to_face = affine.compose(face_camera(self.proportions, head), affine.inverse(self.camera))
        corners = affine.apply(affine.inverse(to_face), np.array([(0, 0), (1, 0), (0, 1), (1, 1)], np.float32))
        box = _box(corners.min(axis=0), corners.max(axis=0), size)
        if box is None:
            return
        x, y = _centres(box, size)
        u, v = (to_face[row, 0] * x + to_face[row, 1] * y + to_face[row, 2] for row in (0, 1))
        window = np.clip(6.0 * (0.5 - np.maximum(abs(u - 0.5), abs(v - 0.5))), 0.0, 1.0) * seen
        maps[_AT["face"]][box] = window
        maps[_AT["face_x"]][box] = (2 * u - 1) * window
        maps[_AT["face_y"]][box] = (2 * v - 1) * window

        def disc(place: F32, radius: float) -> F32:
            """Return a soft disc in the face frame, 0..1."""
            distance = np.sqrt((u - place[0]) ** 2 + (v - place[1]) ** 2) / np.float32(radius)
            return np.asarray(window / (1.0 + np.exp(np.minimum((distance - 1.2) * 6.0, 40.0))), np.float32)

        def add(name: str, values: F32) -> None:
            maps[_AT[name]][box] += values

        def value(name: str) -> np.float32:
            index = INDEX[name]
            return np.float32(vector[index] / HIGH[index])

        landmarks = np.stack([self.proportions.left_eye, self.proportions.right_eye, self.proportions.mouth])
        posed = landmarks @ head[:3, :3].T + head[:3, 3]
        *eyes, mouth = affine.apply(to_face, affine.apply(self.camera, posed[:, :2]))
        everywhere = disc(mouth, _MOUTH_DISC)
        add("mouth", everywhere)
        for name in _MOUTH_VALUES:
            add(name, everywhere * value(name))
        gaze = np.array([value("gaze_yaw"), value("gaze_pitch")], np.float32)
        for side, eye in zip(SIDES, eyes, strict=True):
            eye_disc = disc(eye, _EYE_DISC)
            brow_disc = disc(eye - np.array([0.0, _BROW_ABOVE], np.float32), _BROW_DISC)
            add("eyes", eye_disc)
            add("brows", brow_disc)
            add("irises", disc(eye + _IRIS_TRAVEL * gaze, _IRIS_DISC))
            for name, number in zip(_EYE_VALUES, (value(f"blink_{side}"), *gaze), strict=True):
                add(name, eye_disc * number)
            add("brow", brow_disc * value(f"brow_{side}"))
            everywhere = np.maximum(everywhere, np.maximum(eye_disc, brow_disc))
        for name in EXPRESSIONS:
            add(name, everywhere * value(name))


def packed(maps: F32) -> I8:
    """Return maps, -1..1, as int8, a quarter of the bytes; :data:`PACKED_ONE` stands for 1."""
    return np.asarray(np.clip(np.round(maps * PACKED_ONE), -127, 127), np.int8)


#: What int8 maps are to be divided by.
PACKED_ONE = 127.0

_Box = tuple[slice, slice]


def _box(low: F32, high: F32, size: int) -> _Box | None:
    """Return the cells between two places, 0..1, or None where there are none in the picture."""
    left, top = np.clip(np.floor(low * size), 0, size).astype(int).tolist()
    right, bottom = np.clip(np.ceil(high * size), 0, size).astype(int).tolist()
    return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None


def _centres(box: _Box, size: int) -> tuple[F32, F32]:
    """Return the cells' centres in 0..1: x, (1, w), and y, (h, 1)."""
    rows, columns = box
    x = (np.arange(columns.start, columns.stop, dtype=np.float32) + 0.5) / size
    y = (np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) / size
    return x[None, :], y[:, None]


def _to_segment(x: F32, y: F32, ends: F32) -> tuple[F32, F32]:
    """Return where along a segment (2, 2) each cell's nearest point is, 0..1, and its distance.

    The distance is above 0 on the right of the way from the first end to the second as the picture shows it.
    """
    (ax, ay), (bx, by) = ends.tolist()
    dx, dy = bx - ax, by - ay
    along = np.clip(((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-12), 0.0, 1.0)
    off_x, off_y = x - ax - along * dx, y - ay - along * dy
    return along, np.sqrt(off_x * off_x + off_y * off_y) * np.where(dx * off_y - dy * off_x < 0, -1, 1)


def _kind(limb: str) -> str:
    """Return a limb's name without its side."""
    return limb.removeprefix("left_").removeprefix("right_")


def _chain(limb: str) -> tuple[str, int | None]:
    """Return the arm or leg that a limb belongs to (empty: neither), and which part of it (None: a finger)."""
    side, _, kind = limb.partition("_")
    if kind in _LEG:
        return f"{side}_leg", _LEG.index(kind)
    if kind in _ARM:
        return f"{side}_arm", _ARM.index(kind) if kind not in FINGERS else None
    return "", None


def _segments(proportions: Proportions) -> list[_Segment]:
    """Return a figure's capsules; each end is a rest-pose point that moves with the segment's bone."""
    joints = proportions.joints

    def joint(bone: str) -> F32:
        return np.asarray(joints[BONE_INDEX[bone]], np.float32)

    def segment(limb: str, bone: str, end: F32) -> _Segment:
        x, y, z = end.tolist()
        return _Segment(limb, BONE_INDEX[bone], (x, y, z))

    spine = ("hips", "spine", "chest", "neck", "head")
    found = [segment("torso", low, joint(high)) for low, high in pairwise(spine)]
    for side in SIDES:
        found.append(segment("torso", "chest", joint(f"{side}_upper_arm")))
        found.append(segment("torso", "hips", joint(f"{side}_upper_leg")))
        for bone, after in (("upper_arm", "lower_arm"), ("lower_arm", "hand"), ("hand", "middle_proximal")):
            found.append(segment(f"{side}_{bone}", f"{side}_{bone}", joint(f"{side}_{after}")))
        for finger in FINGERS:
            first, middle, last = (f"{side}_{finger}_{bone}" for bone in ("proximal", "intermediate", "distal"))
            limb = f"{side}_{finger}"
            found.append(segment(limb, first, joint(middle)))
            found.append(segment(limb, middle, joint(last)))
            found.append(segment(limb, last, joint(last) + _LAST_PHALANX * (joint(last) - joint(middle))))
        for bone, after in (("upper_leg", "lower_leg"), ("lower_leg", "foot")):
            found.append(segment(f"{side}_{bone}", f"{side}_{bone}", joint(f"{side}_{after}")))
        foot = joint(f"{side}_foot")
        toe = np.array([foot[0], 0.25 * foot[1], foot[2] + _FOOT_LENGTH * proportions.head_top], np.float32)
        found.append(segment(f"{side}_foot", f"{side}_foot", toe))
    return found
