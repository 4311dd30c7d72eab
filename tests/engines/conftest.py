"""The character of balls, made once."""

from __future__ import annotations

import pytest

from engines.character import Character
from engines.structure import CharacterStructure
from tests.fakes.character import ball_character


@pytest.fixture(scope="session")
def balls() -> Character:
    """Return a character whose true pictures are known in every pose."""
    return ball_character()


@pytest.fixture(scope="session")
def balls_structure(balls: Character) -> CharacterStructure:
    """Return that character, prepared."""
    return CharacterStructure(balls.proportions, balls.figure, balls.sheet)
