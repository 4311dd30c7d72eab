"""Random portrait poses."""

from __future__ import annotations

import numpy as np
import pytest

from engines.controls import HIGH, INDEX, LOW, NAMES, NEUTRAL, PORTRAIT_NAMES, ControlVector, controls, mirrored
from engines.skeleton import BONE_INDEX, forward_kinematics, posed_joints
from engines.studio.arm import arm_controls
from engines.studio.collision import REFERENCE, collision_free
from engines.studio.sampling import sample_controls


@pytest.fixture(scope="module")
def samples() -> ControlVector:
    """Return 400 samples, (400, K)."""
    rng = np.random.default_rng(7)
    return np.stack([sample_controls(rng) for _ in range(400)])


def test_sample_controls_same_seed_same_poses() -> None:
    """All randomness comes from the generator."""
    first, second = (sample_controls(np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, second)


def test_sample_controls_stay_in_range_and_in_the_portrait(samples: ControlVector) -> None:
    """Every control is inside its range; legs and root are neutral."""
    assert samples.dtype == np.float32
    assert (samples >= LOW).all()
    assert (samples <= HIGH).all()
    others = [INDEX[name] for name in NAMES if name not in PORTRAIT_NAMES]
    np.testing.assert_array_equal(samples[:, others], np.tile(NEUTRAL[others], (len(samples), 1)))


def test_sample_controls_most_eyes_are_open(samples: ControlVector) -> None:
    """About 70 % of the samples have both eyes fully open, and winks happen."""
    left, right = samples[:, INDEX["blink_left"]], samples[:, INDEX["blink_right"]]
    assert 0.62 < float(((left == 0) & (right == 0)).mean()) < 0.78
    assert (np.abs(left - right) > 0.3).any()


def test_sample_controls_every_portrait_control_varies(samples: ControlVector) -> None:
    """Nothing that the picture can show stays at one value."""
    index = [INDEX[name] for name in PORTRAIT_NAMES]
    assert (samples[:, index].std(axis=0) > 0.02).all()


def test_sample_controls_some_eyes_look_against_the_head(samples: ControlVector) -> None:
    """The gaze often enough leaves the direction of the head, so that neither is learned for the other."""
    head, gaze = samples[:, INDEX["head_yaw"]], samples[:, INDEX["gaze_yaw"]]
    assert float(((np.abs(head) > 12) & (np.abs(gaze) > 8) & (head * gaze < 0)).mean()) > 0.06


def test_sample_controls_reach_past_what_people_do(samples: ControlVector) -> None:
    """Some heads turn further than a person at a desk would."""
    for name, angle in (("head_yaw", 55), ("head_pitch", 35), ("head_roll", 30), ("torso_yaw", 30)):
        assert (np.abs(samples[:, INDEX[name]]) > angle).any()


def test_sample_controls_full_bodies_stand_on_the_ground_or_jump() -> None:
    """The lower foot is at its rest height in most full-body poses, above it in the rest, and legs move."""
    rng = np.random.default_rng(5)
    poses = [sample_controls(rng, framing="full") for _ in range(120)]
    feet = [BONE_INDEX["left_foot"], BONE_INDEX["right_foot"]]
    rest = REFERENCE.joints[feet, 1].min()
    heights = np.array([posed_joints(forward_kinematics(v, REFERENCE), REFERENCE)[feet, 1].min() - rest for v in poses])
    assert heights.min() > -1e-3
    assert 0.8 < float((heights < 1e-3).mean()) < 1.0
    assert np.stack(poses)[:, INDEX["left_knee"]].max() > 60


def test_sample_controls_sides_are_alike(samples: ControlVector) -> None:
    """The mirrored samples have about the same means: no side is favoured."""
    spread = samples.std(axis=0) + 1e-6
    gap = np.abs(samples.mean(axis=0) - mirrored(samples).mean(axis=0)) / spread
    assert gap.max() < 0.3


def test_sample_controls_hands_stay_outside_the_body(samples: ControlVector) -> None:
    """No sample has its hands in the head or in the chest."""
    assert all(collision_free(vector) for vector in samples[:100])


@pytest.mark.parametrize("wrist", [(-0.5, 0.9, 0.1), (-0.5, -0.6, 0.0)])
def test_collision_free_hand_inside_the_body_is_found(wrist: tuple[float, float, float]) -> None:
    """A wrist in the middle of the head or of the chest collides; arms at rest do not."""
    inside = controls(arm_controls("right", wrist, (0.6, -1, -0.2), (0, 0, 1)))
    assert not collision_free(inside)
    assert collision_free(controls())
