"""Recordings as files: what is written is read, and what is wrong is named."""

from __future__ import annotations

import gzip
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engines.controls import NAMES
from realtime.errors import SinkError, SourceError
from realtime.observation import PersonObservation
from realtime.recording.performing import perform
from realtime.recording.recording import Moment, Recording
from realtime.recording.recording_file import read_recording, save_recording, writing
from tests.fakes.person import person
from tests.fakes.recordings import HEADER, recordings, turning

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def _saved(recording: Recording, folder: Path, name: str = "a.json") -> Path:
    path = folder / name
    save_recording(recording, path)
    return path


def _assert_alike(read: PersonObservation, written: PersonObservation) -> None:
    for field in fields(PersonObservation):
        got, expected = getattr(read, field.name), getattr(written, field.name)
        if isinstance(expected, np.ndarray):
            assert got.dtype == np.float32
            np.testing.assert_allclose(got, expected, atol=6e-4)
        else:
            assert got == expected


@QUICK
@given(recordings())
def test_any_recording_is_read_as_it_was_written(tmp_path: Path, recording: Recording) -> None:
    """Times, people, their order, arrays to the decimals that are kept, and controls come back."""
    read = read_recording(_saved(recording, tmp_path))
    assert read.header == recording.header and read.skipped == recording.skipped and read.note == ""
    assert len(read.moments) == len(recording.moments)
    for got, expected in zip(read.moments, recording.moments, strict=True):
        assert got.time_s == pytest.approx(expected.time_s, abs=1e-6)
        for person_got, person_expected in zip(got.people, expected.people, strict=True):
            _assert_alike(person_got, person_expected)
        assert set(got.controls) == set(expected.controls)
        for person_id, controls in expected.controls.items():
            np.testing.assert_allclose(got.controls[person_id].raw, controls.raw, atol=6e-4)
            np.testing.assert_allclose(got.controls[person_id].smoothed, controls.smoothed, atol=6e-4)
            assert got.controls[person_id].confidence == pytest.approx(dict(controls.confidence), abs=6e-4)


def test_written_twice_is_the_same_file(tmp_path: Path) -> None:
    """Reading and writing again changes nothing, plain and compressed."""
    recording = Recording(header=HEADER, moments=tuple(perform(turning(5).moments)))
    for name in ("a.json", "a.json.gz"):
        first = _saved(recording, tmp_path, name).read_bytes()
        again = _saved(read_recording(tmp_path / name), tmp_path, name).read_bytes()
        assert first == again


def test_file_is_one_json_document_with_a_line_for_each_frame(tmp_path: Path) -> None:
    """Any JSON reader takes it, whole or in lines."""
    path = _saved(Recording(header=HEADER, moments=tuple(perform(turning(4).moments))), tmp_path)
    document = json.loads(path.read_text())
    assert document["format"] == "animirror-recording" and document["count"] == 4
    assert document["controls"] == list(NAMES)
    assert len(document["frames"][0]["people"][0]["controls"]["raw"]) == len(NAMES)
    assert len(path.read_text().splitlines()) == 6


def test_compressed_file_holds_the_same_text(tmp_path: Path) -> None:
    """A name that ends with .gz is compressed, and recognised by what is inside."""
    recording = turning(3)
    plain, packed = _saved(recording, tmp_path), _saved(recording, tmp_path, "b.json.gz")
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    packed.rename(tmp_path / "renamed.json")
    assert len(read_recording(tmp_path / "renamed.json").moments) == 3


def test_file_that_was_laid_out_anew_is_read(tmp_path: Path) -> None:
    """A formatter's white space and order of keys do not matter."""
    path = _saved(turning(3), tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1, sort_keys=True))
    assert len(read_recording(path).moments) == 3


def test_what_was_not_looked_for_again_is_the_same_array(tmp_path: Path) -> None:
    """Identity survives the file, also over frames in which the person is missing."""
    seen = person()
    moments = [
        Moment(time_s=at / 10, people=people) for at, people in enumerate([(seen,), (seen,), (), (seen,), (person(),)])
    ]
    read = read_recording(_saved(Recording(header=HEADER, moments=tuple(moments)), tmp_path)).moments
    assert read[0].people[0].pose is read[1].people[0].pose is read[3].people[0].pose
    assert read[4].people[0].pose is not read[3].people[0].pose


def test_measurement_that_is_not_finite_is_left_out(tmp_path: Path) -> None:
    """A tracker's NaN is written as not seen."""
    broken = person()
    assert broken.pose is not None
    broken.pose[3, 1] = np.nan
    moments = (Moment(time_s=0.0, people=(broken,)), Moment(time_s=0.1, people=(broken,)))
    read = read_recording(_saved(Recording(header=HEADER, moments=moments), tmp_path))
    assert read.moments[1].people[0].pose is None
    assert read.moments[1].people[0].pose_world is not None


def _broken(tmp_path: Path, change: Any) -> str:
    """Return what is said of a file whose document was changed."""
    path = _saved(turning(3), tmp_path)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(SourceError) as caught:
        read_recording(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(format="something"), "is no recording"),
        (lambda d: d.update(version=2), "version 2"),
        (lambda d: d.pop("version"), "version None"),
        (lambda d: d.update(image_size=[640]), "image_size"),
        (lambda d: d.update(image_size=[640, 0]), "image_size"),
        (lambda d: d.update(fps=0), "fps"),
        (lambda d: d.update(fps=True), "fps"),
        (lambda d: d.update(frames=[]), "no frames"),
        (lambda d: d.update(frames=None), "frames"),
        (lambda d: d.update(count=7), "says 7"),
        (lambda d: d["frames"][1].update(time_s=0), "frame 2: time_s"),
        (lambda d: d["frames"][1].update(time_s=float("nan")), "NaN"),
        (lambda d: d["frames"][2].update(people={}), "frame 3: people"),
        (lambda d: d["frames"][0]["people"][0].update(id="me"), "id"),
        (lambda d: d["frames"][0]["people"].append(d["frames"][0]["people"][0]), "twice"),
        (lambda d: d["frames"][0]["people"][0].update(face=[[1, 2, 3]]), "face"),
        (lambda d: d["frames"][0]["people"][0].update(face="same"), "had none"),
        (lambda d: d["frames"][0]["people"][0].update(pose=[["a"] * 3] * 33), "pose"),
        (lambda d: d["frames"][0]["people"][0].update(pose=[[1e300] * 3] * 33), "pose"),
        (lambda d: d["frames"][0]["people"][0].update(controls={"raw": [1]}), "raw"),
        (lambda d: d["frames"][0]["people"][0].update(controls={"confidence": {"tail": 1}}), "tail"),
    ],
)
def test_wrong_file_is_refused_in_words(tmp_path: Path, change: Any, words: str) -> None:
    """The message names the file, the place and what was expected."""
    message = _broken(tmp_path, change)
    assert message.startswith("a.json: ") and words in message


def test_truncated_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    """No part of a recording is taken for a whole one."""
    for name in ("a.json", "b.json.gz"):
        path = _saved(turning(3), tmp_path, name)
        whole = path.read_bytes()
        for share in (0.0, 0.01, 0.3, 0.5, 0.9, 0.999):
            path.write_bytes(whole[: int(len(whole) * share)])
            with pytest.raises(SourceError, match=name):
                read_recording(path)


def test_controls_of_another_spec_are_left_out_and_said(tmp_path: Path) -> None:
    """The observations stay."""
    path = _saved(Recording(header=HEADER, moments=tuple(perform(turning(3).moments))), tmp_path)
    document = json.loads(path.read_text())
    document["spec_hash"] = "0" * 16
    document["frames"][0]["people"][0]["controls"]["raw"] = [1, 2, 3]
    path.write_text(json.dumps(document))
    read = read_recording(path)
    assert "made anew" in read.note and read.moments[0].controls == {} and len(read.moments) == 3


@QUICK
@given(st.binary(max_size=300))
@example(b"")
@example(b"[" * 100_000)
@example(b"\x1f\x8b\x08\x00")
@example(b'{"format": "animirror-recording", "frames": [\n')
def test_any_bytes_are_a_recording_or_an_error_in_words(tmp_path: Path, data: bytes) -> None:
    """Nothing else is raised, whatever a file holds."""
    path = tmp_path / "any.json"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"any\.json"):
        read_recording(path)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@QUICK
@given(value=_JSON, place=st.data())
def test_any_value_in_any_place_is_an_error_in_words_at_most(tmp_path: Path, value: Any, place: st.DataObject) -> None:
    """Replacing any part of a document by any JSON value raises SourceError or nothing."""
    path = _saved(Recording(header=HEADER, moments=tuple(perform(turning(2).moments))), tmp_path)
    document = json.loads(path.read_text())
    at: Any = document
    while True:
        key = place.draw(st.sampled_from(list(at)) if isinstance(at, dict) else st.integers(0, min(len(at), 3) - 1))
        if not isinstance(at[key], dict | list) or not at[key] or place.draw(st.booleans()):
            at[key] = value
            break
        at = at[key]
    path.write_text(json.dumps(document))
    try:
        read_recording(path)
    except SourceError as error:
        assert str(error).startswith("a.json: ")


def test_missing_file_and_folder_are_refused_in_words(tmp_path: Path) -> None:
    """The system's reason is part of the message."""
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(SourceError, match="cannot be read"):
            read_recording(path)


def test_interrupted_writing_leaves_nothing(tmp_path: Path) -> None:
    """Neither a new half file, nor a temporary one, nor a change to what stood there."""
    path = _saved(turning(2), tmp_path)
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt), writing(path, HEADER) as writer:
        writer.put(turning(1).moments[0])
        raise KeyboardInterrupt
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Writing into nowhere is an error in words."""
    with pytest.raises(SinkError, match="nowhere"):
        save_recording(turning(1), tmp_path / "nowhere" / "a.json")


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_full_disk_is_an_error_in_words(name: str) -> None:
    """A device that takes no bytes is told apart from a bad recording, and nothing stays behind."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system to stand in for a full disk")
    from realtime.recording.whole_file import _named_errors

    with pytest.raises(SinkError, match="No space"), _named_errors(Path(name)), full.open("w") as file:
        file.write("x" * 100_000)
