"""The One-Euro filter."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.one_euro import OneEuro


def _filter(beta: float = 0.05) -> OneEuro:
    return OneEuro([1.0], [beta])


def test_first_sample_passes_unchanged() -> None:
    """There is nothing to smooth the first sample with."""
    assert _filter().update([7.0], 5.0) == [7.0]


def test_noise_around_a_still_signal_shrinks() -> None:
    """Noise at 30 Hz comes out with less than half of its spread."""
    rng = np.random.default_rng(1)
    one_euro = OneEuro([1.0], [0.0])
    noise = rng.normal(0, 1, 300)
    out = [one_euro.update([sample], index / 30)[0] for index, sample in enumerate(noise)]
    assert np.std(out[30:]) < 0.5 * np.std(noise)


def test_higher_beta_lags_less_behind_a_quick_move() -> None:
    """During a fast ramp the filter with beta is nearer to the signal."""
    calm, quick = _filter(0.0), _filter(0.1)
    for index in range(20):
        calm.update([10.0 * index], index / 30)
        quick.update([10.0 * index], index / 30)
    assert calm.value is not None and quick.value is not None
    assert abs(quick.value[0] - 190) < 0.5 * abs(calm.value[0] - 190)


def test_duplicate_and_late_stamps_change_nothing() -> None:
    """A frame that is not newer than the last one is ignored."""
    one_euro = _filter()
    one_euro.update([1.0], 1.0)
    before = one_euro.update([2.0], 1.1).copy()
    assert one_euro.update([100.0], 1.1) == before
    assert one_euro.update([100.0], 1.05) == before


def test_long_gap_starts_afresh() -> None:
    """After a gap of seconds the new sample counts alone, without speed."""
    one_euro = _filter()
    one_euro.update([0.0], 0.0)
    one_euro.update([10.0], 0.03)
    assert one_euro.update([50.0], 9.0) == [50.0]
    assert one_euro.speed == [0.0]


def test_irregular_steps_converge_to_the_signal() -> None:
    """Uneven time steps do not bias a constant."""
    rng = np.random.default_rng(2)
    one_euro = _filter()
    time_s = 0.0
    one_euro.update([0.0], time_s)
    for step in rng.uniform(0.005, 0.12, 200):
        time_s += step
        one_euro.update([3.0], time_s)
    assert one_euro.value is not None
    assert abs(one_euro.value[0] - 3.0) < 1e-3


def test_settings_of_different_lengths_are_refused() -> None:
    """Each signal needs both settings."""
    with pytest.raises(ValueError, match="beta"):
        OneEuro([1.0, 2.0], [0.1])
