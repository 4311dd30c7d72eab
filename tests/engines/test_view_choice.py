"""Which views a region is drawn from, and that this changes without jumps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from engines.character import Character
from engines.controls import controls
from engines.drawing import FigureDrawer
from engines.figure import Region
from engines.posing import posed_figure
from engines.prepared_views import prepare_views
from engines.sheet import premultiplied
from engines.view_choice import SLOTS, ViewChooser

F32 = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def chooser(balls: Character) -> ViewChooser:
    """Return what chooses among the views of the balls."""
    pictures = [premultiplied(picture) for picture in balls.sheet.pictures]
    prepared = prepare_views(FigureDrawer(balls.figure), balls.proportions, balls.sheet.views, pictures)
    return ViewChooser(balls.figure, balls.sheet.views, prepared)


def shares(
    chooser: ViewChooser, balls: Character, pose: dict[str, float], coarse: Sequence[str] = ()
) -> npt.NDArray[np.float64]:
    """Return how much each view counts, as part of the whole, (regions, views).

    Args:
        chooser: of the balls.
        balls: the character.
        pose: controls.
        coarse: names of views that have a third of the pixels.
    """
    vector = controls(pose)
    fineness = np.array([1 / 3 if view.name in coarse else 1.0 for view in balls.sheet.views], np.float32)
    choice = chooser.choose(posed_figure(balls.figure, balls.proportions, vector), vector, fineness)
    assert choice.view.shape == choice.share.shape == (len(Region), SLOTS)
    assert choice.share.min() >= 0
    found = np.zeros((len(Region), len(balls.sheet.views)))
    for region in Region:
        np.add.at(found[region], choice.view[region], choice.share[region])
    return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-12))


def best(balls: Character, found: npt.NDArray[np.float64], region: Region) -> str:
    """Return the name of the view that counts most."""
    return balls.sheet.views[int(found[region].argmax())].name


@pytest.mark.parametrize(
    ("pose", "view"),
    [
        ({}, "front"),
        ({"head_yaw": 42.0}, "left"),
        ({"head_yaw": -42.0}, "right"),
        ({"head_pitch": -24.0, "torso_yaw": 28.0}, "up"),
        ({"root_yaw": 180.0}, "from_+180"),
    ],
)
def test_view_whose_pose_it_is_counts_most(
    chooser: ViewChooser, balls: Character, pose: dict[str, float], view: str
) -> None:
    """The head is drawn from the view that shows it as it stands."""
    assert best(balls, shares(chooser, balls, pose), Region.HEAD) == view


def test_view_that_shows_a_region_is_preferred_to_those_that_do_not(chooser: ViewChooser, balls: Character) -> None:
    """The hand is in two of the portraits only: whatever it does, it is drawn from those that show it."""
    for elbow in (10.0, 60.0, 118.0):
        found = shares(chooser, balls, {"left_elbow": elbow, "left_upper_arm_z": -48.0})
        assert best(balls, found, Region.LEFT_HAND) in {"left", "up", "right", "from_+180"}
        assert found[Region.LEFT_HAND][0] == 0, "in the front view the hand hangs below the picture"


def test_coarser_view_loses(chooser: ViewChooser, balls: Character) -> None:
    """With a third of its pixels the best view counts less than before, and another takes its place."""
    before, after = (shares(chooser, balls, {"head_yaw": 20.0}, coarse) for coarse in ((), ("left",)))
    left = [view.name for view in balls.sheet.views].index("left")
    assert after[Region.HEAD, left] < 0.5 * before[Region.HEAD, left]


@pytest.mark.parametrize(
    ("pose", "region", "view"),
    [
        ({"blink_left": 1.0, "blink_right": 1.0}, Region.LEFT_EYE, "face_shut_aa"),
        ({"blink_left": 1.0}, Region.LEFT_EYE, "face_shut_aa"),
        ({"blink_left": 0.5, "blink_right": 0.5}, Region.RIGHT_EYE, "face_half_shut_smile"),
        ({"aa": 1.0}, Region.MOUTH, "face_shut_aa"),
        ({"smile": 1.0}, Region.MOUTH, "face_half_shut_smile"),
    ],
)
def test_expression_chooses_the_view_that_shows_it(
    chooser: ViewChooser, balls: Character, pose: dict[str, float], region: Region, view: str
) -> None:
    """Each eye and the mouth choose by themselves."""
    assert best(balls, shares(chooser, balls, pose), region) == view


def test_wink_leaves_the_other_eye_open(chooser: ViewChooser, balls: Character) -> None:
    """The open eye is drawn from views that show it open."""
    found = shares(chooser, balls, {"blink_left": 1.0})
    shut = [view.name for view in balls.sheet.views].index("face_shut_aa")
    assert found[Region.RIGHT_EYE, shut] < 0.1


def test_face_views_serve_the_face_alone(chooser: ViewChooser, balls: Character) -> None:
    """Hair and body are never drawn from the close-ups, which cut them off."""
    faces = np.array([view.camera == "face" for view in balls.sheet.views])
    found = shares(chooser, balls, {"head_yaw": 10.0})
    for region in (Region.HEAD, Region.TORSO, Region.LEFT_HAND):
        assert found[region, faces].max() == 0


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ({"head_yaw": -60.0}, {"head_yaw": 60.0}),
        ({"head_pitch": -40.0}, {"head_pitch": 40.0, "torso_yaw": 30.0}),
        ({"root_yaw": -180.0}, {"root_yaw": 180.0}),
        ({"blink_left": 0.0, "aa": 0.0}, {"blink_left": 1.0, "aa": 1.0}),
        ({"left_elbow": 0.0, "left_upper_arm_z": -90.0}, {"left_elbow": 150.0, "left_upper_arm_z": 20.0}),
    ],
)
def test_shares_change_without_a_jump(
    chooser: ViewChooser, balls: Character, start: dict[str, float], end: dict[str, float]
) -> None:
    """Along a movement no view appears or vanishes at once: however steep a change is, it is a slope."""

    def at(part: float) -> npt.NDArray[np.float64]:
        pose = {name: start.get(name, 0.0) * (1 - part) + end[name] * part for name in end}
        return shares(chooser, balls, pose)

    low, high, steps = 0.0, 1.0, 100
    for _ in range(4):  # into the steepest part of the steepest part
        parts = np.linspace(low, high, steps + 1)
        changes = np.abs(np.diff([at(float(part)) for part in parts], axis=0)).max(axis=(1, 2))
        steepest = int(changes.argmax())
        low, high, steps = float(parts[steepest]), float(parts[steepest + 1]), 10
    assert changes.max() < 0.02, f"a jump of {changes.max():.2f} at {low:.4f} of the way"
