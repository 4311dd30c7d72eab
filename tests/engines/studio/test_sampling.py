"""Random portrait poses."""

from __future__ import annotations

import numpy as np
import pytest

from engines.controls import HIGH, INDEX, LOW, NAMES, NEUTRAL, PORTRAIT_NAMES, ControlVector, controls, mirrored
from engines.studio.arm import arm_controls
from engines.studio.sampling import collision_free, sample_controls, sweep


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


def test_sweep_labels_are_unique_and_begin_with_neutral() -> None:
    """The contact sheet shows each thing once."""
    rows = sweep()
    assert len({label for label, _ in rows}) == len(rows)
    assert np.array_equal(rows[0][1], NEUTRAL)
