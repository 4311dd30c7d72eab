"""How much pictures tremble: under controls that hardly change, and along a motion, over the renderer's own.

Whatever the generator adds to the renderer's own change is flicker: 1 is none.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from engines.controls import INDEX, PORTRAIT_NAMES, SPEC, ControlVector, clipped
from engines.evaluation.background import over_background
from engines.evaluation.reading import premultiplied
from engines.studio.avatar import Avatar
from engines.studio.labels import LABEL_PX, LabelledPicture
from engines.studio.posing import posed
from engines.studio.renderer import Renderer
from engines.studio.spring_simulation import settled

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

#: Standard deviation of what is left of a still person's tracking noise after smoothing, per picture: degrees, and
#: everything else.  An assumption in the middle of what a webcam leaves, the same for all weights.
NOISE_DEG, NOISE_WEIGHT = 0.15, 0.02
#: Pictures drawn of each still pose.
STILL_FRAMES = 5
_PORTRAIT = np.array([control.name in PORTRAIT_NAMES for control in SPEC])
_SCALE = np.array([NOISE_DEG if control.unit == "deg" else NOISE_WEIGHT for control in SPEC]) * _PORTRAIT


def still_controls(vector: ControlVector, seed: int, frames: int = STILL_FRAMES) -> F32:
    """Return the controls of somebody who holds still before a camera, (frames, len(SPEC)): a pose and white noise."""
    noise = np.random.default_rng(seed).normal(size=(frames, len(SPEC))) * _SCALE
    return np.stack([clipped(np.asarray(vector + one, np.float32)) for one in noise])


def still_change(draw: Callable[[ControlVector], U8], vectors: F32) -> float:
    """Return the mean absolute difference of consecutive pictures, grey levels of 255, where either shows the figure.

    Args:
        draw: a picture for controls, uint8 (H, W, 4), straight alpha.
        vectors: (frames, len(SPEC)).
    """
    pictures = [draw(vector) for vector in vectors]
    changes = []
    for one, other in pairwise(pictures):
        shown = (one[..., 3] > 0) | (other[..., 3] > 0)
        plain = [over_background(premultiplied(picture)).astype(np.float32) for picture in (one, other)]
        changes.append(float(np.abs(plain[0] - plain[1])[shown].mean()) if shown.any() else 0.0)
    return float(np.mean(changes))


def rendered(renderer: Renderer, avatar: Avatar, pose: ControlVector, camera: F32, size: int) -> Callable[..., U8]:
    """Return what draws an avatar near a pose; what swings stays as it rests in the pose itself."""
    turns = settled(avatar, pose)

    def draw(vector: ControlVector) -> U8:
        return renderer.render(avatar, posed(avatar, vector, turns), camera, size)

    return draw


def follows(sample: LabelledPicture, later: LabelledPicture) -> bool:
    """Return whether a sample is the next frame of another's sequence, and the way there is known."""
    return (
        sample.flow is not None
        and sample.sequence >= 0
        and sample.character == later.character
        and sample.sequence == later.sequence
        and sample.frame + 1 == later.frame
    )


def warped_change(sample: LabelledPicture, now: U8, later: U8) -> tuple[float, int]:
    """Return by how much surfaces change their look until the next frame: the sum of differences, and of cells.

    Args:
        sample: the first frame's labels, with flow.
        now: uint8, (LABEL_PX, LABEL_PX, 3), RGB, the first picture, generated or rendered.
        later: the next one.
    """
    if sample.flow is None or sample.flow_visible is None:
        raise ValueError("sample: has no flow")
    axis = (np.arange(LABEL_PX, dtype=np.float32) + 0.5) / LABEL_PX
    places = (np.stack(np.meshgrid(axis, axis), axis=-1) + sample.flow) * LABEL_PX - 0.5
    moved = cv2.remap(later, places.astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    apart = np.abs(moved.astype(np.float32) - now).mean(axis=2)[sample.flow_visible]
    return float(apart.sum()), int(apart.size)


def shown_pose(vector: ControlVector) -> ControlVector:
    """Return a pose for a still picture: as it is, lids open, so that the eyes' trembling is seen."""
    pose = vector.copy()
    pose[[INDEX["blink_left"], INDEX["blink_right"]]] = 0.0
    return pose
