"""The exact flow into key views."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from engines.controls import controls
from engines.framing import portrait_camera
from engines.key_view import KeyView
from engines.sheet import premultiplied
from engines.studio.avatar import Avatar
from engines.studio.posing import posed
from engines.studio.renderer import Renderer
from engines.studio.spring_simulation import settled
from engines.studio.truth import ViewTruth
from engines.studio.view_sheet import draw_views

F32 = npt.NDArray[np.float32]

VIEWS = (
    KeyView(name="front", camera="portrait"),
    KeyView(name="turned", camera="portrait", controls={"head_yaw": 30.0, "torso_yaw": 15.0}),
    KeyView(name="face", camera="face", size_px=256),
    KeyView(name="no_arms", camera="portrait", layer="no_arms"),
)
POSE = {"head_yaw": 12.0, "head_roll": 8.0, "torso_roll": 5.0, "left_upper_arm_z": -40.0, "left_elbow": 30.0}


def _warp_errors(renderer: Renderer, avatar: Avatar, size: int) -> list[tuple[float, float]]:
    """Return per view the median colour error, 0..255, where it is warped onto a picture, and the part it covers."""
    vector = controls(POSE)
    pose = posed(avatar, vector, settled(avatar, vector))
    drawing = renderer.draw(avatar, pose, portrait_camera(avatar.proportions), size, supersample=2)
    sheet, truth = draw_views(renderer, avatar, VIEWS), ViewTruth.of(renderer, avatar, VIEWS)
    places, seen = truth.flow(drawing.whole.triangle, drawing.whole.barycentric)
    picture = premultiplied(drawing.picture).astype(np.float32)
    errors = []
    for index, view in enumerate(VIEWS):
        pixels = (places[index] * view.size_px - 0.5).transpose(1, 2, 0)
        warped = cv2.remap(premultiplied(sheet.pictures[index]), pixels, None, cv2.INTER_LINEAR).astype(np.float32)
        difference = np.abs(warped - picture).max(axis=-1)[seen[index]]
        errors.append((float(np.median(difference)), float(seen[index].sum() / (drawing.whole.triangle >= 0).sum())))
    return errors


def test_flow_warps_every_view_onto_the_picture(boxes: Avatar, renderer: Renderer) -> None:
    """Where a view shows the surface, its pixel has the picture's colour; the own pose is found nearly everywhere."""
    errors = _warp_errors(renderer, boxes, 256)
    assert max(error for error, _ in errors) < 12
    assert errors[0][1] > 0.7


@pytest.mark.parametrize("name", ["vivi", "gene"])
def test_flow_warps_real_avatars(real_avatar: Callable[[str], Avatar], renderer: Renderer, name: str) -> None:
    """Hair, face and clothes of a real avatar come from its key views with small error."""
    errors = _warp_errors(renderer, real_avatar(name), 256)
    assert max(error for error, _ in errors) < 8
    assert errors[0][1] > 0.6


def test_flow_of_a_layer_shows_only_what_it_draws(boxes: Avatar, renderer: Renderer) -> None:
    """No triangle that the layer leaves out is seen in it."""
    truth = ViewTruth.of(renderer, boxes, VIEWS)
    hits = renderer.hits(boxes, posed(boxes, controls()), portrait_camera(boxes.proportions), 128)
    _, seen = truth.flow(hits.triangle, hits.barycentric, slice(3, 4))
    assert seen.shape == (1, 128, 128)
    assert seen.any()
    assert truth.drawn[3][hits.triangle[seen[0]]].all()


def test_view_truth_comes_back_from_its_file(boxes: Avatar, renderer: Renderer, tmp_path: Path) -> None:
    """Places and masks are kept exactly, depth to half precision."""
    truth = ViewTruth.of(renderer, boxes, VIEWS[:3])
    truth.save(tmp_path / "truth.npz")
    again = ViewTruth.load(tmp_path / "truth.npz")
    np.testing.assert_array_equal(again.places, truth.places)
    np.testing.assert_array_equal(again.drawn, truth.drawn)
    np.testing.assert_array_equal(again.triangles, truth.triangles)
    np.testing.assert_allclose(again.depth, truth.depth, atol=1e-3)
