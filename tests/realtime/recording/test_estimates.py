"""Poses of other estimators: written, read, lifted into space, and what a character makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engines.controls import INDEX
from realtime.errors import SourceError
from realtime.recording.coco_wholebody import read_coco_wholebody, write_coco_wholebody
from realtime.recording.estimates import Estimates, Format, guessed_format
from realtime.recording.keypoints import F64, KeypointFrame, Keypoints
from realtime.recording.lowering import lowered
from realtime.recording.openpose import read_openpose, write_openpose
from realtime.recording.performing import controls_of, perform
from realtime.recording.recording import Moment, Recording
from realtime.recording.whole_file import whole_file
from tests.fakes.person import person
from tests.fakes.recordings import HEADER, recordings
from tests.fakes.whole_face import whole_face

QUICK = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
WAVE = {"left_upper_arm_x": -60.0, "left_upper_arm_y": -20.0, "left_upper_arm_z": -40.0, "left_elbow": 95.0}


def _points(count: int) -> st.SearchStrategy[F64]:
    def make(seed: int) -> F64:
        random = np.random.default_rng(seed)
        points = random.uniform(0, 640, (count, 3)).round(2)
        points[:, 2] = random.uniform(0.001, 1, count).round(3)
        points[random.random(count) < 0.2] = 0
        points[0] = (1.0, 2.0, 0.5)
        return points

    return st.integers(0, 2**32 - 1).map(make)


def _body(points: F64) -> F64:
    """Return points of those that both formats have."""
    known = np.zeros((33, 3))
    both = [0, 2, 5, 7, 8, *range(11, 17), *range(23, 33)]
    known[both] = points[both]
    return known


PEOPLE = st.builds(
    Keypoints,
    person_id=st.none() | st.integers(0, 99),
    body=_points(33).map(_body),
    face=st.none() | _points(68),
    left_hand=st.none() | _points(21),
    right_hand=st.none() | _points(21),
)
FRAMES = st.lists(st.lists(PEOPLE, max_size=3), min_size=1, max_size=3).map(
    lambda frames: [
        KeypointFrame(time_s=at / 25, people=tuple(people), image_size=(640, 480)) for at, people in enumerate(frames)
    ]
)


def _written(frames: list[KeypointFrame], kind: Format, folder: Path) -> Path:
    if kind == "openpose":
        path = folder / f"op{len(list(folder.iterdir()))}"
        path.mkdir()
        write_openpose(frames, path, "clip")
        return path
    path = folder / "coco.json"
    with whole_file(path) as file:
        write_coco_wholebody(frames, file, "clip")
    return path


@QUICK
@given(frames=FRAMES, kind=st.sampled_from(["openpose", "coco-wholebody"]))
def test_any_points_are_read_as_they_were_written(tmp_path: Path, frames: list[KeypointFrame], kind: Format) -> None:
    """Places, confidences, sides, ids, times and sizes come back from both formats."""
    path = _written(frames, kind, tmp_path)
    assert guessed_format(path) == kind
    read = list(read_openpose(path, 1.0) if kind == "openpose" else read_coco_wholebody(path, 1.0))
    assert [frame.time_s for frame in read] == pytest.approx([frame.time_s for frame in frames])
    for got, expected in zip(read, frames, strict=True):
        assert got.image_size == expected.image_size
        for person_got, person_expected in zip(got.people, expected.people, strict=True):
            assert person_got.person_id == person_expected.person_id
            for name in ("body", "face", "left_hand", "right_hand"):
                points = getattr(person_expected, name)
                if points is None:
                    assert getattr(person_got, name) is None
                else:
                    np.testing.assert_allclose(getattr(person_got, name), points, atol=1e-9)


@QUICK
@given(recording=recordings())
def test_any_recording_can_be_exported_and_read(tmp_path: Path, recording: Recording) -> None:
    """Whatever a tracker saw becomes points, and those become observations with finite numbers again."""
    frames = [lowered(moment, (640, 480)) for moment in recording.moments]
    for kind in ("openpose", "coco-wholebody"):
        path = _written(frames, "openpose" if kind == "openpose" else "coco-wholebody", tmp_path)
        estimates = Estimates(path, "openpose" if kind == "openpose" else "coco-wholebody", 30.0)
        for moment in perform(estimates):
            for controls in moment.controls.values():
                assert np.isfinite(controls.raw).all() and np.isfinite(controls.smoothed).all()


def _controls(kind: Format, folder: Path, yaw: float, pitch: float, values: dict[str, float]) -> dict[str, float]:
    """Return what a character does half a second after an exported person came, by name."""
    seen = person(values, face_points=whole_face(yaw=yaw, pitch=pitch))
    moments = [Moment(time_s=at / 30, people=(seen,)) for at in range(30)]
    path = _written([lowered(moment, (640, 480)) for moment in moments], kind, folder)
    estimates = Estimates(path, kind, 30.0)
    recording = Recording(header=estimates.header, moments=tuple(estimates))
    last = controls_of(recording, 1, 30.0, framing="portrait")[-1]
    return {name: float(last[index]) for name, index in INDEX.items()}


@pytest.mark.parametrize("kind", ["openpose", "coco-wholebody"])
@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (20, 0), (-20, 5), (0, 15)])
def test_imported_head_points_where_it_did(tmp_path: Path, kind: Format, yaw: float, pitch: float) -> None:
    """Turned and nodding heads come through 68 points with the right sign and size."""
    got = _controls(kind, tmp_path, yaw, pitch, {})
    assert got["head_yaw"] + got["torso_yaw"] == pytest.approx(yaw, abs=6)
    straight = _controls(kind, tmp_path, 0, 0, {})
    assert got["head_pitch"] - straight["head_pitch"] == pytest.approx(pitch, abs=6)


@pytest.mark.parametrize("kind", ["openpose", "coco-wholebody"])
def test_imported_arm_does_what_it_did(tmp_path: Path, kind: Format) -> None:
    """A waving left arm is the left one, bent, and the right one hangs."""
    got = _controls(kind, tmp_path, 0, 0, WAVE)
    assert got["left_elbow"] > 60 and got["right_elbow"] < 40
    assert got["left_upper_arm_z"] == pytest.approx(-40, abs=30)


def test_people_without_ids_keep_theirs_by_place(tmp_path: Path) -> None:
    """Two people who walk towards each other and swap places in the list stay who they are."""
    frames = []
    for at in range(20):
        left, right = person(), person()
        assert left.pose is not None and right.pose is not None
        left.pose[:, 0] += -0.3 + at * 0.008
        right.pose[:, 0] += 0.3 - at * 0.008
        people = (left, right) if at % 2 else (right, left)
        frame = lowered(Moment(time_s=at / 30, people=people), (640, 480))
        anonymous = tuple(Keypoints(person_id=None, body=one.body) for one in frame.people)
        frames.append(KeypointFrame(time_s=at / 30, people=anonymous, image_size=(640, 480)))
    moments = list(Estimates(_written(frames, "openpose", tmp_path), "openpose", 30.0))
    for moment in moments:
        places = {one.person_id: float(one.pose[0, 0]) for one in moment.people if one.pose is not None}
        assert places[1] > places[2], "whoever came first in the list is the one on the right"


def test_files_of_openpose_itself_are_read(tmp_path: Path) -> None:
    """Without our additions: ids of -1, no times, no size, and a number that is missing is a pause."""
    body = [0.0] * 75
    body[6:9], body[15:18], body[0:3] = [200.0, 300.0, 0.9], [400.0, 300.0, 0.9], [300.0, 200.0, 0.9]
    for number in (5, 6, 8):
        document = {"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d": body}]}
        (tmp_path / f"video_{number:012d}_keypoints.json").write_text(json.dumps(document))
    estimates = Estimates(tmp_path, "openpose", 10.0)
    moments = list(estimates)
    assert [moment.time_s for moment in moments] == pytest.approx([0.0, 0.1, 0.3])
    assert estimates.header.image_size == (640, 480) and "640 x 480" in estimates.note
    assert [one.person_id for moment in moments for one in moment.people] == [1, 1, 1]
    (seen,) = moments[0].people
    assert seen.pose is not None and seen.pose_visibility is not None
    assert seen.pose[11, 0] == pytest.approx(400 / 640) and seen.pose[12, 0] == pytest.approx(200 / 640)
    assert seen.pose_visibility[11] > 0.5 and seen.pose_visibility[13] == 0


def test_labels_of_the_data_set_itself_are_read(tmp_path: Path) -> None:
    """Flags 0, 1, 2 are confidences; parts that are flagged as absent are absent."""
    keypoints = [0] * 51
    keypoints[15:18], keypoints[18:21] = [400, 300, 2], [200, 300, 1]
    annotation = {
        **{"id": 7, "image_id": 42, "category_id": 1, "keypoints": keypoints, "face_valid": False},
        **{"face_kpts": [1.0] * 204, "lefthand_kpts": [0.0] * 63},
    }
    document = {"images": [{"id": 42, "width": 800, "height": 600}], "annotations": [annotation]}
    (tmp_path / "a.json").write_text(json.dumps(document))
    (frame,) = read_coco_wholebody(tmp_path / "a.json", 30.0)
    (found,) = frame.people
    assert frame.image_size == (800, 600) and found.face is None and found.left_hand is None
    assert found.body[11].tolist() == [400, 300, 1.0] and found.body[12].tolist() == [200, 300, 0.5]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(QUICK, max_examples=60)
@given(value=_JSON, place=st.data(), kind=st.sampled_from(["openpose", "coco-wholebody"]))
def test_any_value_in_any_place_is_an_error_in_words_at_most(
    tmp_path: Path, value: Any, place: st.DataObject, kind: Format
) -> None:
    """Replacing any part of a file by any JSON value raises SourceError or nothing."""
    frame = lowered(Moment(time_s=0.0, people=(person(face_points=whole_face()),)), (640, 480))
    path = _written([frame], kind, tmp_path)
    file = next(path.iterdir()) if kind == "openpose" else path
    at: Any = json.loads(file.read_text())
    document = at
    while True:
        key = place.draw(st.sampled_from(list(at)) if isinstance(at, dict) else st.integers(0, min(len(at), 3) - 1))
        if not isinstance(at[key], dict | list) or not at[key] or place.draw(st.booleans()):
            at[key] = value
            break
        at = at[key]
    file.write_text(json.dumps(document))
    try:
        for moment in Estimates(path, kind, 30.0):
            assert isinstance(moment, Moment)
    except SourceError as error:
        assert file.name in str(error) or path.name in str(error)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[1]", "expected an object"),
        ('{"people": []}', "one frame"),
        ('{"format": "animirror-recording"}', "recording already"),
        ('{"a": 1}', "neither"),
    ],
)
def test_other_files_are_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    """The message says what the file is instead."""
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(SourceError, match=words):
        guessed_format(path)


def test_header_says_whose_poses_these_are(tmp_path: Path) -> None:
    """The estimator stands in the place of the tracker."""
    frames = [lowered(Moment(time_s=at / 12, people=(person(),)), (640, 480)) for at in range(4)]
    estimates = Estimates(_written(frames, "coco-wholebody", tmp_path), "coco-wholebody", 30.0)
    assert estimates.header.tracker == {"name": "coco-wholebody"} and estimates.header.fps == pytest.approx(
        12, rel=1e-4
    )
    assert estimates.header.source == "coco.json" and HEADER.image_size == estimates.header.image_size
