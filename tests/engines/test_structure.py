"""Structure: the geometric base finds every visible point again in every view."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engines import affine, controls
from engines.framing import face_camera, portrait_camera
from engines.sheet import POSE_VIEWS, pose_view_controls
from engines.skeleton import BONE_INDEX, forward_kinematics
from engines.structure import BODY_CHANNELS, FACE_GRID, GRID, CharacterGeometry
from tests.fakes.character import BALLS, ball_character, draw_balls
from tests.fakes.figure import figure

CHARACTER = ball_character()
GEOMETRY = CharacterGeometry(CHARACTER.proportions, CHARACTER.sheet)
TURNED = controls.controls({"head_yaw": 30, "head_roll": -12, "torso_roll": 9, "left_upper_arm_z": 10})


@pytest.mark.parametrize("view", range(len(POSE_VIEWS)))
def test_base_flow_brings_each_view_onto_the_picture(view: int) -> None:
    """Where a part is drawn, the view sampled along the base flow shows the same part (its colour)."""
    structure = GEOMETRY.structure(TURNED)
    expected = draw_balls(TURNED, portrait_camera(figure()), GRID)
    places = structure.base[view] * CHARACTER.sheet.pose_views.shape[1] - 0.5
    got = cv2.remap(CHARACTER.sheet.pose_views[view], places.astype(np.float32), None, cv2.INTER_NEAREST)
    # The cells along a part's outline belong half to what is behind it.
    inner = cv2.erode(expected[..., 3], np.ones((7, 7), np.uint8)) > 0
    wanted, found = expected[inner].astype(int), got[inner].astype(int)
    # A view may show a part hidden or cut off by its own frame; most of what it shows is right.
    shown = found[:, 3] > 0
    assert shown.mean() > 0.6
    assert (np.abs(wanted[shown] - found[shown]).max(axis=1) < 10).mean() > 0.93


def test_base_flow_of_a_view_s_own_pose_is_the_identity() -> None:
    """In the pose of a view, every cell is found at its own place (seen through the wider sheet)."""
    structure = GEOMETRY.structure(pose_view_controls()[0])
    cells = (np.arange(GRID) + 0.5) / GRID
    expected = 0.5 + (np.stack(np.meshgrid(cells, cells), axis=-1) - 0.5) / 1.25
    covered = structure.body[0] > 0
    assert np.abs(structure.base[0] - expected)[covered].max() < 0.15 / GRID


def test_structure_has_the_shapes_that_networks_expect() -> None:
    """All maps have their documented shapes, are finite and about -1..1."""
    structure = GEOMETRY.structure(TURNED)
    assert structure.body.shape == (BODY_CHANNELS, GRID, GRID)
    assert structure.base.shape == (len(POSE_VIEWS), GRID, GRID, 2)
    assert structure.face_base.shape == (FACE_GRID, FACE_GRID, 2)
    for array in (structure.body, structure.base, structure.face, structure.face_base):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
    assert np.abs(structure.body).max() < 4


def test_nearer_part_hides_the_farther_one() -> None:
    """A hand in front of the chest is what its cells show."""
    vector = controls.controls({"left_upper_arm_x": -60, "left_upper_arm_z": -60, "left_elbow": 120})
    bones = forward_kinematics(vector, figure())[BONE_INDEX["left_hand"]]
    place = bones[:3, :3] @ BALLS[2][1] + bones[:3, 3]
    column, row = np.floor(affine.apply(portrait_camera(figure()), place[:2]) * GRID).astype(int)
    assert place[2] > 0.13, "the pose should bring the hand forward"
    colour = (GEOMETRY.structure(vector).body[4:7, row, column] + 1) * 127.5
    assert np.abs(colour - BALLS[2][3]).max() < 12


def test_face_frame_follows_the_head() -> None:
    """The face camera in the structure is that of the posed head, and leads from picture to face frame."""
    structure = GEOMETRY.structure(TURNED)
    head = forward_kinematics(TURNED, figure())[BONE_INDEX["head"]]
    camera = face_camera(figure(), head)
    assert np.allclose(structure.face_camera, camera)
    world = np.array([0.02, 1.45])
    picture = affine.apply(portrait_camera(figure()), world)
    assert np.allclose(affine.apply(structure.picture_to_face, picture), affine.apply(camera, world), atol=1e-4)


def test_figure_outside_the_picture_gives_an_empty_structure() -> None:
    """A pose that leaves the frame covers nothing instead of failing."""
    structure = GEOMETRY.structure(controls.controls({"root_x": 3.0}))
    assert not structure.body[0].any()
    assert np.isfinite(structure.base).all()
