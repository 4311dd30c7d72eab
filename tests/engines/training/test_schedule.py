"""Curves of learning rates."""

from __future__ import annotations

import pytest

from engines.training.schedule import cosine, warm_up


def test_warm_up_reaches_the_full_rate_in_its_last_step() -> None:
    """It rises in equal parts and stays."""
    assert [warm_up(step, 4) for step in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert warm_up(0, 0) == 1.0


def test_cosine_falls_from_one_to_its_last_value() -> None:
    """It is half way down in the middle and stays at the end."""
    assert cosine(0, 100) == 1.0
    assert cosine(50, 100, last=0.1) == pytest.approx(0.55)
    assert cosine(100, 100, last=0.1) == cosine(150, 100, last=0.1) == pytest.approx(0.1)
