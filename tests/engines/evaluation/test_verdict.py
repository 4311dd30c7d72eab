"""Which of two weight sets is better, by the stated rule."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest

from engines.evaluation.regions import REGIONS
from engines.evaluation.verdict import CRITERIA, GRAVE, verdict


def figures() -> dict[str, Any]:
    """Return figures of one split, all of them in the middle."""
    return {
        "held_out_poses": {
            "compared": {
                px: {region: {"psnr": 25.0, "ssim": 0.9, "edge_error": 0.5} for region in REGIONS}
                for px in ("256", "512")
            },
            "control_groups": {
                group: {"r2": 0.8} for group in ("head", "blink", "gaze", "jaw", "visemes", "expressions")
            },
            "alpha": {"veil": 0.001},
            "palette": {"to_renders": {"all": 3.0}},
            "flicker": {"still": {"ratio": 1.2}, "motion": {"ratio": math.nan}},
            "frechet_on_regressor_features": {"whole": {"ratio": 2.0}},
        }
    }


def changed(**psnr: float) -> dict[str, Any]:
    """Return figures in which some regions gained PSNR at the largest size."""
    other = copy.deepcopy(figures())
    for region, gain in psnr.items():
        other["held_out_poses"]["compared"]["512"][region]["psnr"] += gain
    return other


def test_the_same_figures_are_neither_better() -> None:
    """And what is unknown does not count."""
    found = verdict(figures(), figures())
    assert found["better"] == "neither"
    assert found["mean_gain_steps"] == 0
    assert len(found["gains_steps"]["held_out_poses"]) == len(CRITERIA) - 1
    assert "flicker in motion" not in found["gains_steps"]["held_out_poses"]


def test_a_clear_gain_makes_the_second_better_and_the_order_does_not_matter() -> None:
    """Whoever stands where."""
    better = changed(whole=1.0, face=1.0, eyes=1.0, mouth=0.6)
    assert verdict(figures(), better)["better"] == "second"
    assert verdict(better, figures())["better"] == "first"


def test_a_gain_that_costs_much_elsewhere_is_none() -> None:
    """Sharper eyes do not pay for lost hands, and the message names them."""
    traded = changed(whole=1.2, face=1.2, eyes=1.2, mouth=1.2, hair=1.2, hands=-0.3 * GRAVE)
    found = verdict(figures(), traded)
    assert found["better"] == "neither"
    assert "hands PSNR (held_out_poses)" in found["why"]
    assert verdict(traded, figures())["better"] == "neither"


def test_less_change_than_the_renderer_s_is_no_merit() -> None:
    """Blur flickers least."""
    blurred = copy.deepcopy(figures())
    blurred["held_out_poses"]["flicker"]["still"]["ratio"] = 0.5
    gain = verdict(figures(), blurred)["gains_steps"]["held_out_poses"]["still flicker"]
    assert gain == pytest.approx((1.0 - 1.2) / -0.05)


def test_controls_that_the_regressor_cannot_read_do_not_count() -> None:
    """Where it guesses on renders, too, a gain is chance."""
    first, second = figures(), figures()
    for one, r2 in ((first, 0.1), (second, 0.3)):
        one["held_out_poses"]["control_groups"]["visemes"] = {"r2": r2, "renders": 0.2}
        one["held_out_poses"]["control_groups"]["blink"] = {"r2": r2, "renders": 0.9}
    gains = verdict(first, second)["gains_steps"]["held_out_poses"]
    assert "visemes R2" not in gains
    assert gains["blink R2"] == pytest.approx(20)


def test_the_rule_stands_beside_the_answer() -> None:
    """Who reads the JSON need not look it up."""
    assert "steps" in verdict(figures(), figures())["rule"]
