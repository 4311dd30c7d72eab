"""An avatar performing a motion: one picture per frame, hair and cloth swinging along."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import numpy.typing as npt

from engines.motion.clip import Clip
from engines.studio.avatar import Avatar
from engines.studio.posing import Posed, posed
from engines.studio.renderer import Renderer
from engines.studio.spring_simulation import SpringSimulation, settled

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]


def poses(avatar: Avatar, clip: Clip) -> Iterator[Posed]:
    """Yield the avatar's pose in each frame of a clip; the same clip always gives the same poses."""
    springs = SpringSimulation(avatar)
    springs.reset(clip.controls[0])
    for vector in clip.controls:
        yield posed(avatar, vector, springs.step(vector, 1 / clip.fps))


def pose_at(avatar: Avatar, clip: Clip, seconds: float) -> Posed:
    """Return the avatar's pose at a time of a clip: swinging where the clip moves, at rest in a clip of one pose."""
    if len(clip.controls) == 1:
        return posed(avatar, clip.controls[0], settled(avatar, clip.controls[0]))
    frame = min(max(round(seconds * clip.fps), 0), len(clip.controls) - 1)
    return next(islice(poses(avatar, clip), frame, None))


def perform(
    renderer: Renderer, avatar: Avatar, clip: Clip, camera: F32, size: int, supersample: int = 2
) -> Iterator[U8]:
    """Yield a picture per frame of a clip: uint8, (size, size, 4), straight-alpha RGBA.

    Args:
        renderer: what draws.
        avatar: who performs.
        clip: what to perform.
        camera: float32, (2, 3), world to 0..1.
        size: width and height in pixels.
        supersample: samples per pixel along each side.
    """
    for pose in poses(avatar, clip):
        yield renderer.render(avatar, pose, camera, size, supersample)
