"""R2 of controls: exact, unknown, and only where a control can be seen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from engines.controls import INDEX, SPEC
from engines.evaluation.control_accuracy import (
    agreement_per_control,
    blink_by_opening,
    r2,
    r2_per_control,
    true_values,
)
from engines.evaluation.reading import READ_CONTROLS

F32 = npt.NDArray[np.float32]


def vectors(count: int = 200, seed: int = 0) -> F32:
    """Return random control vectors within 0..1, (count, len(SPEC))."""
    return np.random.default_rng(seed).random((count, len(SPEC)), np.float32)


def test_r2_of_exact_readings_is_one_and_of_the_mean_zero() -> None:
    """The two ends that everybody expects."""
    truth = vectors()[:, 0]
    assert r2(truth, truth) == 1
    assert r2(truth, np.full_like(truth, truth.mean())) == pytest.approx(0, abs=1e-6)
    assert r2(truth, 1 - truth) < 0


def test_r2_is_unknown_without_variance_or_pictures() -> None:
    """A control that never moves, or hardly any pictures, say nothing."""
    assert np.isnan(r2(np.zeros(50, np.float32), np.ones(50, np.float32)))
    assert np.isnan(r2(np.arange(3, dtype=np.float32), np.arange(3, dtype=np.float32)))


def test_every_control_has_its_own_r2() -> None:
    """A wrong reading of one leaves the others alone."""
    truth = vectors()
    readings = true_values(truth)
    readings[:, READ_CONTROLS.index("smile")] = 0
    found = r2_per_control(truth, readings)
    assert found.pop("smile") < 0
    assert all(value == 1 for value in found.values())
    assert len(found) == len(READ_CONTROLS) - 1


def test_a_gaze_behind_shut_lids_does_not_count() -> None:
    """Nobody can read it there."""
    truth = vectors()
    shut = np.arange(len(truth)) % 2 == 0
    for side in ("blink_left", "blink_right"):
        truth[:, INDEX[side]] = np.where(shut, 1.0, 0.0)
    readings = true_values(truth)
    readings[shut, READ_CONTROLS.index("gaze_yaw")] = 7
    assert r2_per_control(truth, readings)["gaze_yaw"] == 1


def test_agreement_leaves_the_regressor_s_own_error_out() -> None:
    """What is read wrongly from the render, too, is no fault of the picture."""
    truth = vectors()
    wrong = true_values(vectors(seed=1))
    assert agreement_per_control(truth, wrong, wrong)["head_yaw"] == 1
    assert r2_per_control(truth, wrong)["head_yaw"] < 0


def test_lids_that_stay_open_show_in_their_bin() -> None:
    """Where they should be shut the bias is negative; where they should be open all is well."""
    truth = vectors()
    truth[:100, [INDEX["blink_left"], INDEX["blink_right"]]] = 0.0
    truth[100:, [INDEX["blink_left"], INDEX["blink_right"]]] = 1.0
    readings = true_values(truth)
    readings[100:, READ_CONTROLS.index("blink_left")] = 0.5
    found = blink_by_opening(truth, readings)
    assert found["open"] == {"r2": 1.0, "bias": 0.0, "eyes": 200}
    assert found["shut"]["bias"] == pytest.approx(-0.25)
    assert found["shut"]["r2"] < 1
    assert np.isnan(found["half shut"]["bias"])
