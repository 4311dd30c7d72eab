"""Pictures filled in from views: what is taken from which, seen through whole characters with few views."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from engines.character import Character
from engines.controls import controls
from engines.drawing import FigureDrawer
from engines.figure import Figure
from engines.framing import portrait_camera
from engines.gather import view_weights
from engines.key_view import KeyView
from engines.posing import posed_figure
from engines.sheet import Sheet
from engines.structure import CharacterStructure
from tests.fakes.character import GREY, PORTRAIT_PX, truth
from tests.fakes.figure import figure as proportions

U8 = npt.NDArray[np.uint8]
#: Steps of 255 that rounding and reading between pixels cost where colours change slowly.
NEAR = 6


def structure_of(figure: Figure, *views: KeyView, pictures: tuple[U8, ...] | None = None) -> CharacterStructure:
    """Return a character that has these views only."""
    if pictures is None:
        pictures = tuple(truth(figure, view.vector(), view.matrix(proportions()), view.size_px)[0] for view in views)
    return CharacterStructure(proportions(), figure, Sheet(views=views, pictures=pictures))


def view(name: str, camera: str = "portrait", size: int = PORTRAIT_PX, **pose: float) -> KeyView:
    """Return a view."""
    return KeyView(name=name, camera=camera, controls=pose, size_px=size)  # type: ignore[arg-type]


def shown(figure: Figure, pose: dict[str, float]) -> npt.NDArray[np.int32]:
    """Return what a portrait shows: the number of the ball, -1 for nothing and where ink is near."""
    drawn = FigureDrawer(figure).draw(
        posed_figure(figure, proportions(), controls(pose)), portrait_camera(proportions()), PORTRAIT_PX
    )
    clear = np.where((drawn.triangle >= 0) & (drawn.ink < 0), figure.order[drawn.triangle], -1)
    calm = clear.copy()
    for axis in (0, 1):
        for step in (-2, -1, 1, 2):
            calm[np.roll(clear, step, axis) != clear] = -1
    return np.asarray(calm, np.int32)


def test_gather_gives_back_the_only_view_in_its_own_pose(balls: Character) -> None:
    """Away from edges the picture is the view, to rounding."""
    only = view("only")
    true = truth(balls.figure, controls(), portrait_camera(proportions()), PORTRAIT_PX)[0]
    got = structure_of(balls.figure, only).structure(controls(), "portrait", PORTRAIT_PX).picture
    inside = shown(balls.figure, {}) >= 0
    difference = np.abs(got[inside].astype(int) - true[inside])
    assert np.quantile(difference, 0.999) <= NEAR  # beside an edge a little of the surface's own colour comes in
    assert difference.mean() < 0.1


def test_gather_draws_the_surface_s_own_colour_where_no_view_shows_it(balls: Character) -> None:
    """From behind, a character known from the front only is grey."""
    got = structure_of(balls.figure, view("only")).structure(controls({"root_yaw": 180.0}), "portrait", PORTRAIT_PX)
    inside = shown(balls.figure, {"root_yaw": 180.0}) == 0
    assert inside.sum() > 1000
    middle = got.picture[inside].astype(int)
    assert (np.abs(middle[:, :3] - GREY).max(axis=1) <= 1).mean() > 0.9
    assert got.maps[16:20].max() < 1


def test_gather_takes_nothing_from_a_view_in_which_something_stands_before(balls: Character) -> None:
    """The chest behind the card gets no yellow when the card moves away: the views' cards lie on it."""
    turned = {"torso_yaw": 30.0}
    got = structure_of(balls.figure, view("only")).structure(controls(turned), "portrait", PORTRAIT_PX).picture
    chest = shown(balls.figure, turned) == 1
    yellow = (got[..., 0] > 180) & (got[..., 1] > 160) & (got[..., 2] < 110)
    assert chest.sum() > 1000
    assert not yellow[chest].any()


def test_gather_of_something_smaller_than_its_view_is_its_mean(balls: Character) -> None:
    """A fine chequer in a large view comes out as one even colour in a small picture: nothing glitters."""
    large = view("large", size=4 * 128)
    true = truth(balls.figure, controls(), large.matrix(proportions()), large.size_px)[0]
    rows, columns = np.indices(true.shape[:2])
    opaque = true[..., 3] == 255
    true[opaque, :3] = np.where(((rows + columns) % 2 == 0)[..., None], 60, 180)[opaque]
    structure = structure_of(balls.figure, large, pictures=(true,))
    got = structure.structure(controls(), "portrait", 128).picture
    drawn = FigureDrawer(balls.figure).draw(
        posed_figure(balls.figure, proportions(), controls()), portrait_camera(proportions()), 128
    )
    row, column = np.nonzero((drawn.triangle >= 0) & (drawn.ink < 0))
    head = balls.figure.order[drawn.triangle[row, column]] == 0
    middle = np.hypot(row - row[head].mean(), column - column[head].mean()) < 15
    values = got[row[middle], column[middle], :3].astype(int)
    assert len(values) > 500
    assert np.abs(values - 120).max() <= 8


def test_gather_mixes_views_of_one_surface(balls: Character) -> None:
    """Between two views that disagree the colour lies between theirs, nearer to the one that faces alike."""
    views = (view("left", head_yaw=25.0), view("right", head_yaw=-25.0))
    pictures = []
    for one, shade in zip(views, (40, 200), strict=True):
        picture = truth(balls.figure, one.vector(), one.matrix(proportions()), one.size_px)[0]
        picture[picture[..., 3] > 0, :3] = shade
        pictures.append(picture)
    structure = structure_of(balls.figure, *views, pictures=tuple(pictures))
    means = []
    for yaw in (-20.0, -8.0, 0.0, 8.0, 20.0):
        got = structure.structure(controls({"head_yaw": yaw}), "portrait", PORTRAIT_PX).picture
        head = shown(balls.figure, {"head_yaw": yaw}) == 0
        means.append(float(np.median(got[head][:, 0])))
    assert means == sorted(means, reverse=True)
    assert means[0] > 180
    assert means[-1] < 60
    assert means[2] == pytest.approx(120, abs=30)


def test_view_weights_fall_with_the_angle_and_vanish_unseen() -> None:
    """A view in which the surface faces as now counts as it is seen; at 45 degrees a twentieth; unseen nothing."""
    normals = np.array([[0, 0, 1]] * 3, np.float32)
    turned = np.array([[0, 0, 1], [np.sqrt(0.5), 0, np.sqrt(0.5)], [0, 0, 1]], np.float32)
    places = np.zeros((1, 3, 4), np.float32)
    places[0, :, 3] = (0.8, 1.0, 0.0)
    weights = np.full((3, 1), 9.0, np.float32)
    regions, views, serves = np.full(3, 0b10, np.int32), np.zeros(1, np.int32), np.full(1, 0b10, np.int32)
    view_weights(normals, turned[None], places, regions, views, serves, 10.0, weights)
    np.testing.assert_allclose(weights[:, 0], [0.8, np.exp(-10 * (1 - np.sqrt(0.5))), 0.0], atol=1e-3)
