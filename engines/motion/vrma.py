"""The VRM animation file: a glTF animation of humanoid bones, expressions and gaze.

A bone's node may rest at any rotation; what counts is how far its world rotation is from the rest pose, which is a
T-pose that looks along +Z.  Source: VRM specification, `VRMC_vrm_animation-1.0`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.controls import SIDES
from engines.errors import AvatarError, MotionError
from engines.glb import Glb, parse_glb
from engines.motion.body import LEG
from engines.motion.face_morphs import face_controls
from engines.motion.gltf_animation import FPS, Nodes, Tracks
from engines.motion.performance import Performance
from engines.motion.rotation import to_euler, transposed
from engines.skeleton import BONE_INDEX

F64 = npt.NDArray[np.float64]

MAX_BYTES = 256 * 2**20
_EXTENSION = "VRMC_vrm_animation"
#: VRM 1.0 calls the thumb's bones otherwise than VRM 0.x does, whose names we use.
_THUMB = {"Metacarpal": "proximal", "Proximal": "intermediate", "Distal": "distal"}


def vrma_performance(path: Path) -> Performance:
    """Return the performance in a VRM animation.

    Raises:
        MotionError: the file is damaged, too large, or holds no humanoid animation.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MotionError(f"{path.name}: larger than {MAX_BYTES >> 20} MiB; cut the clip")
        data = path.read_bytes()
    except OSError as error:
        raise MotionError(f"{path.name}: cannot be read ({error.strerror})") from error
    return parse_vrma(data, path.name, path.stem)


def parse_vrma(data: bytes, file_name: str, name: str) -> Performance:
    """Return the performance in the bytes of a file; raises as :func:`vrma_performance` does."""
    try:
        return _performance(parse_glb(data, file_name), name)
    except AvatarError as error:
        raise MotionError(str(error)) from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        message = f"{file_name}: its {_EXTENSION} part is broken ({error!r}); export the clip again"
        raise MotionError(message) from error


def _performance(glb: Glb, name: str) -> Performance:
    extension = glb.json.get("extensions", {}).get(_EXTENSION)
    if not isinstance(extension, dict) or not glb.json.get("animations"):
        raise MotionError(f"{glb.name}: holds no {_EXTENSION}; export it as a VRM animation (.vrma)")
    bones = {_snake(bone): entry["node"] for bone, entry in extension["humanoid"]["humanBones"].items()}
    if "hips" not in bones:
        raise MotionError(f"{glb.name}: its humanoid has no hips; export the clip again")
    tracks = Tracks(glb)
    nodes = Nodes(glb, tracks)
    rotations: dict[str, F64] = {}
    for bone in _bones_by_depth(bones):
        moved, rest = nodes.world(bones[bone])[0], nodes.rest(bones[bone])[0]
        # `upperChest` counts as chest: the topmost one wins.
        rotations["chest" if bone == "upper_chest" else bone] = np.asarray(moved @ rest.T)
    face = _face(extension, tracks)
    look_at = extension.get("lookAt")
    if look_at:
        yaw, pitch, _ = to_euler(tracks.rotation(look_at["node"])).T
        face |= {"gaze_yaw": yaw, "gaze_pitch": pitch}
    elif "left_eye" in rotations and "head" in rotations:
        yaw, pitch, _ = to_euler(transposed(rotations["head"]) @ rotations["left_eye"]).T
        face |= {"gaze_yaw": yaw, "gaze_pitch": pitch}
    root_x, ankles = _places(nodes, bones)
    known = {bone: rotation for bone, rotation in rotations.items() if bone in BONE_INDEX and "eye" not in bone}
    return Performance(name=name, fps=FPS, rotations=known, root_x=root_x, ankles=ankles, face=face)


def _snake(bone: str) -> str:
    """Return VRM 1.0's name of a bone as ours."""
    thumb = re.fullmatch(r"(left|right)Thumb(Metacarpal|Proximal|Distal)", bone)
    if thumb:
        return f"{thumb[1]}_thumb_{_THUMB[thumb[2]]}"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", bone).lower()


def _bones_by_depth(bones: Mapping[str, int]) -> list[str]:
    """Return the bones with `upper_chest` last, so that it takes the chest's place."""
    return sorted(bones, key=lambda bone: bone == "upper_chest")


def _face(extension: Mapping[str, Any], tracks: Tracks) -> dict[str, F64]:
    """Return the controls that the expressions move; an expression's weight is its node's x."""
    weights: dict[str, F64] = {}
    for group in ("custom", "preset"):
        for name, entry in (extension.get("expressions") or {}).get(group, {}).items():
            weights[name] = np.clip(tracks.translation(entry["node"])[:, 0], 0.0, 1.0)
    return face_controls(weights)


def _places(nodes: Nodes, bones: Mapping[str, int]) -> tuple[F64, F64 | None]:
    """Return the hips' place aside, (T,), and the ankles, (T, 2, 2), both in hip heights, or None without legs."""
    hips, rest_hips = nodes.world(bones["hips"])[1], nodes.rest(bones["hips"])[1]
    lengths, ankles = [], []
    for side in SIDES:
        chain = [bones.get(f"{side}_{bone}") for bone in ("upper_leg", "lower_leg", "foot")]
        if None in chain:
            return _scaled(hips[:, 0] - hips[0, 0], float(rest_hips[1])), None
        places = [nodes.rest(node)[1] for node in chain if node is not None]
        lengths.append(sum(float(np.linalg.norm(b - a)) for a, b in pairwise(places)))
        ankles.append(nodes.world(bones[f"{side}_foot"])[1][:, :2] - [hips[0, 0], places[-1][1]])
    length = sum(lengths) / 2 / LEG
    return _scaled(hips[:, 0] - hips[0, 0], length), _scaled(np.stack(ankles, axis=1), length)


def _scaled(values: F64, unit: float) -> F64:
    if not unit > 1e-6:
        raise ValueError("its legs or its hips' height have no length")
    return values / unit
