"""Random short sequences."""

from __future__ import annotations

import numpy as np
import pytest

from engines.controls import HIGH, INDEX, LOW, SPEC
from engines.framing import Framing
from engines.studio.sequences import sample_sequence


@pytest.mark.parametrize("framing", ["portrait", "full"])
def test_sample_sequence_is_deterministic_and_in_range(framing: Framing) -> None:
    """The same generator gives the same frames, all inside the spec."""
    first, second = (sample_sequence(np.random.default_rng(4), 8, 30.0, framing=framing) for _ in range(2))
    assert first.shape == (8, len(SPEC))
    assert first.dtype == np.float32
    assert np.array_equal(first, second)
    assert (first >= LOW).all()
    assert (first <= HIGH).all()


def test_sample_sequence_moves_smoothly() -> None:
    """No joint of the body jumps between two frames; over a second something moves."""
    names = [index for name, index in INDEX.items() if name.startswith(("head", "torso", "gaze"))]
    for seed in range(20):
        frames = sample_sequence(np.random.default_rng(seed), 31, 30.0)[:, names]
        assert np.abs(np.diff(frames, axis=0)).max() < 25  # the quickest: a full turn in 0.35 s
        assert np.ptp(frames, axis=0).max() > 1


def test_sample_sequence_lids_shut_and_open_within_a_second() -> None:
    """Blinks happen: the lids close and open again."""
    frames = np.stack([sample_sequence(np.random.default_rng(seed), 31, 30.0) for seed in range(40)])
    lids = frames[:, :, INDEX["blink_left"]]
    assert ((lids.max(axis=1) > 0.8) & (lids.min(axis=1) < 0.2)).any()
