"""Flicker: of still poses and along known motion."""

from __future__ import annotations

import numpy as np
import pytest

from engines import controls
from engines.condition import Condition
from engines.controls import INDEX, NAMES, PORTRAIT_NAMES
from engines.evaluation.flicker import NOISE_DEG, follows, still_change, still_controls, warped_change
from engines.studio.labels import LABEL_PX
from tests.fakes.engine import PaintingEngine
from tests.fakes.labelled import labelled_picture


def test_still_controls_tremble_about_the_pose_and_repeat_by_seed() -> None:
    """Angles by about the stated noise; legs not at all; the same for the same seed."""
    pose = controls.controls({"head_yaw": 10.0})
    drawn = still_controls(pose, seed=3, frames=400)
    assert np.array_equal(drawn, still_controls(pose, seed=3, frames=400))
    assert not np.array_equal(drawn, still_controls(pose, seed=4, frames=400))
    assert drawn[:, INDEX["head_yaw"]].std() == pytest.approx(NOISE_DEG, rel=0.15)
    rest = [INDEX[name] for name in NAMES if name not in PORTRAIT_NAMES]
    assert (drawn[:, rest] == pose[rest]).all()


def test_a_picture_that_does_not_move_does_not_flicker() -> None:
    """Equal controls give equal pictures; a moved disc gives a change."""
    engine = PaintingEngine(64)

    def draw(vector: controls.ControlVector) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        return engine.generate(Condition(character="ada", controls=vector))

    still = np.stack([controls.controls()] * 3)
    assert still_change(draw, still) == 0
    moved = np.stack([controls.controls({"head_yaw": yaw}) for yaw in (0.0, 30.0)])
    assert still_change(draw, moved) > 5


def test_motion_that_follows_the_flow_does_not_flicker() -> None:
    """A texture that moves by the flow is the same texture; one that stays behind is not."""
    texture = np.random.default_rng(0).integers(0, 256, (LABEL_PX, LABEL_PX, 3)).astype(np.uint8)
    moved = np.roll(texture, 2, axis=1)
    flow = np.zeros((LABEL_PX, LABEL_PX, 2), np.float32)
    flow[..., 0] = 2 / LABEL_PX
    sample = labelled_picture(flow=flow, sequence=0)
    change, cells = warped_change(sample, texture, moved)
    assert cells == LABEL_PX**2
    assert change / cells < 1  # but for the two columns that left
    behind, _ = warped_change(sample, texture, texture)
    assert behind / cells > 50


def test_frames_follow_within_a_sequence_only() -> None:
    """The next frame of the same sequence, and nothing else."""
    flow = np.zeros((LABEL_PX, LABEL_PX, 2), np.float32)
    first = labelled_picture(flow=flow, sequence=1, frame=0)
    assert follows(first, labelled_picture(flow=flow, sequence=1, frame=1))
    assert not follows(first, labelled_picture(flow=flow, sequence=2, frame=1))
    assert not follows(first, labelled_picture(flow=flow, sequence=1, frame=2))
    assert not follows(labelled_picture(), labelled_picture(frame=1))
