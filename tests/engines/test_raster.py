"""The rasteriser, held against the studio's renderer and against what a few triangles must look like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numba
import numpy as np
import numpy.typing as npt
import pytest

from engines.framing import FRAMINGS, Framing, camera_of
from engines.raster import BOTH_SIDES, NO_BACK, NO_FRONT, RANK_M, rasterise
from engines.studio.avatar import Avatar
from engines.studio.figures import figure_of
from engines.studio.posing import posed
from engines.studio.renderer import Renderer
from engines.studio.sampling import sample_controls
from engines.studio.spring_simulation import settled
from tests.engines.studio.conftest import boxes, real_avatar, renderer  # noqa: F401 - fixtures
from tests.fakes.drawn_triangles import drawn_triangles

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

SIZE = 16
FAR_M = -100.0
#: A square of two triangles that turn counter-clockwise for the viewer: its front, in pixels, y down.
SQUARE = np.array([[1.5, 13.5], [13.5, 13.5], [13.5, 1.5], [1.5, 1.5]], np.float32)
FRONT = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
UVS = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)


@dataclass(kw_only=True)
class Scene:
    """A few triangles; see :func:`engines.raster.rasterise`."""

    corners: I32
    xy: F32
    z: F32
    cull: int = BOTH_SIDES
    rank: F32 | None = None
    mask: int = -1
    names: I32 | None = None
    uvs: F32 = field(default_factory=lambda: UVS)
    holes: U8 = field(default_factory=lambda: np.ones((1, 1), np.uint8))

    def draw(self) -> tuple[I32, F32]:
        """Return triangles and depths."""
        count = len(self.corners)
        triangle, depth = np.full((SIZE, SIZE), -1, np.int32), np.full((SIZE, SIZE), FAR_M, np.float32)
        rasterise(
            self.corners, self.xy, self.z, np.full(count, self.cull, np.uint8),
            np.zeros(count, np.float32) if self.rank is None else self.rank, np.full(count, self.mask, np.int32),
            self.uvs, np.array([(0, *self.holes.shape)], np.int32), self.holes.ravel(),
            np.arange(count, dtype=np.int32) if self.names is None else self.names, triangle, depth,
        )  # fmt: skip
        return triangle, depth


def _square(*, z: float = 0.0, turned: bool = False, **values: object) -> Scene:
    corners = FRONT[:, ::-1].copy() if turned else FRONT
    return Scene(corners=corners, xy=SQUARE, z=np.full(4, z, np.float32), **values)  # type: ignore[arg-type]


def _two(first_z: float, second_z: float, rank: list[float]) -> Scene:
    """Return two squares in the same place of the picture."""
    z = np.repeat(np.array([first_z, second_z], np.float32), 4)
    corners, ranks = np.concatenate([FRONT, FRONT + 4]), np.repeat(np.array(rank, np.float32), 2)
    return Scene(corners=corners, xy=np.concatenate([SQUARE] * 2), z=z, rank=ranks, uvs=np.concatenate([UVS] * 2))


def test_rasterise_fills_the_pixels_whose_centres_are_inside() -> None:
    """A square from 1.5 to 13.5 covers the pixels 2 to 13, without a gap along its diagonal."""
    triangle, depth = _square(z=0.25).draw()
    covered = np.zeros((SIZE, SIZE), np.bool_)
    covered[2:14, 2:14] = True
    assert np.array_equal(triangle >= 0, covered)
    np.testing.assert_allclose(depth[covered], 0.25)
    assert (depth[~covered] == FAR_M).all()
    assert set(np.unique(triangle)) == {-1, 0, 1}


def test_rasterise_writes_the_names_that_it_is_given() -> None:
    """Triangles of a part keep the numbers that they have in the whole."""
    triangle, _ = _square(names=np.array([7, 40], np.int32)).draw()
    assert set(np.unique(triangle)) == {-1, 7, 40}


def test_rasterise_interpolates_depth() -> None:
    """On a slope each pixel has the depth of its centre."""
    scene = _square()
    scene.z = np.array([0.0, 1.2, 1.2, 0.0], np.float32)
    _, depth = scene.draw()
    np.testing.assert_allclose(depth[5, 2:14], (np.arange(2, 14) - 1.5) / 10, atol=1e-5)


@pytest.mark.parametrize(
    ("cull", "turned", "seen"),
    [
        (BOTH_SIDES, False, True), (BOTH_SIDES, True, True), (NO_BACK, False, True), (NO_BACK, True, False),
        (NO_FRONT, False, False), (NO_FRONT, True, True),
    ],
)  # fmt: skip
def test_rasterise_leaves_out_the_side_that_is_not_drawn(cull: int, turned: bool, seen: bool) -> None:
    """Fronts turn counter-clockwise for the viewer."""
    triangle, _ = _square(cull=cull, turned=turned).draw()
    assert (triangle >= 0).any() == seen


def test_rasterise_nearer_is_seen_in_either_order() -> None:
    """What is nearer hides what is farther, whichever comes first, and whatever their ranks."""
    for first, second in ((0.1, 0.0), (0.0, 0.1)):
        triangle, _ = _two(first, second, [0.0, RANK_M] if first > second else [RANK_M, 0.0]).draw()
        assert (triangle[5, 5] >= 2) == (second > first)


def test_rasterise_of_two_in_one_place_the_higher_rank_is_seen() -> None:
    """Ranks decide between surfaces that coincide, and without ranks the later."""
    assert _two(0.0, 0.0, [RANK_M, 0.0]).draw()[0].max() < 2
    assert _two(0.0, 0.0, [0.0, RANK_M]).draw()[0][2:14, 2:14].min() >= 2
    assert _two(0.0, 0.0, [0.0, 0.0]).draw()[0][2:14, 2:14].min() >= 2


def test_rasterise_masks_cut_holes_that_show_what_is_behind() -> None:
    """Where the mask is 0 nothing is drawn, neither colour nor depth."""
    holes = np.array([[1, 0], [1, 1]], np.uint8)
    triangle, depth = _square(mask=0, holes=holes).draw()
    middle = 7.5
    rows, columns = np.mgrid[2:14, 2:14]
    cut = (rows < middle) & (columns > middle)
    inside = triangle[2:14, 2:14] >= 0
    assert np.array_equal(inside, ~cut)
    assert (depth[2:14, 2:14][cut] == FAR_M).all()


def test_rasterise_masks_are_repeated() -> None:
    """Places beyond 0..1 are those of the mask's next copy."""
    holes = np.array([[1, 0]], np.uint8)
    triangle, _ = _square(mask=0, holes=holes, uvs=UVS * np.float32(3.0) - np.float32(1.0)).draw()
    row = triangle[5, 2:14] >= 0
    assert row.tolist() == [True, True, False, False] * 3


def test_rasterise_what_leaves_the_picture_is_cut_off() -> None:
    """Triangles may reach beyond every border; nothing is written outside."""
    scene = _square()
    scene.xy = (SQUARE - 8) * 100 + 8
    assert (scene.draw()[0] >= 0).all()
    scene.xy = SQUARE + 200
    assert (scene.draw()[0] < 0).all()


def test_rasterise_triangles_without_area_are_skipped() -> None:
    """Edges seen end-on draw nothing and divide by nothing."""
    scene = _square()
    scene.xy = SQUARE * np.array([1, 0], np.float32) + 4
    assert (scene.draw()[0] < 0).all()


def test_rasterise_is_the_same_with_any_number_of_threads(boxes: Avatar) -> None:  # noqa: F811
    """Rows are shared out, never triangles."""
    figure = figure_of(boxes, np.ones(len(boxes.triangles), np.bool_))
    pose = posed(boxes, sample_controls(np.random.default_rng(0), boxes.proportions))
    camera = camera_of("portrait", boxes.proportions)
    before, results = numba.get_num_threads(), []
    try:
        for threads in {1, before}:
            numba.set_num_threads(threads)
            results.append(drawn_triangles(figure, pose.positions, camera, 128))
    finally:
        numba.set_num_threads(before)
    for triangle, depth in results[1:]:
        assert np.array_equal(triangle, results[0][0])
        assert np.array_equal(depth, results[0][1])


@pytest.mark.parametrize("name", ["boxes", "seedsan", "vita"])
@pytest.mark.parametrize("framing", FRAMINGS)
def test_rasterise_shows_the_triangles_that_the_studio_shows(
    name: str,
    framing: Framing,
    boxes: Avatar,  # noqa: F811
    real_avatar: Callable[[str], Avatar],  # noqa: F811
    renderer: Renderer,  # noqa: F811
) -> None:
    """Of all pixels 99.5 % show the same triangle, and of those that show the avatar 97.5 %; the rest are edges."""
    avatar = boxes if name == "boxes" else real_avatar(name)
    figure = figure_of(avatar, np.ones(len(avatar.triangles), np.bool_))
    rng, camera = np.random.default_rng(3), camera_of(framing, avatar.proportions)
    for _ in range(2):
        vector = sample_controls(rng, avatar.proportions, framing)
        pose = posed(avatar, vector, settled(avatar, vector))
        hits = renderer.hits(avatar, pose, camera, 256)
        triangle, depth = drawn_triangles(figure, pose.positions, camera, 256)
        same, shown = triangle == hits.triangle, (triangle >= 0) | (hits.triangle >= 0)
        assert same.mean() > 0.995
        assert same[shown].mean() > 0.975
        both = same & (triangle >= 0)
        np.testing.assert_allclose(depth[both], hits.depth[both], atol=2e-3)
