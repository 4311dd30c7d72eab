"""What is known of a sheet's views before anything is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from engines.character import Character
from engines.drawing import FigureDrawer
from engines.figure import Region
from engines.posing import posed_figure
from engines.prepared_views import LEVELS, PreparedViews, prepare_views
from engines.sheet import premultiplied


@pytest.fixture(scope="module")
def prepared(balls: Character) -> PreparedViews:
    """Return the sheet's views."""
    pictures = [premultiplied(picture) for picture in balls.sheet.pictures]
    return prepare_views(FigureDrawer(balls.figure), balls.proportions, balls.sheet.views, pictures)


def named(balls: Character, name: str) -> int:
    """Return a view's number."""
    return [view.name for view in balls.sheet.views].index(name)


def of_region(balls: Character, region: Region) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return a region's vertices."""
    return np.asarray(np.unique(balls.figure.triangles[balls.figure.region == region]), np.int64)


def test_vertices_are_where_the_views_show_them(balls: Character, prepared: PreparedViews) -> None:
    """A vertex's place, depth and normal in a view are those of its pose."""
    for number, view in enumerate(balls.sheet.views):
        pose = posed_figure(balls.figure, balls.proportions, view.vector())
        camera = view.matrix(balls.proportions)
        places = (pose.positions[:, :2] @ camera[:, :2].T + camera[:, 2]) * view.size_px - 0.5
        np.testing.assert_allclose(prepared.places[number, :, :2], places, atol=1e-2)
        np.testing.assert_allclose(prepared.places[number, :, 2], pose.positions[:, 2], atol=1e-5)
        np.testing.assert_allclose(prepared.normals[number], pose.normals, atol=1e-4)


def test_seen_is_what_faces_the_viewer(balls: Character, prepared: PreparedViews) -> None:
    """From the front the mouth is seen well; from behind it is not seen, nor is the back from the front."""
    front, behind = named(balls, "front"), named(balls, "from_+180")
    mouth = of_region(balls, Region.MOUTH)
    assert prepared.seen[front, mouth].min() > 0.9
    assert prepared.seen[behind, mouth].max() == 0
    back = np.flatnonzero((balls.figure.normals[:, 2] < -0.5) & (balls.figure.places[:, 0, 1] > 1.4))
    assert prepared.seen[front, back].max() == 0
    assert 0 <= prepared.seen.min() <= prepared.seen.max() <= 1


def test_what_stands_behind_something_is_not_seen(balls: Character, prepared: PreparedViews) -> None:
    """The chest behind the card is hidden, but for what its hole shows; the card itself is seen."""
    front = named(balls, "front")
    places = balls.figure.places[:, 0]
    of_chest = np.isin(np.arange(len(places)), balls.figure.triangles[balls.figure.order == 1])
    behind = of_chest & (places[:, 2] > 0) & (np.abs(places[:, 0]) < 0.045) & (np.abs(places[:, 1] - 1.16) < 0.045)
    hole = behind & (np.abs(places[:, 0]) < 0.016) & (np.abs(places[:, 1] - 1.16) < 0.016)
    assert behind.sum() > 5
    assert prepared.seen[front, behind & ~hole].max() == 0
    assert prepared.seen[front, -4:].min() > 0


def test_what_a_view_does_not_reach_is_not_seen(balls: Character, prepared: PreparedViews) -> None:
    """The hand hangs beside the picture of the face."""
    assert prepared.seen[named(balls, "face"), of_region(balls, Region.LEFT_HAND)].max() == 0


def test_pictures_are_kept_in_halving_sizes(balls: Character, prepared: PreparedViews) -> None:
    """Each view's pixels begin where it is said, and each size is the mean of four pixels of the one before."""
    for number, picture in enumerate(balls.sheet.pictures):
        size = len(picture)
        assert prepared.size[number] == size
        last = None
        for level in range(LEVELS):
            side = size >> level
            first = int(prepared.first[number, level])
            got = prepared.pixels[4 * first : 4 * (first + side * side)].reshape(side, side, 4)
            if last is None:
                np.testing.assert_array_equal(got, premultiplied(picture))
            else:
                mean = last.reshape(side, 2, side, 2, 4).mean(axis=(1, 3))
                assert np.abs(got - mean).max() <= 1
            last = got.astype(np.float64)


def test_fineness_is_pixels_per_metre(balls: Character, prepared: PreparedViews) -> None:
    """Face views are finer than portraits, and these than full figures."""
    portrait, full, face = (prepared.per_metre[named(balls, name)] for name in ("front", "from_+180", "face"))
    camera = balls.sheet.views[0].matrix(balls.proportions)
    assert portrait == pytest.approx(camera[0, 0] * balls.sheet.views[0].size_px, rel=1e-5)
    assert full < portrait < face
