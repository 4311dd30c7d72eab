"""Sheets: key views inside the spec's ranges, and arrays of the right shape only."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from engines import controls
from engines.framing import portrait_camera
from engines.sheet import (
    FACE_VIEWS,
    POSE_VIEWS,
    SHEET_SCALE,
    face_view_controls,
    pose_view_controls,
    premultiplied,
    sheet_camera,
)
from tests.fakes.character import ball_points
from tests.fakes.figure import figure


@pytest.mark.parametrize("vector", [*pose_view_controls(), *face_view_controls()])
def test_key_views_stay_inside_the_spec(vector: controls.ControlVector) -> None:
    """No key view is clipped: what it says is what is rendered."""
    assert (vector >= controls.LOW).all()
    assert (vector <= controls.HIGH).all()


def test_face_views_move_only_the_face() -> None:
    """A face view's pose is the neutral one."""
    body = [name for name in controls.PORTRAIT_NAMES if name not in controls.FACE_NAMES]
    for vector in face_view_controls():
        assert all(vector[controls.INDEX[name]] == controls.NEUTRAL[controls.INDEX[name]] for name in body)


def test_first_views_are_neutral_in_the_face() -> None:
    """The first pose view and the first face view look ahead with open eyes."""
    for vector in (pose_view_controls()[0], face_view_controls()[0]):
        assert all(vector[controls.INDEX[name]] == 0 for name in controls.FACE_NAMES)
    assert len(POSE_VIEWS) > 1
    assert len(FACE_VIEWS) > 1


def test_sheet_camera_shows_more_around_the_same_centre() -> None:
    """The picture's corners lie inside the sheet, as far from its middle on every side."""
    camera = portrait_camera(figure())
    wide = sheet_camera(camera)
    middle = np.linalg.solve(camera[:, :2], np.array([0.5, 0.5]) - camera[:, 2])
    corner = np.linalg.solve(camera[:, :2], np.array([0.0, 1.0]) - camera[:, 2])
    assert np.allclose(wide[:, :2] @ middle + wide[:, 2], 0.5, atol=1e-5)
    expected = 0.5 + np.array([-0.5, 0.5]) / SHEET_SCALE
    assert np.allclose(wide[:, :2] @ corner + wide[:, 2], expected, atol=1e-5)


def test_premultiplied_scales_colour_by_alpha() -> None:
    """Half alpha halves the colour, rounded to nearest."""
    image = np.array([[[200, 101, 0, 128]]], np.uint8)
    assert premultiplied(image).tolist() == [[[100, 51, 0, 128]]]


def test_points_of_the_wrong_shape_are_refused() -> None:
    """The error names the array, what it got and what it expected."""
    points = ball_points(10)
    with pytest.raises(ValueError, match=r"colour: got shape \(29, 3\), expected \(30, 3\)"):
        dataclasses.replace(points, colour=points.colour[1:])
