"""Sampled characters: the same seed gives the same, what is said holds, and everybody is thanked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.build import Build
from engines.character import load_character
from engines.characters.palettes import hex_lab
from engines.characters.sampling import Credits, appear, make_sampled, sample_idea
from engines.characters.teacher_source import idea_of
from engines.errors import CharacterError
from engines.sheet import SHEET_VIEWS
from engines.studio.avatar import Avatar
from engines.studio.colour import difference
from engines.studio.identity import Cast
from engines.studio.paint import Paint
from engines.studio.palette import PALETTE
from engines.studio.renderer import Renderer
from tests.fakes.painted import painted as painted_boxes

VIEWS = tuple(replace(view, size_px=32) for view in SHEET_VIEWS if view.name in {"front", "left", "up", "face"})


@pytest.fixture(scope="module")
def cast(boxes: Avatar) -> Cast:
    """Return a cast of one painted avatar."""
    return Cast([painted_boxes(boxes)])


def test_seed_gives_the_same_idea_again(cast: Cast) -> None:
    """Colours and build follow from the seed, and differ between seeds."""
    assert sample_idea(cast, 4) == sample_idea(cast, 4)
    one, other = sample_idea(cast, 4), sample_idea(cast, 5)
    assert one.colours != other.colours
    assert one.build != other.build


def test_palette_that_is_said_holds(cast: Cast) -> None:
    """A colour that the user says is that of the character, near enough to see no difference."""
    lab = hex_lab("#3060c0")
    idea = sample_idea(cast, 4, {Paint.HAIR: lab})
    appearance, _ = appear(cast, idea)
    found = appearance.palette.colour(Paint.HAIR)
    assert found is not None
    assert difference(found, np.array(lab)) < 3


def test_colour_of_what_is_not_worn_is_refused(cast: Cast) -> None:
    """The message says what there is."""
    with pytest.raises(CharacterError, match="has no neckwear to colour; it has"):
        sample_idea(cast, 4, {Paint.NECKWEAR: (50.0, 0.0, 0.0)})


def test_sampled_character_is_complete(cast: Cast, renderer: Renderer, tmp_path: Path) -> None:
    """It differs in build and colours from the avatar; its card says where it comes from."""
    idea = sample_idea(cast, 4, name="somebody")
    thanks = {cast.names[0]: Credits(credit="The author", licence="CC BY-SA 4.0")}
    made = make_sampled(renderer, cast, idea, tmp_path, thanks, tmp_path, VIEWS)
    character = load_character(made.folder)
    card = character.card
    assert (card.kind, card.seed, card.parents) == ("sampled", 4, cast.names)
    assert card.credit == "The author; recoloured and reproportioned"
    assert card.licence == "CC BY-SA 4.0"
    assert {"hair", "skin", "top"} <= card.palette.keys()
    assert not np.allclose(character.proportions.joints, cast.avatar(cast.names[0]).proportions.joints, atol=1e-3)
    with pytest.raises(CharacterError, match="is there already"):
        make_sampled(renderer, cast, idea, tmp_path, thanks, tmp_path, VIEWS)


def test_teachers_person_becomes_an_idea(cast: Cast) -> None:
    """Its colours hold where the avatar has them, and its measures within what clothes bear."""
    lab = np.full((len(PALETTE), 3), np.nan, np.float32)
    lab[PALETTE.index(Paint.HAIR)] = hex_lab("#208040")
    lab[PALETTE.index(Paint.NECKWEAR)] = hex_lab("#208040")
    proportions = cast.avatar(cast.names[0]).proportions
    joints = proportions.joints.copy()
    joints[:, 0] *= 1.1
    idea = idea_of(cast, 0, lab, replace(proportions, joints=joints), {})
    assert list(idea.colours) == [Paint.HAIR]
    assert idea.build.shoulders == pytest.approx(1.1, abs=0.01)
    assert idea_of(cast, 0, lab, proportions, {}).build == Build()
