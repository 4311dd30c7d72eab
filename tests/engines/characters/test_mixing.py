"""Mixes: the ends are the two characters, and steps between them are a progression."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from engines.build import Build
from engines.character import Character
from engines.characters.figure_build import build_towards, reshaped
from engines.characters.mixing import Mixer
from engines.characters.palettes import hex_lab
from engines.characters.picture_paints import main_colours, paint_of_pixels, recoloured
from engines.drawing import FigureDrawer
from engines.errors import CharacterError
from engines.posing import posed_figure
from engines.studio.colour import difference
from engines.studio.paint import Paint
from tests.fakes.character import ball_character, ball_sheet, truth
from tests.fakes.pictures import psnr

#: What the second character looks like.
TARGETS = {Paint.TOP: (60.0, 50.0, 40.0), Paint.HAIR: (80.0, -30.0, 40.0)}


@pytest.fixture(scope="module")
def other(painted: Character) -> Character:
    """Return the first one in other colours and with another build."""
    paints = _paints(painted)
    colours = main_colours(painted.sheet.pictures, paints)
    targets = {paint: np.array(lab, np.float32) for paint, lab in TARGETS.items()}
    pictures = recoloured(painted.sheet.pictures, paints, colours, targets)
    return replace(
        painted,
        card=replace(painted.card, name="other", title="Other", credit="somebody", licence="CC BY-SA 4.0"),
        sheet=replace(painted.sheet, pictures=pictures),
        w=-painted.w,
    )


def _paints(character: Character) -> list[np.ndarray]:  # type: ignore[type-arg]
    drawer = FigureDrawer(character.figure)
    found = []
    for view, picture in zip(character.sheet.views, character.sheet.pictures, strict=True):
        pose = posed_figure(character.figure, character.proportions, view.vector())
        drawn = drawer.draw(pose, view.matrix(character.proportions), view.size_px)
        found.append(paint_of_pixels(drawn, character.figure, picture))
    return found


def _top(character: Character) -> np.ndarray:  # type: ignore[type-arg]
    return main_colours(character.sheet.pictures, _paints(character))[Paint.TOP]


def test_recoloured_pictures_have_the_colours_asked_for(painted: Character, other: Character) -> None:
    """The main colour of what was dyed is the target; what was not keeps its pixels."""
    found = main_colours(other.sheet.pictures, _paints(other))
    for paint, lab in TARGETS.items():
        assert difference(found[paint], np.array(lab)) < 5
    hand = painted.sheet.pictures[0][..., :3].astype(int) - other.sheet.pictures[0][..., :3]
    untouched = _paints(painted)[0] == Paint.SKIN
    inside = untouched & (np.abs(hand).max(axis=-1) == 0)
    assert inside.sum() > 0.9 * untouched.sum()


def test_ends_are_the_two_characters(painted: Character, other: Character) -> None:
    """At 0 and 1 nothing is dyed and nothing is moved."""
    mixer = Mixer(painted, other)
    for t, whole in ((0.0, painted), (1.0, other)):
        end = mixer.mix(t, "end")
        assert all(np.array_equal(a, b) for a, b in zip(end.sheet.pictures, whole.sheet.pictures, strict=True))
        assert np.allclose(end.w, whole.w)
        assert np.allclose(end.proportions.joints, whole.proportions.joints)


def test_steps_are_a_progression(painted: Character, other: Character) -> None:
    """The colour moves towards the other's step by step, as do style and palette."""
    mixer = Mixer(painted, other)
    steps = [mixer.mix(step / 4, f"step-{step}") for step in range(5)]
    goal, start = _top(other), _top(painted)
    left = [float(np.linalg.norm(_top(step) - goal)) for step in steps]
    assert all(after < before + 0.5 for before, after in itertools.pairwise(left))
    whole = float(np.linalg.norm(goal - start))
    assert max(before - after for before, after in itertools.pairwise(left)) < 0.45 * whole
    assert np.allclose([step.w[0] for step in steps], np.linspace(painted.w[0], other.w[0], 5), atol=1e-5)


def test_mix_thanks_both_and_takes_the_stricter_terms(painted: Character, other: Character) -> None:
    """Credit and licence follow from both."""
    card = Mixer(painted, other).mix(0.5, "half").card
    assert (card.kind, card.parents) == ("mixed", ("balls", "other"))
    assert card.credit == "nobody; somebody"
    assert card.licence == "CC BY-SA 4.0"


def test_palette_is_in_between(painted: Character, other: Character) -> None:
    """The card's colours are interpolated as people see them."""
    coloured = replace(other, card=replace(other.card, palette={"hair": "#00ff00", "top": "#3c5abe"}))
    palette = Mixer(painted, coloured).mix(0.25, "quarter").card.palette
    expected = 0.75 * np.array(hex_lab("#be3c78")) + 0.25 * np.array(hex_lab("#00ff00"))
    assert difference(np.array(hex_lab(palette["hair"])), expected) < 2
    assert palette["top"] == "#3c5abe"


@pytest.mark.parametrize("t", [-0.1, 1.5, float("nan")])
def test_t_out_of_range_is_refused(painted: Character, other: Character, t: float) -> None:
    """The message says what 0 and 1 are."""
    with pytest.raises(CharacterError, match="expected 0 to 1"):
        Mixer(painted, other).mix(t, "odd")


def test_figure_without_paints_is_refused(painted: Character) -> None:
    """Characters from before paints were kept must be made again."""
    with pytest.raises(CharacterError, match="does not say what is hair"):
        Mixer(painted, ball_character("old"))


def test_styles_of_two_weights_do_not_mix(painted: Character, other: Character) -> None:
    """Styles of different lengths belong to different weights."""
    with pytest.raises(CharacterError, match="its style has 3 numbers, expected 64"):
        Mixer(painted, replace(other, w=np.zeros(3, np.float32))).mix(0.5, "half")


def test_pictures_follow_the_build(painted: Character) -> None:
    """A mix with a taller character shows what the reshaped figure truly looks like."""
    build = Build(head=1.15, torso=1.1, arms=0.9, eye_size=1.0)
    figure, proportions = reshaped(painted.figure, painted.proportions, build)
    tall = replace(painted, figure=figure, proportions=proportions)
    mixed = Mixer(painted, tall).mix(0.45, "taller")
    expected_build = build_towards(painted.proportions, proportions, 0.45)
    wanted, _ = reshaped(painted.figure, painted.proportions, expected_build)
    assert np.allclose(mixed.figure.places, wanted.places, atol=1e-6)
    unmoved, follows = [], []
    for view, before, after in zip(painted.sheet.views, painted.sheet.pictures, mixed.sheet.pictures, strict=True):
        if view.camera != "portrait":
            continue
        true, _ = truth(mixed.figure, view.vector(), view.matrix(mixed.proportions), view.size_px)
        follows.append(psnr(after, true))
        unmoved.append(psnr(before, true))
    assert min(np.array(follows) - np.array(unmoved)) > 2


def test_build_towards_itself_is_none(painted: Character) -> None:
    """A figure need not change to become itself, and at 0 nothing changes."""
    assert build_towards(painted.proportions, painted.proportions, 0.7) == Build()
    _, taller = reshaped(painted.figure, painted.proportions, Build(legs=1.2))
    assert build_towards(painted.proportions, taller, 0.0) == Build()
    assert build_towards(painted.proportions, taller, 1.0).legs == pytest.approx(1.2, abs=1e-3)


def test_sheets_of_the_fake_are_true(painted: Character) -> None:
    """The fake's pictures are what its figure shows, or the tests above would say nothing."""
    again = ball_sheet(painted.figure)
    assert np.array_equal(again.pictures[0], painted.sheet.pictures[0])
