"""The benchmark of smoothing: its measures measure what they say, on movements that are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.motion import Material, blinks, jitter, measured_noise, predictions
from benchmarks.motion_filters import CANDIDATES, LegacyLandmarks, Ours, PlainOneEuro, Raw, Sample, samples_of
from benchmarks.motion_measures import Series, deviation, movement, names_of, quiet_parts, replay, respond, truth_of
from benchmarks.motion_tables import clips_table, prediction_table, response_table, still_table
from benchmarks.motion_traces import Trace, load, save, stillest, with_sensor_noise
from benchmarks.rows import Row
from engines.controls import INDEX, controls
from realtime.control_group import Group
from tests.fakes.person import face, person

EVERYTHING = frozenset(Group)


def _trace(kind: str = "clip", length: int = 20) -> Trace:
    """Return somebody who turns the head, whose body is seen in every other frame, and who is away at the end."""
    seen = []
    body = person({}, face_points=face())
    for index in range(length):
        if index % 2 == 0:
            body = person({"left_elbow": 60.0}, face_points=face())
        new = person({}, face_points=face(yaw=index))
        seen.append(replace(new, pose=body.pose, pose_world=body.pose_world, pose_visibility=body.pose_visibility))
    return Trace(
        name="somebody",
        kind="clip" if kind == "clip" else "still",
        times_s=np.arange(length + 1) / 30,
        persons=(*seen, None),
    )


def _samples(columns: dict[str, npt.NDArray[np.float64]], length: int) -> list[Sample]:
    return [
        Sample(
            time_s=at / 30,
            vector=controls({name: float(values[at]) for name, values in columns.items()}),
            seen=EVERYTHING,
            fresh=EVERYTHING,
        )
        for at in range(length)
    ]


def _still(length: int = 150) -> Material:
    rng = np.random.default_rng(1)
    names = ("head_yaw", "head_pitch", "left_upper_arm_y", "gaze_yaw")
    samples = _samples({name: rng.normal(0, 0.5, length) for name in names}, length)
    return Material(name="somebody", kind="still", raw=samples, legacy=samples)


def test_trace_comes_back_from_its_file(tmp_path: Path) -> None:
    """Landmarks, absences, and what was the same array in two frames."""
    trace = _trace()
    assert load("somebody", "clip", tmp_path) is None
    save(trace, tmp_path)
    back = load("somebody", "clip", tmp_path)
    assert back is not None and np.array_equal(back.times_s, trace.times_s)
    assert back.persons[-1] is None
    for one, other in zip(trace.persons[:-1], back.persons[:-1], strict=True):
        assert one is not None and other is not None
        assert one.image_size == other.image_size and one.left_hand is None is other.left_hand
        assert np.array_equal(np.asarray(one.face), np.asarray(other.face))
    first, second, third = back.persons[:3]
    assert first is not None and second is not None and third is not None
    assert first.pose is second.pose is not third.pose


def test_samples_tell_what_was_measured_anew() -> None:
    """A body that is repeated is seen but not fresh; without a person there is no sample."""
    samples = samples_of(_trace())
    assert len(samples) == 20
    assert Group.LEFT_ARM in samples[2].fresh and Group.LEFT_ARM in samples[3].seen - samples[3].fresh
    assert Group.HEAD in samples[3].fresh


def test_sensor_noise_is_new_each_time_and_small() -> None:
    """Two noisy copies differ from each other and little from the picture."""
    picture = np.full((48, 64, 3), (200, 128, 60), np.uint8)
    rng = np.random.default_rng(0)
    one, other = with_sensor_noise(picture, rng), with_sensor_noise(picture, rng)
    assert (one != other).any()
    assert np.allclose(one.mean((0, 1)), (200, 128, 60), atol=2.0)
    assert 0.5 < one[..., 1].std() < 4.0


def test_stillest_picture_is_found() -> None:
    """It is the one that differs least from its neighbours."""
    levels = [0, 40, 80, 90, 91, 92, 150, 250]
    pictures = [np.full((12, 16, 3), level, np.uint8) for level in levels]
    assert stillest(pictures)[0, 0, 0] == 91


def test_truth_has_no_delay() -> None:
    """A slow wave passes the low-pass that runs both ways unchanged."""
    times_s = np.arange(90) / 30
    wave = np.sin(2 * np.pi * times_s)[:, None]
    assert np.abs(truth_of(Series(times_s=times_s, values=wave)).values - wave)[10:-10].max() < 0.02


def test_quiet_parts_lie_outside_of_the_movement() -> None:
    """A head that turns by 40 degrees in the middle is quiet before and after."""
    times_s = np.arange(120) / 30
    yaw = 20 * np.tanh((times_s - 2.0) * 6)
    runs = quiet_parts(Series(times_s=times_s, values=yaw[:, None]))
    assert len(runs) == 2
    assert runs[0][-1] < 60 < runs[1][0]


@pytest.mark.parametrize("shape", ["step", "ramp", "reach"])
def test_raw_controls_have_no_lag_and_plain_one_euro_has(shape: str) -> None:
    """The measure of lag is right where the answer is known."""
    noise = np.zeros(30)
    raw = respond(Raw, "head_yaw", Group.HEAD, shape, 15.0, noise, 1)
    slow = respond(lambda: PlainOneEuro(1.0, 0.007), "head_yaw", Group.HEAD, shape, 15.0, noise, 1)
    assert abs(raw.lag_ms) < 1.5 and raw.overshoot < 1e-6
    assert slow.lag_ms > 60


def test_movements_go_from_nothing_to_one() -> None:
    """Each begins at 1.5 s and is over after a second at the latest."""
    for shape in ("step", "ramp", "reach"):
        path = movement(shape, np.array([0.0, 1.49, 2.51, 4.0]))
        assert path[:2] == pytest.approx([0.0, 0.0]) and path[2:] == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("shape", ["step", "ramp", "reach"])
def test_ours_is_on_time_and_does_not_overshoot(shape: str) -> None:
    """With half a degree of noise: at most 25 ms late without prediction, at most 5 % too far with it."""
    noise = np.random.default_rng(2).normal(0, 0.5, 60)
    answer = respond(Ours, "head_yaw", Group.HEAD, shape, 15.0, noise, 1)
    assert answer.lag_ms <= 25.0 and answer.overshoot <= 0.05


def test_ours_is_still_where_others_are_not() -> None:
    """Noise of a still person comes out five times smaller, and smaller than One-Euro's."""
    rows = {candidate.name: jitter([_still()], candidate) for candidate in CANDIDATES}
    head = {name: next(row["rms"] for row in found if row["what"] == "head") for name, found in rows.items()}
    assert head["ours"] < 0.2 * head["raw"]
    assert head["ours"] < head["One-Euro 1.0 / 0.007"] < head["raw"]


def test_noise_is_taken_from_still_traces() -> None:
    """What drives the synthetic movements has the spread of the still person's controls."""
    noise = measured_noise([_still()])
    assert noise["left_upper_arm_y"].std() == pytest.approx(0.5, rel=0.2)


def test_prediction_helps_a_head_that_turns_to_and_fro() -> None:
    """Where movement is smooth, what is foretold is nearer than what was."""
    yaw = 20 * np.sin(2 * np.pi * 0.7 * np.arange(120) / 30)
    samples = _samples({"head_yaw": yaw}, 120)
    rows = predictions([Material(name="somebody", kind="clip", raw=samples, legacy=samples)], CANDIDATES[-1])
    head = next(row for row in rows if row["what"] == "head")
    assert head["predicted"] < 0.8 * head["unpredicted"]


def test_blinks_of_one_frame_are_not_counted() -> None:
    """Two frames of a shut lid are a blink, one is not, and ours keeps its peak."""
    lid = np.zeros(90)
    lid[20], lid[40:43] = 0.6, (0.8, 1.0, 0.9)
    samples = _samples({"blink_left": lid}, 90)
    (row,) = blinks([Material(name="somebody", kind="clip", raw=samples, legacy=samples)], CANDIDATES[-1])
    assert row["n"] == 1 and row["worst"] >= 0.9


def test_legacy_smoothing_calms_landmarks_and_keeps_identity() -> None:
    """What was one array stays one array; what shakes shakes less."""
    legacy, rng = LegacyLandmarks(), np.random.default_rng(3)
    good = person({}, face_points=face())
    assert good.face is not None
    noisy, calm = [], []
    for index in range(60):
        points = (good.face + rng.normal(0, 1e-3, good.face.shape)).astype(np.float32)
        seen = replace(good, face=points)
        out = legacy(seen, index / 30)
        assert out.face is not None
        noisy.append(points[1])
        calm.append(out.face[1])
    assert (np.std(calm[20:], axis=0) < 0.9 * np.std(noisy[20:], axis=0)).all()
    assert legacy(good, 3.0).pose is legacy(good, 3.1).pose


def test_replay_gives_a_row_for_each_measurement() -> None:
    """Columns are those that were asked for, the head's as it stands in the world."""
    samples = _samples({"head_yaw": np.full(10, 5.0), "torso_yaw": np.full(10, 10.0)}, 10)
    series = replay(Raw, samples, Group.HEAD, names_of(Group.HEAD))
    assert series.values.shape == (10, 3) and series.values[-1, 0] == pytest.approx(15.0, abs=1e-3)
    assert deviation(Series(times_s=np.arange(90) / 30, values=np.ones((90, 2)))).tolist() == [0.0, 0.0]
    assert samples[0].vector[INDEX["head_yaw"]] == 5.0


def test_tables_show_every_filter() -> None:
    """Rows become tables: ratios to raw, lag with overshoot, and clips in which prediction did not help."""
    rows: list[Row] = []
    for name, share in (("raw", 1.0), ("ours", 0.1)):
        rows += [
            {"filter": name, "measure": "still", "what": "head", "rms": 0.5 * share}
            | {"median": 0.4 * share, "worst": 0.7 * share},
            {"filter": name, "measure": "blinks", "n": 3, "mean": 0.98, "worst": 0.9},
            {"filter": name, "measure": "response", "what": "head_yaw", "shape": "step", "amplitude": 15.0}
            | {"lag_ms": 12.0, "overshoot": 0.021},
            {"filter": name, "measure": "prediction", "what": "head", "clip": "yes", "moves": 2.0}
            | {"unpredicted": 2.0, "predicted": 2.5 - share},
        ]
    assert "| head, degrees | 0.500 (0.400, 0.70) | 0.050, 1/10.0 (0.040, 0.07) |" in still_table(rows)
    assert "98 %" in still_table(rows)
    assert "| `head_yaw`, step of 15 | 12 ms, 2.1 % | 12 ms, 2.1 % |" in response_table(rows)
    assert "| head | 1.50 | 2.40 |" in prediction_table(rows)
    assert "2.00 -> 2.40 (worse)" in clips_table(rows) and "1 of 1" in clips_table(rows)
