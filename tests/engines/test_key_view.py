"""Poses and cameras of key views."""

from __future__ import annotations

import numpy as np
import pytest

from engines import controls
from engines.framing import FRAMINGS, Framing, camera_of
from engines.key_view import KeyView
from engines.skeleton import BONE_INDEX, forward_kinematics
from tests.fakes.figure import figure


def test_view_is_neutral_but_for_its_controls() -> None:
    """What a view does not name stands as everybody stands."""
    vector = KeyView(name="turned", camera="portrait", controls={"head_yaw": 30.0}).vector()
    assert vector[controls.INDEX["head_yaw"]] == 30.0
    others = np.arange(len(vector)) != controls.INDEX["head_yaw"]
    np.testing.assert_array_equal(vector[others], controls.NEUTRAL[others])


def test_view_with_an_unknown_control_is_refused() -> None:
    """A name that is not in the spec does not pass."""
    with pytest.raises(KeyError):
        KeyView(name="nodding", camera="portrait", controls={"nod": 1.0}).vector()


@pytest.mark.parametrize("camera", FRAMINGS)
def test_view_of_scale_one_has_the_framing_s_camera(camera: Framing) -> None:
    """It shows what a picture of the framing shows."""
    got = KeyView(name="plain", camera=camera).matrix(figure())
    np.testing.assert_allclose(got, camera_of(camera, figure()), atol=1e-6)


def test_view_of_greater_scale_shows_more_about_the_same_centre() -> None:
    """Its middle is the picture's middle, and its width so many times the picture's."""
    plain, wide = (KeyView(name="view", camera="portrait", scale=scale).matrix(figure()) for scale in (1.0, 1.25))
    centre = np.linalg.solve(plain[:, :2], 0.5 - plain[:, 2])
    np.testing.assert_allclose(wide[:, :2] @ centre + wide[:, 2], 0.5, atol=1e-5)
    np.testing.assert_allclose(wide[:, :2] * 1.25, plain[:, :2], atol=1e-6)


@pytest.mark.parametrize("pose", [{}, {"head_yaw": 35.0}, {"head_roll": 20.0, "torso_roll": 15.0}, {"root_x": 0.5}])
def test_face_view_has_the_eyes_in_one_place_in_every_pose(pose: dict[str, float]) -> None:
    """The frame follows the head."""
    view = KeyView(name="face", camera="face", controls=pose)
    proportions = figure()
    head = forward_kinematics(view.vector(), proportions)[BONE_INDEX["head"]]
    places = []
    for eye in (proportions.left_eye, proportions.right_eye):
        camera = view.matrix(proportions)
        places.append(camera[:, :2] @ (head[:2, :3] @ eye + head[:2, 3]) + camera[:, 2])
    still = KeyView(name="still", camera="face").matrix(proportions)
    expected = [still[:, :2] @ eye[:2] + still[:, 2] for eye in (proportions.left_eye, proportions.right_eye)]
    np.testing.assert_allclose(places, expected, atol=0.02)
