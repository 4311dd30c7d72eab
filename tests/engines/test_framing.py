"""Framings: where the canonical camera puts a figure, and the face frame that follows the head."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines import affine
from engines.controls import controls
from engines.framing import (
    FRAMINGS,
    FULL_MARGIN_BOTTOM,
    FULL_MARGIN_TOP,
    MIN_FORESHORTENING,
    PORTRAIT_MARGIN_BOTTOM,
    PORTRAIT_MARGIN_TOP,
    between,
    camera_of,
    face_camera,
    face_plane,
    full_camera,
    portrait_camera,
)
from engines.skeleton import BONE_INDEX, forward_kinematics
from tests.fakes.figure import figure

F32 = npt.NDArray[np.float32]
FIGURE = figure()


def seen(camera: F32, point: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return where a camera puts a point in the unit square, (2,)."""
    x, y, *_ = np.asarray(point, np.float64)
    return np.asarray(camera @ np.array([x, y, 1.0]), np.float64)


def head_matrix(**values: float) -> F32:
    """Return the head's skinning matrix under some controls."""
    skinning = forward_kinematics(controls(values), FIGURE)
    return np.asarray(skinning[BONE_INDEX["head"]], np.float32)


def test_portrait_shows_the_hair_below_the_top_and_ends_above_the_hips() -> None:
    """The crown stands a margin below the picture's top, the hips beyond its bottom."""
    camera = portrait_camera(FIGURE)
    assert camera.shape == (2, 3)
    assert camera.dtype == np.float32
    np.testing.assert_allclose(seen(camera, (0, FIGURE.head_top)), (0.5, PORTRAIT_MARGIN_TOP), atol=1e-6)
    hips = FIGURE.joints[BONE_INDEX["hips"]]
    np.testing.assert_allclose(seen(camera, hips), (0.5, 1.0 - PORTRAIT_MARGIN_BOTTOM), atol=1e-6)


def test_portrait_is_square_and_unmirrored() -> None:
    """The same length is the same number of pixels both ways; the subject's left is picture right, down is down."""
    camera = portrait_camera(FIGURE)
    assert camera[0, 0] == pytest.approx(-camera[1, 1])
    assert seen(camera, FIGURE.left_eye)[0] > 0.5
    assert seen(camera, FIGURE.mouth)[1] > seen(camera, FIGURE.left_eye)[1]


@given(st.floats(0.3, 3.0), st.floats(-1.0, 1.0))
def test_portrait_looks_the_same_at_any_size_and_place(scale: float, shift: float) -> None:
    """A child and a giant, off centre or not, fill the same picture."""
    moved = dataclasses.replace(
        FIGURE,
        joints=np.asarray(FIGURE.joints * scale + np.array([shift, 0, 0]), np.float32),
        head_top=FIGURE.head_top * scale,
    )
    for bone in ("head", "left_hand", "right_eye"):
        np.testing.assert_allclose(
            seen(portrait_camera(moved), moved.joints[BONE_INDEX[bone]]),
            seen(portrait_camera(FIGURE), FIGURE.joints[BONE_INDEX[bone]]),
            atol=1e-4,
        )


def test_face_camera_centres_the_face_upright() -> None:
    """At rest the face plane's centre is the middle, eyes above it, left eye to the right."""
    camera = face_camera(FIGURE, np.eye(4, dtype=np.float32))
    centre, half = face_plane(FIGURE)
    np.testing.assert_allclose(seen(camera, centre), (0.5, 0.5), atol=1e-6)
    np.testing.assert_allclose(seen(camera, centre + np.array([half, half, 0])), (1.0, 0.0), atol=1e-5)
    assert seen(camera, FIGURE.left_eye)[0] > 0.5 > seen(camera, FIGURE.right_eye)[0]
    assert seen(camera, FIGURE.mouth)[1] > 0.5 > seen(camera, FIGURE.left_eye)[1]


@given(
    st.floats(-60, 60),
    st.floats(-25, 25),
    st.floats(-45, 45),
    st.floats(-0.9, 0.9),
    st.floats(-0.9, 0.9),
)
def test_face_camera_keeps_the_face_plane_in_place(yaw: float, pitch: float, roll: float, u: float, v: float) -> None:
    """However the head turns within the limit, a point on the face plane stays at one place of the face frame."""
    head = head_matrix(head_yaw=yaw, head_pitch=pitch, head_roll=roll)
    centre, half = face_plane(FIGURE)
    on_plane = centre + np.array([u * half, v * half, 0])
    posed = head @ np.append(on_plane, 1.0)
    foreshortening = np.linalg.svd(head[:2, :2], compute_uv=False).min()
    if foreshortening < MIN_FORESHORTENING:
        return
    np.testing.assert_allclose(seen(face_camera(FIGURE, head), posed), ((1 + u) / 2, (1 - v) / 2), atol=1e-3)


@pytest.mark.parametrize("yaw", [70, 89.9, 90, 110, 180])
def test_face_camera_seen_edge_on_stays_finite(yaw: float) -> None:
    """A face in profile has a frame of limited stretch, and its centre is still the middle."""
    angle = np.radians(yaw)
    head = np.eye(4, dtype=np.float32)
    head[:3, :3] = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    camera = face_camera(FIGURE, head)
    centre, half = face_plane(FIGURE)
    assert np.isfinite(camera).all()
    np.testing.assert_allclose(seen(camera, head[:3, :3] @ centre), (0.5, 0.5), atol=1e-5)
    # The frame spans at least MIN_FORESHORTENING of its width: the camera never magnifies by more.
    assert np.linalg.svd(camera[:, :2], compute_uv=False).max() <= 1 / (2 * half * MIN_FORESHORTENING) * 1.001


def test_face_camera_follows_the_body() -> None:
    """A leaning torso carries the face frame with it."""
    head = head_matrix(torso_roll=25, torso_yaw=-20, root_x=0.5)
    centre, _ = face_plane(FIGURE)
    np.testing.assert_allclose(seen(face_camera(FIGURE, head), head @ np.append(centre, 1)), (0.5, 0.5), atol=1e-5)


def test_the_face_stays_in_the_portrait_when_the_head_turns() -> None:
    """Every look that a webcam user gives is inside the picture."""
    camera = portrait_camera(FIGURE)
    for yaw in (-70.0, 0.0, 70.0):
        for pitch in (-50.0, 0.0, 50.0):
            head = head_matrix(head_yaw=yaw, head_pitch=pitch)
            for point in (FIGURE.left_eye, FIGURE.right_eye, FIGURE.mouth):
                place = seen(camera, head @ np.append(point, 1))
                assert (place > 0.05).all()
                assert (place < 0.95).all()


def test_full_shows_hair_and_soles_with_their_margins() -> None:
    """The crown and the ground stand a margin away from the picture's edges."""
    camera = full_camera(FIGURE)
    np.testing.assert_allclose(seen(camera, (0, FIGURE.head_top)), (0.5, FULL_MARGIN_TOP), atol=1e-6)
    np.testing.assert_allclose(seen(camera, (0, 0)), (0.5, 1 - FULL_MARGIN_BOTTOM), atol=1e-6)
    assert camera[0, 0] == pytest.approx(-camera[1, 1])


def test_camera_of_names_every_framing() -> None:
    """Each framing has a camera of its own."""
    cameras = {framing: camera_of(framing, FIGURE).tobytes() for framing in FRAMINGS}
    assert len(set(cameras.values())) == len(FRAMINGS) == 2


def test_between_carries_a_point_from_one_picture_to_the_other() -> None:
    """Where the portrait shows the chin, the map leads to where the full figure shows it."""
    portrait, full = portrait_camera(FIGURE), full_camera(FIGURE)
    moved = affine.apply(between(portrait, full), seen(portrait, FIGURE.mouth))
    np.testing.assert_allclose(moved, seen(full, FIGURE.mouth), atol=1e-6)
