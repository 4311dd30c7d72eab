"""VRM animations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines import controls
from engines.controls import INDEX, NAMES
from engines.errors import MotionError
from engines.motion.gltf_animation import interpolated
from engines.motion.pose import performance_controls
from engines.motion.vrma import parse_vrma
from tests.fakes.figure import figure
from tests.fakes.motion_files import build_vrma
from tests.fakes.vrm import build_vrm

_POSE = {
    "left_upper_arm_z": 40.0,
    "left_elbow": 90.0,
    "right_forearm_twist": 50.0,
    "right_wrist_flexion": 30.0,
    "head_yaw": -30.0,
    "torso_pitch": 15.0,
    "root_yaw": 60.0,
    "right_upper_leg_x": -50.0,
    "right_knee": 80.0,
    "left_thumb_curl": 0.7,
    "right_middle_curl": 0.9,
}
_VECTORS = np.stack([controls.controls(), controls.controls(_POSE), controls.controls(_POSE)])
_GOOD = build_vrma(
    _VECTORS, figure().joints, expressions={"aa": [0, 0.5, 0.5], "happy": [0, 1, 1], "blinkLeft": [0, 0, 1]}
)


def test_parse_vrma_nodes_at_any_rest_rotation_give_the_controls_back() -> None:
    """Whatever the nodes' own axes: the same pose comes out, and the expressions with it."""
    found = performance_controls(parse_vrma(_GOOD, "made.vrma", "made"))
    wrong = np.abs(found - _VECTORS)
    face = [INDEX[name] for name in ("aa", "joy", "blink_left", "root_x", "root_y", "gaze_yaw", "gaze_pitch")]
    wrong[:, face] = 0
    assert NAMES[int(wrong.max(axis=0).argmax())] and wrong.max() < 0.2
    assert found[2, [INDEX["aa"], INDEX["joy"], INDEX["blink_left"]]] == pytest.approx([0.5, 1.0, 1.0], abs=1e-3)
    assert found[0, INDEX["joy"]] == 0.0


def test_parse_vrma_standing_figure_stands() -> None:
    """A figure at rest has its root at its height."""
    found = performance_controls(parse_vrma(_GOOD, "made.vrma", "made"))
    assert abs(found[0, INDEX["root_y"]]) < 0.02


def test_interpolated_step_holds_and_cubic_spline_passes_its_points() -> None:
    """STEP keeps a value until the next key; CUBICSPLINE with flat tangents is halfway at half time."""
    times, keys = np.array([0.0, 0.5, 0.9, 1.0, 3.0]), np.array([0.0, 1.0])
    held = interpolated(times, keys, np.array([[0.0], [2.0]]), "STEP", is_rotation=False)
    assert held[:, 0].tolist() == [0, 0, 0, 2, 2]
    spline = np.array([[0.0], [0.0], [0.0], [0.0], [2.0], [0.0]])
    eased = interpolated(times, keys, spline, "CUBICSPLINE", is_rotation=False)
    assert eased[[0, 1, 3], 0] == pytest.approx([0.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "bad.vrma: "),
        (_GOOD[:-50], "bad.vrma: "),
        (build_vrm(), "holds no VRMC_vrm_animation"),
        (_GOOD.replace(b'"hips"', b'"hops"'), "no hips"),
        (_GOOD.replace(b'"rotation"', b'"rotatiom"'), ""),
        (_GOOD.replace(b'"SCALAR"', b'"VEC4"  ', 1), ""),
    ],
)
def test_parse_vrma_bad_file_is_one_line_that_says_so(data: bytes, message: str) -> None:
    """Damaged files are MotionErrors of one line that name the file, or are read without what is damaged."""
    try:
        performance_controls(parse_vrma(data, "bad.vrma", "bad"))
    except MotionError as error:
        assert message in str(error) and "\n" not in str(error)
    else:
        assert not message


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_parse_vrma_mutated_file_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever bytes are changed or cut: controls inside their ranges or a MotionError, nothing else."""
    raw = bytearray(_GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        if data.draw(st.booleans()):
            digits = [i for i in range(12, len(raw)) if 48 <= raw[i] <= 57][:4000]
            raw[data.draw(st.sampled_from(digits))] = data.draw(st.integers(48, 57))
        else:
            raw[at] = data.draw(st.integers(0, 255))
    try:
        performance = parse_vrma(bytes(raw), "fuzz.vrma", "fuzz")
        if len(performance.root_x) > 2000:
            return
        found = performance_controls(performance)
    except MotionError:
        return
    assert np.isfinite(found).all()
    assert (found >= controls.LOW).all() and (found <= controls.HIGH).all()
