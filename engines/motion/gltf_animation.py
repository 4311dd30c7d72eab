"""The first animation of a glTF file: the movement of its nodes, sampled at 30 frames a second.

Source: glTF 2.0 specification, "Animations" (section 3.11) and appendix C (interpolation).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from engines.errors import MotionError
from engines.glb import Glb
from engines.motion.performance import MAX_FRAMES

F64 = npt.NDArray[np.float64]

FPS = 30.0
MAX_KEYS = 1_000_000
_SIZES = {"translation": 3, "rotation": 4}


class Tracks:
    """The animated values of nodes, sampled at an even rate."""

    def __init__(self, glb: Glb) -> None:
        self._glb = glb
        animation = glb.json["animations"][0]
        self._samplers: dict[tuple[int, str], dict[str, Any]] = {}
        inputs: set[int] = set()
        for channel in animation["channels"]:
            target = channel["target"]
            if "node" in target and target["path"] in _SIZES:
                sampler = animation["samplers"][channel["sampler"]]
                self._samplers[target["node"], target["path"]] = sampler
                inputs.add(sampler["input"])
        ends = [float(self._values(index).max(initial=0.0)) for index in inputs]
        length = max(ends, default=0.0)
        if not np.isfinite(length) or length * FPS >= MAX_FRAMES:
            raise MotionError(f"{glb.name}: {length:g} s long, expected at most {MAX_FRAMES / FPS:g}; cut the clip")
        self.times = np.arange(int(length * FPS + 1e-6) + 1) / FPS

    def rotation(self, node: int) -> F64:
        """Return a node's local rotation, (T, 3, 3)."""
        rest = np.asarray(self._glb.json["nodes"][node].get("rotation", [0, 0, 0, 1]), np.float64)
        quaternions = self._sampled(node, "rotation", rest)
        norm = np.linalg.norm(quaternions, axis=1, keepdims=True)
        quaternions = np.where(norm > 1e-6, quaternions, [0.0, 0.0, 0.0, 1.0])
        return np.asarray(Rotation.from_quat(quaternions).as_matrix(), np.float64)

    def translation(self, node: int) -> F64:
        """Return a node's local translation, (T, 3)."""
        rest = np.asarray(self._glb.json["nodes"][node].get("translation", [0, 0, 0]), np.float64)
        return self._sampled(node, "translation", rest)

    def _values(self, index: int) -> F64:
        if not 0 <= int(self._glb.json["accessors"][index]["count"]) <= MAX_KEYS:
            raise MotionError(f"{self._glb.name}: accessor {index} has too many keys; cut the clip")
        values = np.asarray(self._glb.accessor(index), np.float64)
        if not np.isfinite(values).all():
            raise MotionError(f"{self._glb.name}: holds numbers that are not finite; export the clip again")
        return values

    def _sampled(self, node: int, path: str, rest: F64) -> F64:
        if rest.shape != (_SIZES[path],) or not np.isfinite(rest).all():
            raise ValueError(f"node {node} has a broken {path}")
        sampler = self._samplers.get((node, path))
        if sampler is None:
            return np.tile(rest, (len(self.times), 1))
        keys, values = self._values(sampler["input"])[:, 0], self._values(sampler["output"])
        kind = sampler.get("interpolation", "LINEAR")
        rows = 3 * len(keys) if kind == "CUBICSPLINE" else len(keys)
        if not len(keys) or values.shape != (rows, _SIZES[path]) or (np.diff(keys) < 0).any():
            raise ValueError(f"the {path} of node {node} has {values.shape} values for {len(keys)} keys")
        return interpolated(self.times, keys, values, kind, is_rotation=path == "rotation")


def interpolated(times: F64, keys: F64, values: F64, kind: str, *, is_rotation: bool) -> F64:
    """Return values (T, C) at times between keys, as glTF 2.0, appendix C says."""
    after = np.clip(np.searchsorted(keys, times, side="right"), 1, max(len(keys) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(keys) - 1)
    span = keys[after] - keys[before]
    share = np.clip(np.where(span > 0, (times - keys[before]) / np.where(span > 0, span, 1.0), 0.0), 0.0, 1.0)
    if kind == "STEP":
        return np.asarray(values[np.where(share >= 1.0, after, before)])
    if kind == "CUBICSPLINE":
        tangent_in, points, tangent_out = values.reshape(len(keys), 3, -1).swapaxes(0, 1)
        s, d = share[:, None], span[:, None]
        return np.asarray(
            (2 * s**3 - 3 * s**2 + 1) * points[before]
            + d * (s**3 - 2 * s**2 + s) * tangent_out[before]
            + (-2 * s**3 + 3 * s**2) * points[after]
            + d * (s**3 - s**2) * tangent_in[after]
        )
    start, end = values[before], values[after]
    if is_rotation:
        lengths = np.minimum(np.linalg.norm(start, axis=1), np.linalg.norm(end, axis=1))
        if (lengths < 1e-6).any():
            raise ValueError("a rotation of length zero")
        first, second = Rotation.from_quat(start), Rotation.from_quat(end)
        step = Rotation.from_rotvec((first.inv() * second).as_rotvec() * share[:, None])
        return np.asarray((first * step).as_quat(), np.float64)
    return np.asarray(start + (end - start) * share[:, None])


class Nodes:
    """World transforms of nodes, at rest and over time: rotation and place."""

    def __init__(self, glb: Glb, tracks: Tracks) -> None:
        self._nodes = glb.json["nodes"]
        self._tracks = tracks
        self._parent: dict[int, int] = {}
        for index, node in enumerate(self._nodes):
            for child in node.get("children", []):
                self._parent[child] = index
        self._world: dict[int, tuple[F64, F64]] = {}
        self._rest: dict[int, tuple[F64, F64]] = {}

    def world(self, node: int) -> tuple[F64, F64]:
        """Return a node's world rotation, (T, 3, 3), and place, (T, 3)."""
        for at in self._from_root(node):
            if at not in self._world:
                rotation, place = self._tracks.rotation(at), self._tracks.translation(at)
                if at in self._parent:
                    above, origin = self._world[self._parent[at]]
                    rotation, place = above @ rotation, origin + np.einsum("tij,tj->ti", above, place)
                self._world[at] = rotation, place
        return self._world[node]

    def rest(self, node: int) -> tuple[F64, F64]:
        """Return a node's world rotation, (3, 3), and place, (3,), in the rest pose."""
        for at in self._from_root(node):
            if at not in self._rest:
                entry = self._nodes[at]
                rotation = np.asarray(Rotation.from_quat(entry.get("rotation", [0, 0, 0, 1])).as_matrix(), np.float64)
                place = np.asarray(entry.get("translation", [0, 0, 0]), np.float64)
                if at in self._parent:
                    above, origin = self._rest[self._parent[at]]
                    rotation, place = above @ rotation, origin + above @ place
                self._rest[at] = rotation, place
        return self._rest[node]

    def _from_root(self, node: int) -> list[int]:
        if not 0 <= node < len(self._nodes):
            raise IndexError(f"node {node} of {len(self._nodes)}")
        path = [node]
        while (above := self._parent.get(path[-1])) is not None:
            if len(path) > len(self._nodes):
                raise ValueError("its nodes go round in a circle")
            path.append(above)
        return path[::-1]
