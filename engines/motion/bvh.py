"""The BVH file: a tree of joints with offsets, and channels over time.

Source: Biovision's format as described in M. Meredith and S. Maddock, "Motion capture file formats explained" (2001).
A joint's channels are applied in the order in which they stand; position channels replace the offset.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.errors import MotionError
from engines.motion.performance import MAX_FRAMES
from engines.motion.rotation import about

F64 = npt.NDArray[np.float64]

#: Larger files are refused before they are read: ten minutes of 60 joints at 120 frames a second are 100 MB.
MAX_BYTES = 128 * 2**20
MAX_JOINTS = 1000
#: Bounds the memory: as matrices, that many angles are 0.4 GB.
_MAX_VALUES = 15_000_000
_CHANNELS = {f"{axis}{kind}": (kind, axis.lower()) for axis in "XYZ" for kind in ("rotation", "position")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """One joint of the tree.

    Args:
        name: as in the file; ``""`` for an end site.
        parent: index of the parent, -1 for the root; parents stand before their children.
        offset: float64 (3,), from the parent's joint, in the file's unit.
        channels: (kind, axis) in order, kind ``"rotation"`` or ``"position"``, axis ``"x"``, ``"y"`` or ``"z"``.
    """

    name: str
    parent: int
    offset: F64
    channels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bvh:
    """A parsed file.

    Args:
        name: what error messages call the file.
        joints: in the file's order.
        fps: frames per second.
        values: float64 (T, C), the channels of all joints in order; positions in the file's unit, angles in degrees.
    """

    name: str
    joints: tuple[Joint, ...]
    fps: float
    values: F64

    def rest_positions(self) -> F64:
        """Return where the joints are when every rotation is zero, (J, 3), the root's joint at the origin."""
        positions = np.zeros((len(self.joints), 3))
        for index, joint in enumerate(self.joints):
            if joint.parent >= 0:
                positions[index] = positions[joint.parent] + joint.offset
        return positions

    def forward_kinematics(self) -> tuple[F64, F64]:
        """Return each joint's world rotation, (T, J, 3, 3), and position, (T, J, 3), in the file's axes and unit."""
        frames = len(self.values)
        rotations = np.empty((frames, len(self.joints), 3, 3))
        positions = np.empty((frames, len(self.joints), 3))
        column = 0
        for index, joint in enumerate(self.joints):
            local = np.tile(np.eye(3), (frames, 1, 1))
            place = np.tile(joint.offset, (frames, 1))
            for kind, axis in joint.channels:
                numbers = self.values[:, column]
                column += 1
                if kind == "rotation":
                    local = local @ about(axis, numbers)
                else:
                    place[:, "xyz".index(axis)] = numbers
            if joint.parent < 0:
                rotations[:, index], positions[:, index] = local, place
            else:
                turned = rotations[:, joint.parent]
                rotations[:, index] = turned @ local
                positions[:, index] = positions[:, joint.parent] + np.einsum("tij,tj->ti", turned, place)
        return rotations, positions


def read_bvh(path: Path) -> Bvh:
    """Return the file at `path`.

    Raises:
        MotionError: it is missing, too large, not BVH, cut short or holds what is not a number.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MotionError(f"{path.name}: larger than {MAX_BYTES >> 20} MiB; cut the clip or lower its frame rate")
        data = path.read_bytes()
    except OSError as error:
        raise MotionError(f"{path.name}: cannot be read ({error.strerror})") from error
    return parse_bvh(data, path.name)


def parse_bvh(data: bytes, name: str) -> Bvh:
    """Return the parsed text of a file; raises as :func:`read_bvh` does."""
    text = data.decode("utf-8-sig", errors="replace")
    head, motion, tail = text.partition("MOTION")
    words = head.split()
    if not words or words[0].upper() != "HIERARCHY":
        raise MotionError(f"{name}: not a BVH file (starts with {text[:12]!r}, expected 'HIERARCHY')")
    if not motion:
        raise MotionError(f"{name}: has no MOTION part; the file is cut short, copy it again")
    joints = _joints(iter(words[1:]), name)
    fps, values = _motion(tail, sum(len(joint.channels) for joint in joints), name)
    return Bvh(name=name, joints=joints, fps=fps, values=values)


def _joints(words: Iterator[str], name: str) -> tuple[Joint, ...]:
    joints: list[Joint] = []
    parents: list[int] = []
    opened = None  # the joint whose brace comes next
    try:
        for word in words:
            if word in ("ROOT", "JOINT", "End"):
                label = next(words)
                if (word == "ROOT") == bool(parents) or opened is not None:
                    raise MotionError(f"{name}: {word} {label} stands where it cannot; only one skeleton is read")
                opened = "" if word == "End" else label
                if len(joints) >= MAX_JOINTS:
                    raise MotionError(f"{name}: more than {MAX_JOINTS} joints; export the body's skeleton alone")
            elif word == "{" and opened is not None:
                parent = parents[-1] if parents else -1
                parents.append(len(joints))
                joints.append(Joint(name=opened, parent=parent, offset=np.zeros(3), channels=()))
                opened = None
            elif word == "}" and parents:
                parents.pop()
            elif word == "OFFSET" and parents:
                at = parents[-1]
                offset = np.array([float(next(words)) for _ in range(3)])
                joints[at] = Joint(
                    name=joints[at].name, parent=joints[at].parent, offset=offset, channels=joints[at].channels
                )
            elif word == "CHANNELS" and parents:
                at = parents[-1]
                channels = tuple(_CHANNELS[next(words).capitalize()] for _ in range(_count(next(words))))
                joints[at] = Joint(
                    name=joints[at].name, parent=joints[at].parent, offset=joints[at].offset, channels=channels
                )
            else:
                # Some exporters write joint names with spaces; the rest of such a name is skipped.
                if opened is None:
                    raise MotionError(f"{name}: {word[:20]!r} stands in the hierarchy where it cannot")
                opened += f" {word}"
    except (StopIteration, ValueError, KeyError) as error:
        raise MotionError(f"{name}: its hierarchy is broken ({error!r}); export the clip again") from error
    if parents or opened is not None or not joints:
        raise MotionError(f"{name}: its hierarchy does not end; the file is cut short, copy it again")
    if not all(np.isfinite(joint.offset).all() and np.abs(joint.offset).max() < 1e9 for joint in joints):
        raise MotionError(f"{name}: an offset is not a finite number; export the clip again")
    return tuple(joints)


def _count(word: str) -> int:
    count = int(word)
    if not 0 <= count <= len(_CHANNELS):
        raise ValueError(f"{count} channels, expected 0 to 6")
    return count


def _motion(text: str, channels: int, name: str) -> tuple[float, F64]:
    lines = text.strip().split("\n", 2)
    try:
        label, _, count = lines[0].partition(":")
        frames = int(count)
        time_label, _, interval = lines[1].partition(":")
        frame_time = float(interval)
        if (label.strip(), time_label.strip()) != ("Frames", "Frame Time"):
            raise ValueError(f"starts with {label[:20]!r}")
    except (ValueError, IndexError) as error:
        message = f"{name}: its MOTION part must begin with 'Frames:' and 'Frame Time:' ({error})"
        raise MotionError(message) from error
    if not 0 < frames <= MAX_FRAMES or not 0 < channels * frames <= _MAX_VALUES:
        raise MotionError(f"{name}: {frames} frames of {channels} channels, expected 1 to {MAX_FRAMES}; cut the clip")
    if not 1e-3 <= frame_time <= 60:
        raise MotionError(f"{name}: a frame time of {frame_time:g} s, expected 0.001 to 60; correct it in the file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # how numpy says that it met something else
            values = np.fromstring(lines[2] if len(lines) > 2 else "", np.float64, sep=" ")
    except (ValueError, DeprecationWarning) as error:
        raise MotionError(f"{name}: holds what is not a number ({error}); export the clip again") from error
    if len(values) < frames * channels:
        got = len(values) // channels
        raise MotionError(f"{name}: cut short ({got} of {frames} frames of {channels} channels); copy it again")
    values = values[: frames * channels].reshape(frames, channels)
    if not np.isfinite(values).all() or np.abs(values).max() > 1e9:
        raise MotionError(f"{name}: holds numbers that are not finite; export the clip again")
    return 1.0 / frame_time, values
