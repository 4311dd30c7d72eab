"""Which triangle of a posed figure each pixel shows, and its ink."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from engines.character import Character
from engines.controls import controls
from engines.drawing import MIN_INK_PX, DrawnFigure, FigureDrawer
from engines.figure import Region
from engines.framing import portrait_camera
from engines.posing import posed_figure
from tests.fakes.character import CARD, CHEST, HEAD, Ball

F32 = npt.NDArray[np.float32]
SIZE = 256


@pytest.fixture(scope="module")
def drawer(balls: Character) -> FigureDrawer:
    """Return the figure of balls, prepared."""
    return FigureDrawer(balls.figure)


def drawn(drawer: FigureDrawer, balls: Character, size: int = SIZE, **pose: float) -> DrawnFigure:
    """Draw a portrait."""
    pose_now = posed_figure(drawer.figure, balls.proportions, controls(pose))
    return drawer.draw(pose_now, portrait_camera(balls.proportions), size)


def circle(balls: Character, ball: Ball, size: int = SIZE) -> tuple[float, float, float]:
    """Return where a ball stands in a portrait of the T-pose: centre and radius in pixels."""
    camera = portrait_camera(balls.proportions)
    x, y = (camera[:, :2] @ np.array(ball.centre[:2]) + camera[:, 2]) * size - 0.5
    return float(x), float(y), float(ball.radius * camera[0, 0] * size)


def distance(x: float, y: float) -> F32:
    """Return how far each pixel is from a place."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return np.asarray(np.hypot(columns - x, rows - y), np.float32)


def test_drawn_ball_covers_its_circle(balls: Character, drawer: FigureDrawer) -> None:
    """Within half a pixel and the polygon's flatness, the head is where the camera puts it."""
    x, y, radius = circle(balls, HEAD)
    away = distance(x, y)
    triangle = drawn(drawer, balls).triangle
    of_head = (triangle >= 0) & (triangle < len(drawer.figure.triangles) // 4)
    assert of_head[away < radius - 1].all()
    assert not of_head[away > radius + 1].any()


def test_drawn_mask_leaves_a_hole(balls: Character, drawer: FigureDrawer) -> None:
    """Through the middle of the card the chest is seen."""
    x, y, _ = circle(balls, CARD)
    got = drawn(drawer, balls)
    order = np.where(got.triangle >= 0, drawer.figure.order[got.triangle], -1)
    assert order[round(y), round(x)] == 1
    half = CARD.radius * portrait_camera(balls.proportions)[0, 0] * SIZE
    assert order[round(y - 0.6 * half), round(x)] == 4
    assert order[round(y), round(x + 0.6 * half)] == 4


def test_drawn_depth_is_that_of_the_nearest_surface(balls: Character, drawer: FigureDrawer) -> None:
    """In the middle of the head it is its front, in the middle of the card the chest's."""
    got = drawn(drawer, balls)
    x, y, _ = circle(balls, HEAD)
    assert got.depth[round(y), round(x)] == pytest.approx(HEAD.radius, abs=1e-3)
    x, y, _ = circle(balls, CARD)
    below = CARD.centre[1] - CHEST.centre[1]
    assert got.depth[round(y), round(x)] == pytest.approx(np.sqrt(CHEST.radius**2 - below**2), abs=2e-3)
    assert got.depth[0, 0] < -1e6


def test_drawn_ink_is_a_ring_around_what_has_an_outline(balls: Character, drawer: FigureDrawer) -> None:
    """The head has one of its width, outside of the surface; the pigtail, which has none, has none."""
    got = drawn(drawer, balls)
    x, y, radius = circle(balls, HEAD)
    away = distance(x, y)
    ink = (got.ink >= 0) & (drawer.figure.order[got.ink] == 0)
    assert ink.any()
    width = max(HEAD.ink_m * portrait_camera(balls.proportions)[0, 0] * SIZE, MIN_INK_PX)
    assert away[ink].min() > radius - 1
    assert away[ink].max() < radius + width + 1
    inked = drawer.figure.ink_width_m[drawer.figure.triangles[np.unique(got.ink[got.ink >= 0])]]
    assert (inked > 0).all()


@pytest.mark.parametrize("size", [64, 256])
def test_drawn_ink_does_not_break_in_small_pictures(balls: Character, drawer: FigureDrawer, size: int) -> None:
    """All around the head there is ink at any size."""
    got = drawn(drawer, balls, size)
    x, y, radius = circle(balls, HEAD, size)
    width = max(HEAD.ink_m * portrait_camera(balls.proportions)[0, 0] * size, MIN_INK_PX)
    for angle in np.linspace(-0.9 * np.pi / 2, 0.9 * np.pi / 2, 60):  # the pigtail stands on the other side
        reach = np.arange(radius - 1, radius + width + 1, 0.25)
        columns, rows = np.round(x + reach * np.cos(angle)), np.round(y + reach * np.sin(angle))
        assert (got.ink[rows.astype(int), columns.astype(int)] >= 0).any(), f"{np.degrees(angle):.0f} degrees"


def test_drawn_regions_turn_with_the_head(balls: Character, drawer: FigureDrawer) -> None:
    """The mouth is seen from the front, and from behind it is not."""
    for yaw, seen in ((0.0, True), (180.0, False)):
        got = drawn(drawer, balls, root_yaw=yaw)
        regions = drawer.figure.region[got.triangle[got.triangle >= 0]]
        assert (Region.MOUTH in regions) is seen
        assert Region.HEAD in regions
