"""A task's settings come from texts, and are refused in one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

from engines.errors import TrainingError
from engines.training.settings import pairs_from, settings_from


@dataclass(frozen=True)
class Settings:
    """One of each kind."""

    width: int = 8
    rate: float = 1e-3
    grow: bool = False
    loss: Literal["hinge", "logistic"] = "logistic"
    clip: float | None = 1.0

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"width {self.width}: expected 1 or more")


def test_settings_that_are_not_given_keep_their_defaults() -> None:
    """Only what is named changes, and has its field's type."""
    assert settings_from(Settings, {}) == Settings()
    given = pairs_from(["width=16", "rate=2e-4", "grow=yes", "loss=hinge", "clip=none"])
    assert settings_from(Settings, given) == Settings(width=16, rate=2e-4, grow=True, loss="hinge", clip=None)
    assert settings_from(Settings, {"clip": "0.5"}).clip == 0.5


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["width"], "--set width: expected name=value"),
        (["width=1", "width=2"], "--set width: given twice"),
        (["depth=2"], "--set depth: no such setting; there are width, rate, grow, loss, clip"),
        (["width=wide"], "--set width=wide: expected int"),
        (["grow=perhaps"], "--set grow=perhaps: expected bool"),
        (["loss=l2"], "--set loss=l2: expected hinge or logistic"),
        (["clip=x"], "--set clip=x: expected float"),
        (["width=0"], "--set: width 0: expected 1 or more"),
    ],
)
def test_settings_that_cannot_be_are_refused(texts: list[str], message: str) -> None:
    """The message names the setting and what was expected."""
    with pytest.raises(TrainingError, match=message):
        settings_from(Settings, pairs_from(texts))
