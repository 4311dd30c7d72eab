"""Edges, ink, and changes of colour."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from engines.finishing import changed, finished

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

SIZE, RADIUS = 64, 20.3
CORNERS = np.array([[0, 1, 2]], np.int32)
INK = np.array([[40, 20, 30]] * 3, np.uint8)
COLOUR = (210, 160, 120)


def disc(radius: float) -> npt.NDArray[np.bool_]:
    """Return where a disc in the picture's middle is."""
    rows, columns = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    return np.asarray(np.hypot(rows, columns) < radius)


def drawn(surface: npt.NDArray[np.bool_], ink: npt.NDArray[np.bool_] | None = None) -> tuple[U8, U8]:
    """Finish a surface of one colour with ink somewhere."""
    colours = np.zeros((SIZE, SIZE, 3), np.uint8)
    colours[surface] = COLOUR
    nothing = np.full((SIZE, SIZE), -1, np.int32)
    lines = nothing if ink is None else np.where(ink, 0, -1).astype(np.int32)
    return finished(np.where(surface, 0, -1).astype(np.int32), lines, colours, CORNERS, INK)


def test_finished_inside_and_outside_are_left_as_they_are() -> None:
    """Two pixels from the edge there is the colour itself, or nothing."""
    picture, level = drawn(disc(RADIUS))
    assert (picture[disc(RADIUS - 2)] == (*COLOUR, 255)).all()
    assert (picture[~disc(RADIUS + 2)] == 0).all()
    assert (level == 0).all()


def test_finished_edge_is_smooth_and_a_pixel_wide() -> None:
    """Along every row alpha rises through one or two pixels at most, and keeps the surface's colour."""
    picture, _ = drawn(disc(RADIUS))
    alpha = picture[..., 3]
    between = (alpha > 0) & (alpha < 255)
    assert between.sum() > 60
    middle = alpha[SIZE // 2 - 5 : SIZE // 2 + 5, : SIZE // 2]
    assert ((middle > 12) & (middle < 243)).sum(axis=1).max() <= 2
    assert (np.diff(middle.astype(int), axis=1) >= 0).all()
    assert np.abs(picture[alpha > 0][:, :3].astype(int) - COLOUR).max() <= 1


def test_finished_edge_covers_as_much_as_the_surface() -> None:
    """Smoothing takes nothing away and adds nothing: the sum of alpha is the area."""
    alpha = drawn(disc(RADIUS))[0][..., 3].astype(np.float64) / 255
    assert alpha.sum() == pytest.approx(disc(RADIUS).sum(), rel=0.01)


def test_finished_ink_stays_ink() -> None:
    """A ring three pixels wide has ink's colour in its middle, and the level says so."""
    ring = disc(RADIUS + 3) & ~disc(RADIUS)
    picture, level = drawn(disc(RADIUS), ring)
    core = disc(RADIUS + 1.8) & ~disc(RADIUS + 1.2)
    assert np.abs(picture[core][:, :3].astype(int) - INK[0]).mean() < 12
    assert level[core].min() > 200
    assert (picture[core][:, 3] == 255).all()
    assert (level[disc(RADIUS - 2)] == 0).all()


def test_finished_ink_outside_ends_in_ink_s_colour() -> None:
    """Where the line meets the background no light fringe is left."""
    picture, _ = drawn(disc(RADIUS), disc(RADIUS + 3) & ~disc(RADIUS))
    rim = (picture[..., 3] > 0) & ~disc(RADIUS + 2.9)
    assert rim.any()
    assert np.abs(picture[rim][:, :3].astype(int) - INK[0]).max() <= 1


def test_finished_ink_upon_the_surface_is_mixed_at_its_edge() -> None:
    """A line over the surface darkens its neighbours a little, and leaves alpha alone."""
    line = np.zeros((SIZE, SIZE), np.bool_)
    line[20:44, 32] = True
    picture, level = drawn(np.ones((SIZE, SIZE), np.bool_), line)
    assert (picture[..., 3] == 255).all()
    on, beside, away = (picture[30, column, 0] for column in (32, 31, 29))
    assert on < beside < away == COLOUR[0]
    assert level[30, 32] > level[30, 31] > level[30, 29] == 0


def test_changed_adds_to_what_is_there_and_stays_in_range() -> None:
    """A tenth of white is added to colours, at most up to white; what is transparent stays as it is."""
    picture, _ = drawn(disc(RADIUS))
    before = picture.copy()
    after = changed(picture, np.full((3, SIZE // 2, SIZE // 2), 0.1, np.float32))
    assert after is picture
    shown = before[..., 3] > 0
    np.testing.assert_allclose(after[shown][:, :3].astype(int), before[shown][:, :3].astype(int) + 25.5, atol=1)
    np.testing.assert_array_equal(after[..., 3], before[..., 3])
    np.testing.assert_array_equal(after[~shown], before[~shown])
    assert changed(after.copy(), np.full((3, 32, 32), 1.0, np.float32))[shown][:, :3].min() == 255
    assert changed(after.copy(), np.full((3, 32, 32), -1.0, np.float32))[shown][:, :3].max() == 0


def test_changed_by_nothing_is_the_same() -> None:
    """A network that says nothing changes nothing, to the last bit."""
    picture, _ = drawn(disc(RADIUS), disc(RADIUS + 2) & ~disc(RADIUS))
    before = picture.copy()
    np.testing.assert_array_equal(changed(picture, np.zeros((3, 32, 32), np.float32)), before)


def test_changed_takes_each_channel_and_place_by_itself() -> None:
    """Red on the left half is red on the left half."""
    picture = np.full((SIZE, SIZE, 4), 100, np.uint8)
    change = np.zeros((3, 32, 32), np.float32)
    change[0, :, :16] = 0.2
    after = changed(picture, change)
    assert (after[:, :30, 0] == 151).all()
    assert (after[:, 34:, 0] == 100).all()
    assert (after[..., 1:] == 100).all()
