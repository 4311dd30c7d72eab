"""From controls to a posed mesh."""

from __future__ import annotations

import pytest

from engines.controls import VISEMES, controls
from engines.expression import expression_weights


def test_expression_weights_neutral_is_empty() -> None:
    """A neutral face moves nothing."""
    assert expression_weights(controls()) == {}


def test_expression_weights_brows_split_by_sign() -> None:
    """A raised brow and a lowered brow are different morphs."""
    assert expression_weights(controls({"brow_left": 0.5, "brow_right": -0.25})) == {
        "brow_up_left": 0.5,
        "brow_down_right": 0.25,
    }


def test_expression_weights_joy_takes_over_eyes_and_mouth() -> None:
    """At full joy neither blink nor viseme is left, at half joy half of them."""
    full = expression_weights(controls({"joy": 1, "blink_left": 1, "aa": 1}))
    half = expression_weights(controls({"joy": 0.5, "blink_left": 1, "aa": 1}))
    assert full == {"joy": 1.0}
    assert half == pytest.approx({"joy": 0.5, "blink_left": 0.5, "aa": 0.5})


def test_expression_weights_visemes_sum_to_one_at_most() -> None:
    """Five open mouths at once are one open mouth."""
    weights = expression_weights(controls(dict.fromkeys(VISEMES, 1.0)))
    assert sum(weights[name] for name in VISEMES) == pytest.approx(1.0)
