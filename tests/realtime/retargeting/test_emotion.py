"""Joy, anger, sorrow and surprise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from realtime.retargeting.emotion import Shapes, emotions

REST = Shapes(
    brow=0.0, inner_brow=0.0, opening=1.0, slit=0.27, smile=0.0, jaw=0.0, corner_lift=0.0, yaw_deg=0.0, pitch_deg=0.0
)
FACES = {
    "joy": replace(REST, smile=1.0, jaw=0.4, opening=0.7, slit=0.18),
    "angry": replace(REST, brow=-0.8, opening=0.85),
    "sorrow": replace(REST, inner_brow=0.016, corner_lift=-0.045),
    "surprised": replace(REST, brow=0.8, opening=1.3, jaw=0.5),
}


@pytest.mark.parametrize("name", FACES)
def test_whole_face_makes_one_expression(name: str) -> None:
    """All parts together are that expression and hardly any other."""
    found = emotions(FACES[name])
    assert found[name] > 0.6
    assert max(weight for other, weight in found.items() if other != name) < 0.05


@pytest.mark.parametrize(
    "part",
    [
        {"brow": 1.0},
        {"brow": -1.0},
        {"jaw": 1.0},
        {"opening": 0.8},
        {"opening": 1.25},
        {"inner_brow": 0.02},
        {"corner_lift": -0.05},
        {"smile": 0.5},
        {"smile": 0.4, "jaw": 0.6},
        {"jaw": 0.7, "corner_lift": -0.03},
    ],
    ids=str,
)
def test_one_part_alone_makes_none(part: dict[str, float]) -> None:
    """Talking, squinting, frowning or smiling a little leaves every expression at 0."""
    assert max(emotions(replace(REST, **part)).values()) == 0.0


def test_grin_with_open_eyes_leaves_them_open() -> None:
    """The avatars' joy shuts the eyes, so without laughing eyes there is a quarter of it."""
    assert emotions(replace(REST, smile=1.0, jaw=0.6))["joy"] <= 0.3


def test_weights_move_without_jumps() -> None:
    """On the way from one expression to another nothing steps by more than the way does."""
    for name, other in (("joy", "surprised"), ("angry", "sorrow"), ("sorrow", "joy")):
        before = None
        for at in np.linspace(0, 1, 201):
            mixed = Shapes(
                **{
                    field: (1 - at) * getattr(FACES[name], field) + at * getattr(FACES[other], field)
                    for field in Shapes.__dataclass_fields__
                }
            )
            now = np.array(list(emotions(mixed).values()))
            assert before is None or np.abs(now - before).max() < 0.06
            before = now


def test_expressions_together_are_no_more_than_one() -> None:
    """Where the parts of two expressions are there at once, they share."""
    both = replace(FACES["angry"], inner_brow=0.02, corner_lift=-0.05)
    assert sum(emotions(both).values()) <= 0.8 + 1e-9
