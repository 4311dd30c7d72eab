"""The off-screen renderer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.controls import controls
from engines.framing import face_camera, portrait_camera
from engines.skeleton import BONE_INDEX
from engines.studio.avatar import Avatar, load_avatar
from engines.studio.materials import AlphaMode
from engines.studio.posing import posed
from engines.studio.renderer import Renderer, resolve
from tests.fakes.golden import assert_golden
from tests.fakes.vrm import build_vrm

GOLDEN = Path(__file__).parent / "golden"
POSES = {
    "neutral": {},
    "turned": {"head_yaw": 35.0, "head_roll": 10.0, "torso_yaw": -20.0},
    "waving": {"left_upper_arm_x": -60.0, "left_upper_arm_z": -60.0, "left_elbow": 110.0},
    "wink": {"blink_left": 1.0, "aa": 1.0},
}


@pytest.mark.parametrize("pose", POSES)
def test_render_boxes_match_their_golden_picture(boxes: Avatar, renderer: Renderer, tmp_path: Path, pose: str) -> None:
    """The synthetic avatar looks as it did when somebody looked at it."""
    picture = renderer.render(boxes, controls(POSES[pose]), portrait_camera(boxes.proportions), 128)
    assert_golden(picture, GOLDEN / f"boxes_{pose}.png", tmp_path)


def test_render_left_is_on_the_right_of_the_picture(boxes: Avatar, renderer: Renderer) -> None:
    """The unmirrored picture shows the subject's left (green) arm on its right side."""
    picture = renderer.render(boxes, controls(), portrait_camera(boxes.proportions), 96).astype(int)
    green = (picture[:, :, 1] - picture[:, :, 2] > 100) & (picture[:, :, 0] < 80) & (picture[:, :, 3] == 255)
    blue = (picture[:, :, 2] - picture[:, :, 1] > 60) & (picture[:, :, 3] == 255)
    assert np.nonzero(green)[1].min() > 48 > np.nonzero(blue)[1].max()


def test_render_alpha_is_straight_and_background_empty(boxes: Avatar, renderer: Renderer) -> None:
    """Nothing is drawn in the corners, solid parts are opaque, and edges keep their full colour."""
    picture = renderer.render(boxes, controls(), portrait_camera(boxes.proportions), 128)
    assert (picture[:4, :4] == 0).all()
    assert picture[:, :, 3].max() == 255
    arm = picture[:, 110:]
    edge = arm[(arm[:, :, 3] > 40) & (arm[:, :, 3] < 215)]
    assert len(edge)
    assert (edge[:, :3].max(axis=1) > 20).all()


def test_render_blended_pane_mixes_with_what_is_behind(boxes: Avatar, renderer: Renderer) -> None:
    """Glass over cloth is opaque and shows both colours."""
    camera = portrait_camera(boxes.proportions)
    row, column = _pixel(camera, np.array([0.0, 1.1]), 128)
    glass = renderer.render(boxes, controls(), camera, 128)[row, column].astype(int)
    assert glass[3] == 255
    np.testing.assert_allclose(glass[:3], 0.4 * np.array([0, 204, 255]) + 0.6 * np.array([230, 230, 51]), atol=30)


def test_render_light_comes_from_the_viewers_upper_left(boxes: Avatar, renderer: Renderer) -> None:
    """A face turned to the light is brighter than one turned away."""
    camera, levels = portrait_camera(boxes.proportions), []
    for yaw, x in ((-70, -0.1), (70, 0.1)):
        row, column = _pixel(camera, np.array([x, 1.59]), 128)
        levels.append(int(renderer.render(boxes, controls({"head_yaw": yaw}), camera, 128)[row, column, :3].sum()))
    assert levels[0] > levels[1] + 50


def test_render_is_repeatable_and_size_is_free(boxes: Avatar, renderer: Renderer) -> None:
    """The same call gives the same bytes, at any size and supersampling."""
    camera = portrait_camera(boxes.proportions)
    for size, supersample in ((64, 1), (33, 2), (50, 3)):
        first = renderer.render(boxes, controls(), camera, size, supersample)
        assert first.shape == (size, size, 4)
        assert np.array_equal(first, renderer.render(boxes, controls(), camera, size, supersample))


def test_render_two_renderers_do_not_disturb_each_other(boxes: Avatar, renderer: Renderer) -> None:
    """A second renderer in the same thread draws the same, and closing it harms nobody."""
    camera = portrait_camera(boxes.proportions)
    expected = renderer.render(boxes, controls(), camera, 64)
    other = Renderer()
    assert np.array_equal(other.render(boxes, controls(), camera, 64), expected)
    assert np.array_equal(renderer.render(boxes, controls(), camera, 64), expected)
    other.close()
    other.close()
    assert np.array_equal(renderer.render(boxes, controls(), camera, 64), expected)


def test_render_forgotten_avatar_frees_its_buffers(renderer: Renderer, tmp_path: Path) -> None:
    """An avatar that nobody holds leaves the renderer's cache, and drawing goes on."""
    path = tmp_path / "boxes.vrm"
    path.write_bytes(build_vrm())
    for _ in range(3):
        avatar = load_avatar(path)
        assert renderer.render(avatar, controls(), portrait_camera(avatar.proportions), 32).any()
        del avatar


def test_render_wrong_camera_or_size_is_refused(boxes: Avatar, renderer: Renderer) -> None:
    """Bad arguments are named with what was expected."""
    with pytest.raises(ValueError, match=r"got shape \(3, 3\), expected \(2, 3\)"):
        renderer.render(boxes, controls(), np.eye(3, dtype=np.float32), 64)
    with pytest.raises(ValueError, match="size: got 0"):
        renderer.render_ids(boxes, controls(), portrait_camera(boxes.proportions), 0)


def test_render_ids_interpolated_positions_project_to_their_pixels(boxes: Avatar, renderer: Renderer) -> None:
    """Triangle and weights together give the point that the pixel shows."""
    vector, camera, size = controls(POSES["turned"]), portrait_camera(boxes.proportions), 64
    triangle, weights = renderer.render_ids(boxes, vector, camera, size)
    assert triangle.dtype == np.int32
    assert weights.dtype == np.float32
    rows, columns = np.nonzero(triangle >= 0)
    corners = posed(boxes, vector).positions[boxes.triangles[triangle[rows, columns]]]
    second, third = weights[rows, columns, :1], weights[rows, columns, 1:]
    points = corners[:, 0] * (1 - second - third) + corners[:, 1] * second + corners[:, 2] * third
    projected = (points[:, :2] @ camera[:, :2].T + camera[:, 2]) * size
    np.testing.assert_allclose(projected[:, 0], columns + 0.5, atol=0.05)
    np.testing.assert_allclose(projected[:, 1], rows + 0.5, atol=0.05)
    assert (weights[triangle < 0] == 0).all()


def test_render_ids_agrees_with_the_picture(boxes: Avatar, renderer: Renderer) -> None:
    """Ids cover what the picture covers, and the face's pixels belong to head and eyes; glass is seen through."""
    camera = portrait_camera(boxes.proportions)
    triangle, _ = renderer.render_ids(boxes, controls(), camera, 128)
    picture = renderer.render(boxes, controls(), camera, 128)
    assert float(((triangle >= 0) != (picture[:, :, 3] > 127)).mean()) < 0.01
    row, column = _pixel(camera, np.array([0.0, 1.57]), 128)
    assert _bone(boxes, triangle[row, column]) == BONE_INDEX["head"]
    row, column = _pixel(camera, np.array([0.05, 1.54]), 128)
    assert _bone(boxes, triangle[row, column]) == BONE_INDEX["left_eye"]
    row, column = _pixel(camera, np.array([0.0, 1.1]), 128)
    assert boxes.materials[_material(boxes, triangle[row, column])].name == "cloth"


def test_draw_gives_what_render_and_hits_give(boxes: Avatar, renderer: Renderer) -> None:
    """Picture, labels and face frame in one call are those of the single calls, each at its size."""
    vector, camera = controls(POSES["turned"]), portrait_camera(boxes.proportions)
    pose = posed(boxes, vector)
    face = face_camera(boxes.proportions, pose.joints[BONE_INDEX["head"]])
    drawing = renderer.draw(boxes, pose, camera, 96, label_size=48, face_camera=face, face_size=40)
    assert np.array_equal(drawing.picture, renderer.render(boxes, vector, camera, 96))
    assert drawing.face is not None
    for got, shot, size in ((drawing.whole, camera, 48), (drawing.face, face, 40)):
        expected = renderer.hits(boxes, pose, shot, size)
        assert got.triangle.shape == (size, size)
        assert np.array_equal(got.triangle, expected.triangle)
        assert np.array_equal(got.barycentric, expected.barycentric)
        assert np.array_equal(got.depth, expected.depth)
    assert renderer.draw(boxes, pose, camera, 32).face is None


def test_hits_depth_is_that_of_the_nearest_surface(boxes: Avatar, renderer: Renderer) -> None:
    """Depth is the interpolated z of the triangle, and no triangle that covers the pixel lies before it."""
    vector, camera, size = controls(POSES["turned"]), portrait_camera(boxes.proportions), 48
    hits, positions = renderer.hits(boxes, vector, camera, size), posed(boxes, vector).positions
    rows, columns = np.nonzero(hits.triangle >= 0)
    z = positions[boxes.triangles[hits.triangle[rows, columns]], 2]
    second, third = hits.barycentric[rows, columns].T
    expected = z[:, 0] * (1 - second - third) + z[:, 1] * second + z[:, 2] * third
    np.testing.assert_allclose(hits.depth[rows, columns], expected, atol=1e-5)
    assert (hits.depth[hits.triangle < 0] == -np.inf).all()
    solid = np.concatenate(
        [
            np.arange(draw.first, draw.first + draw.count)
            for draw in boxes.draws
            if boxes.materials[draw.material].alpha_mode is not AlphaMode.BLEND
        ]
    )
    corners = positions[boxes.triangles[solid]].astype(np.float64)
    flat = corners[:, :, :2] @ camera[:, :2].T + camera[:, 2]
    b, c = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    area = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    area = np.where(np.abs(area) < 1e-9, np.nan, area)  # edge-on: no pixel is inside
    for row, column in list(zip(rows, columns, strict=True))[::7]:
        p = (np.array([column, row]) + 0.5) / size - flat[:, 0]
        u, v = (p[:, 0] * c[:, 1] - p[:, 1] * c[:, 0]) / area, (b[:, 0] * p[:, 1] - b[:, 1] * p[:, 0]) / area
        inside = (u > 0.001) & (v > 0.001) & (u + v < 0.999)
        depth = corners[:, 0, 2] * (1 - u - v) + corners[:, 1, 2] * u + corners[:, 2, 2] * v
        if inside.any():
            assert depth[inside].max() <= hits.depth[row, column] + 1e-3


def test_only_some_triangles_are_drawn_and_told(boxes: Avatar, renderer: Renderer) -> None:
    """A layer shows its triangles as if nothing else were there, and ids stay those of the whole avatar."""
    camera = portrait_camera(boxes.proportions)
    eyes = np.zeros(len(boxes.triangles), np.bool_)
    for draw in boxes.draws:
        eyes[draw.first : draw.first + draw.count] = boxes.materials[draw.material].name == "eye"
    drawing = renderer.draw(boxes, controls(), camera, 96, 1, only=eyes)
    seen = np.unique(drawing.whole.triangle)
    assert seen[0] == -1
    assert eyes[seen[1:]].all()
    assert np.array_equal(drawing.whole.triangle >= 0, drawing.picture[..., 3] > 0)
    nothing = np.zeros(len(boxes.triangles), np.bool_)
    assert not renderer.render(boxes, controls(), camera, 32, only=nothing).any()
    with pytest.raises(ValueError, match=r"only: got int64 .*expected bool"):
        renderer.render(boxes, controls(), camera, 32, only=eyes.astype(np.int64))


def test_resolve_on_the_gpu_is_that_of_the_slow_twin(boxes: Avatar, renderer: Renderer) -> None:
    """Samples drawn one to a pixel and averaged give the supersampled picture."""
    camera = portrait_camera(boxes.proportions)
    unlined = replace(boxes, materials=tuple(replace(material, outline_width_m=0.0) for material in boxes.materials))
    for supersample in (2, 3):
        large = renderer.render(unlined, controls(POSES["turned"]), camera, 64 * supersample, 1).astype(int)
        large[..., :3] = (large[..., :3] * large[..., 3:] + 127) // 255
        expected = resolve(large.astype(np.uint8), supersample).astype(int)
        got = renderer.render(unlined, controls(POSES["turned"]), camera, 64, supersample).astype(int)
        assert np.abs(got - expected)[expected[..., 3] > 40].max() <= 4
        assert np.abs(got[..., 3] - expected[..., 3]).max() <= 1


def test_renderer_draws_again_after_it_was_closed(boxes: Avatar) -> None:
    """Closing loses the context and nothing else: the next picture has the same bytes."""
    other, camera = Renderer(), portrait_camera(boxes.proportions)
    first = other.draw(boxes, controls(), camera, 48)
    other.close()
    again = other.draw(boxes, controls(), camera, 48)
    other.close()
    assert np.array_equal(first.picture, again.picture)
    assert np.array_equal(first.whole.triangle, again.whole.triangle)


def test_device_is_named_while_drawing_goes_on(boxes: Avatar, renderer: Renderer) -> None:
    """The driver's name can be had at any time."""
    before = renderer.device
    renderer.render(boxes, controls(), portrait_camera(boxes.proportions), 16)
    assert renderer.device == before != ""


def test_resolve_averages_colour_by_coverage() -> None:
    """A pixel half covered with red is red at half alpha, not dark red."""
    samples = np.zeros((2, 2, 4), np.uint8)
    samples[0, :] = (255, 0, 0, 255)
    assert resolve(samples, 2).tolist() == [[[255, 0, 0, 128]]]
    assert resolve(np.zeros((2, 2, 4), np.uint8), 2).tolist() == [[[0, 0, 0, 0]]]


@pytest.mark.parametrize("name", ["gene", "unitykun", "vivi"])
def test_render_real_avatar_blinks_on_the_right_side(
    real_avatar: Callable[[str], Avatar], renderer: Renderer, name: str
) -> None:
    """A left blink changes the picture around the left eye only."""
    avatar = real_avatar(name)
    camera = portrait_camera(avatar.proportions)
    base, blink = (
        renderer.render(avatar, controls(values), camera, 192).astype(int) for values in ({}, {"blink_left": 1.0})
    )
    rows, columns = np.nonzero(np.abs(base - blink).max(axis=2) > 30)
    expected = camera[:, :2] @ avatar.proportions.left_eye[:2] + camera[:, 2]
    assert len(rows) > 10
    np.testing.assert_allclose([columns.mean() / 192, rows.mean() / 192], expected, atol=0.03)


def _pixel(camera: np.ndarray[tuple[int, ...], np.dtype[np.float32]], place: object, size: int) -> tuple[int, int]:
    column, row = (camera[:, :2] @ np.asarray(place, np.float32) + camera[:, 2]) * size
    return int(row), int(column)


def _bone(avatar: Avatar, triangle: int) -> int:
    return int(avatar.joint_ids[avatar.triangles[triangle, 0], 0])


def _material(avatar: Avatar, triangle: int) -> int:
    return next(draw.material for draw in avatar.draws if draw.first <= triangle < draw.first + draw.count)
