"""Faces drawn with known angles and expressions, seen by the real face network: the portrait, which anyone has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.face_warps import Moved, brows, mouth, shut, together
from benchmarks.head_truth import AXES, LIMIT_DEG, Angles, angles, head_of, measured, packed, rows_of, table
from benchmarks.iris_shift import looking
from benchmarks.looker import Looker
from benchmarks.portrait_head import SIZE, PortraitHead, View, project
from engines.controls import as_dict
from realtime.observation import PersonObservation
from realtime.retargeting.retarget import Retarget
from tests.fakes.footage import portrait

U8 = npt.NDArray[np.uint8]

REST_FRAMES, FACE_FRAMES, FPS = 60, 5, 30


@pytest.fixture(scope="module")
def head() -> PortraitHead:
    """Return the portrait's head."""
    found = head_of(portrait())
    assert found is not None
    return found


@pytest.fixture(scope="module")
def looker() -> Iterator[Looker]:
    """Yield a tracker."""
    with Looker() as one:
        yield one


def _controls(looker: Looker, head: PortraitHead, moved: Moved, view: View | None = None) -> dict[str, float]:
    """Return the controls of a face after two seconds of the portrait as it is."""
    return _controls_of(looker, *(head.render(view or View(), by) for by in ({}, moved)))


def _controls_of(looker: Looker, *pictures: U8) -> dict[str, float]:
    """Return the controls of the second picture after two seconds of the first."""
    retarget = Retarget()
    seen: dict[str, float] = {}
    faces = [looker.face(picture) for picture in pictures]
    size = (pictures[0].shape[1], pictures[0].shape[0])
    for index in range(REST_FRAMES + FACE_FRAMES):
        face = faces[index >= REST_FRAMES]
        assert face is not None
        person = PersonObservation(
            person_id=1, pose=None, pose_world=None, pose_visibility=None, face=face, image_size=size
        )
        seen = as_dict(retarget(person, index / FPS).vector)
    return seen


@pytest.mark.parametrize(
    "truth",
    [
        *((yaw, 0.0, 0.0) for yaw in (-20.0, -10.0, 0.0, 10.0, 20.0, 30.0)),
        *((0.0, pitch, 0.0) for pitch in (-30.0, -15.0, 15.0, 30.0)),
        *((0.0, 0.0, roll) for roll in (-30.0, 30.0)),
        *((-15.0, -20.0, 15.0), (15.0, 20.0, -15.0), (30.0, -20.0, 15.0), (20.0, 20.0, 15.0)),
    ],
)
def test_head_angles_are_true_within_five_degrees(looker: Looker, head: PortraitHead, truth: Angles) -> None:
    """Yaw, pitch and roll come back as they were drawn, alone and together."""
    seen = measured(looker, head.render(View(yaw=truth[0], pitch=truth[1], roll=truth[2])))
    assert seen is not None
    assert np.abs(np.array(seen) - truth).max() < LIMIT_DEG


def test_mirrored_picture_gives_mirrored_angles(looker: Looker, head: PortraitHead) -> None:
    """Yaw and roll change sign, pitch stays."""
    picture = head.render(View(yaw=20.0, pitch=10.0, roll=10.0))
    plain, mirror = measured(looker, picture), measured(looker, np.ascontiguousarray(picture[:, ::-1]))
    assert plain is not None and mirror is not None
    assert np.abs(np.array(plain) - np.array(mirror) * [-1, 1, -1]).max() < 3.0


def test_head_off_the_middle_is_seen_along_the_line_of_sight(head: PortraitHead) -> None:
    """Whoever looks into the camera from the picture's edge looks straight ahead."""
    with Looker() as looker:
        seen = measured(looker, head.render(View(at=(120.0, 160.0), scale_px=5.0)))
    assert seen is not None
    assert np.abs(seen).max() < LIMIT_DEG


@pytest.mark.parametrize("yaw", [-20.0, 0.0, 20.0])
@pytest.mark.parametrize("side", ["left", "right"])
def test_wink_shuts_its_own_eye(looker: Looker, head: PortraitHead, side: str, yaw: float) -> None:
    """One eye drawn shut is that eye's blink and not the other's."""
    seen = _controls(looker, head, shut(head.vertices, side), View(yaw=yaw))
    other = "right" if side == "left" else "left"
    assert seen[f"blink_{side}"] > 0.5
    assert seen[f"blink_{other}"] < 0.3


def test_both_eyes_drawn_shut_are_a_blink(looker: Looker, head: PortraitHead) -> None:
    """Also of a head that is turned, bowed or raised."""
    moved = together(shut(head.vertices, "left"), shut(head.vertices, "right"))
    for view in (View(), View(yaw=25.0), View(pitch=15.0), View(pitch=-15.0)):
        seen = _controls(looker, head, moved, view)
        assert min(seen["blink_left"], seen["blink_right"]) > 0.6


def test_jaw_pucker_and_brows_reach_their_controls(looker: Looker, head: PortraitHead) -> None:
    """Each movement moves its own control."""
    assert _controls(looker, head, mouth(head.vertices, jaw=1.6))["aa"] > 0.4
    assert _controls(looker, head, mouth(head.vertices, wide=-0.9))["ou"] > 0.2
    assert _controls(looker, head, brows(head.vertices, inner=0.6, outer=0.6))["brow_left"] > 0.3
    assert _controls(looker, head, brows(head.vertices, inner=-0.5, outer=-0.3))["brow_left"] < -0.1


@pytest.mark.parametrize("yaw", [-20.0, -10.0, 10.0, 20.0])
def test_irises_moved_aside_are_gaze_to_that_side(looker: Looker, yaw: float) -> None:
    """Eyes drawn to one side look there, as far as they were drawn, within eight degrees."""
    picture = portrait()
    face = looker.face(picture)
    assert face is not None
    seen = _controls_of(looker, picture, looking(picture, face, yaw, 0.0))
    assert abs(seen["gaze_yaw"] - yaw) < 8.0


def test_irises_moved_down_are_gaze_down(looker: Looker) -> None:
    """Even though the lids stay up, which real ones do not."""
    picture = portrait()
    face = looker.face(picture)
    assert face is not None
    down, up = (_controls_of(looker, picture, looking(picture, face, 0.0, pitch)) for pitch in (13.0, -13.0))
    assert down["gaze_pitch"] > up["gaze_pitch"] + 6.0


def test_rows_and_table_tell_errors() -> None:
    """A face that is not found is counted, and so is every other."""
    blank = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    rows = list(rows_of("nobody", "middle", lambda _: blank, angles()[:2]))
    assert [row["measured_yaw"] for row in rows] == [None, None]
    assert "0/2" in table(rows)
    assert [len(row["degrees"]) for row in packed(rows)] == [2]
    perfect = {**rows[0], **{f"measured_{axis}": rows[0][axis] + 1.0 for axis in AXES}}
    assert "1/1" in table([perfect]) and "within 5 degrees: yaw 100.0%" in table([perfect])


def test_projection_is_perspective_and_orthographic() -> None:
    """A nose that comes nearer grows in one and not in the other, and the middle of the head stays where it is put."""
    points = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 5.0]])
    for perspective, grows in ((True, True), (False, False)):
        xy, _ = project(points, View(scale_px=8.0, perspective=perspective))
        assert np.allclose(xy[0], View().at)
        assert (xy[2, 0] > xy[1, 0] + 0.3) == grows
