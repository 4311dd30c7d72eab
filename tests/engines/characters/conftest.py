"""Characters of balls that say what is dyed as one, and folders of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.character import Character, save_character
from engines.figure import Region
from engines.studio.paint import Paint
from tests.engines.studio.conftest import boxes, renderer  # noqa: F401 - fixtures
from tests.fakes.character import BALLS, CHEST, HEAD, TAIL, ball_character


def painted_balls(name: str) -> Character:
    """Return the character of balls whose head is skin, chest a top and pigtail hair."""
    character = ball_character(name)
    figure = character.figure
    piece = figure.order
    paint = np.zeros(len(figure.triangles), np.uint8)
    for ball, one in ((HEAD, Paint.SKIN), (CHEST, Paint.TOP), (TAIL, Paint.HAIR)):
        paint[piece == BALLS.index(ball)] = one
    paint[figure.region == Region.LEFT_EYE] = Paint.IRIS_LEFT
    paint[figure.region == Region.RIGHT_EYE] = Paint.IRIS_RIGHT
    palette = {"hair": "#be3c78", "skin": "#dcaa8c", "top": "#3c5abe"}
    card = replace(character.card, palette=palette, title=name.title())
    return replace(character, card=card, figure=replace(figure, paint=paint))


@pytest.fixture(scope="session")
def painted() -> Character:
    """Return such a character."""
    return painted_balls("balls")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, painted: Character) -> Path:
    """Return a folder of two characters."""
    root = tmp_path_factory.mktemp("characters")
    save_character(root / "balls", painted, effort=0)
    save_character(
        root / "orbs", replace(painted, card=replace(painted.card, name="orbs", licence="CC BY 4.0")), effort=0
    )
    return root
