"""The square that the face graph looks at."""

from __future__ import annotations

import numpy as np

from realtime.tracking.face import Crop, head_crop
from tests.fakes.person import person


def test_head_crop_stays_while_the_head_is_well_inside() -> None:
    """A small move keeps the crop, a large one moves it, and a head outside the picture has none."""
    pose = person().pose
    assert pose is not None
    pose = pose[:, :2] * np.array([640, 480], np.float32)
    crop = head_crop(pose, (640, 480), None)
    assert crop is not None and crop.right - crop.left > 100
    step = np.array([6.4, 0.0], np.float32)
    assert head_crop(pose + step, (640, 480), crop) is crop
    moved_crop = head_crop(pose + 15 * step, (640, 480), crop)
    assert isinstance(moved_crop, Crop) and moved_crop.left > crop.left + 60
    assert head_crop(pose + 100 * step, (640, 480), crop) is None
