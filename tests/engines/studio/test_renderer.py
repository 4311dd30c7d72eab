"""The off-screen renderer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engines.controls import controls
from engines.framing import portrait_camera
from engines.skeleton import BONE_INDEX
from engines.studio.avatar import Avatar, load_avatar
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
