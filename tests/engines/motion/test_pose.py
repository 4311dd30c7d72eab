"""From a performance to control vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engines import controls
from engines.controls import HIGH, INDEX, LOW, SIDES, SPEC, as_dict
from engines.motion.pose import ankles, performance_controls
from engines.motion.rotation import about
from engines.skeleton import BONE_INDEX
from tests.fakes.motion import performance_of, world_rotations

_UNIT = st.floats(0.0, 1.0, width=32)


@settings(max_examples=60, deadline=None)
@given(arrays(np.float32, len(SPEC), elements=_UNIT))
def test_performance_controls_any_pose_comes_back(share: npt.NDArray[np.float32]) -> None:
    """Controls -> rotations -> controls gives the same pose: rotations within a degree, other controls within 0.01."""
    vector = (LOW + (HIGH - LOW) * share).astype(np.float32)
    for prefix in ("head", "torso", "root"):
        vector[INDEX[f"{prefix}_pitch"]] *= 0.95  # at 90 degrees yaw and roll are one
    for side in SIDES:
        for bone in ("upper_arm", "upper_leg"):
            index = [INDEX[f"{side}_{bone}_{axis}"] for axis in "xyz"]
            vector[index] *= min(1.0, 165.0 / max(float(np.linalg.norm(vector[index])), 1e-6))
    found = performance_controls(performance_of(vector[None]))[0]
    assert np.abs(world_rotations(found) - world_rotations(vector)).max() < np.radians(1.0)
    others = [index for index, control in enumerate(SPEC) if control.unit != "deg"]
    assert np.abs(found - vector)[others].max() < 0.01


def test_performance_controls_raised_left_arm_is_the_left_arm() -> None:
    """A left arm turned up about +Z is `left_upper_arm_z` > 0, and the right arm stays neutral."""
    vector = controls.controls({"left_upper_arm_z": 60.0, "left_elbow": 0.0})
    found = as_dict(performance_controls(performance_of(vector[None]))[0])
    assert abs(found["left_upper_arm_z"] - 60.0) < 0.1
    assert abs(found["right_upper_arm_z"] + 72.0) < 0.1


def test_performance_controls_forearm_out_of_the_hinge_keeps_its_direction() -> None:
    """A forearm bent upwards instead of forwards points where it did: the upper arm turned about itself."""
    straight = performance_of(controls.controls({"left_upper_arm_z": 0.0, "left_elbow": 0.0})[None])
    up = about("z", np.array([70.0]))
    bent = replace(straight, rotations=dict(straight.rotations) | {"left_lower_arm": up, "left_hand": up})
    vector = performance_controls(bent)[0]
    world = world_rotations(vector)
    assert np.abs(world[BONE_INDEX["left_lower_arm"]][:, 0] - up[0, :, 0]).max() < 0.01
    assert np.abs(world[BONE_INDEX["left_upper_arm"]][:, 0] - [1, 0, 0]).max() < 0.01
    assert abs(vector[INDEX["left_elbow"]] - 70.0) < 0.5


def test_performance_controls_spin_passes_half_a_turn_without_clipping() -> None:
    """A body that spins once round keeps its yaw right in every frame."""
    vectors = np.tile(controls.controls(), (72, 1))
    performance = performance_of(vectors)
    yaw = np.arange(72) * 5.0
    spun = replace(
        performance, rotations={bone: about("y", yaw) @ turn for bone, turn in performance.rotations.items()}
    )
    found = performance_controls(spun)[:, INDEX["root_yaw"]]
    assert np.abs((found - yaw + 180.0) % 360.0 - 180.0).max() < 0.1


def test_performance_controls_arm_that_circles_never_jumps() -> None:
    """An arm that goes past straight up behind the head moves its controls by less than 30 degrees a frame."""
    angles = np.linspace(-72.0, 165.0, 60)
    vectors = np.stack([controls.controls({"left_upper_arm_z": float(angle)}) for angle in angles])
    found = performance_controls(performance_of(vectors))
    index = [INDEX[f"left_upper_arm_{axis}"] for axis in "xyz"]
    assert np.abs(np.diff(found[:, index], axis=0)).max() < 30.0


def test_performance_controls_bent_knees_lower_the_hips() -> None:
    """With the ankles on the ground a squat has `root_y` < 0, and the feet stay level."""
    squat = controls.controls(
        {
            f"{side}_{name}": value
            for side in SIDES
            for name, value in (("upper_leg_x", -70.0), ("knee", 110.0), ("ankle", -40.0))
        }
    )
    performance = replace(performance_of(squat[None]), ankles=np.zeros((1, 2, 2)))
    found = as_dict(performance_controls(performance)[0])
    assert -0.6 < found["root_y"] < -0.2


def test_performance_controls_standing_foot_stays_while_the_body_sways() -> None:
    """A leg that tilts over a foot at rest moves the root aside, not the foot."""
    sway = np.stack([controls.controls({"left_upper_leg_z": float(angle)}) for angle in np.linspace(0, 30, 10)])
    lifted = np.zeros((10, 2, 2))
    lifted[:, 1, 1] = 0.5
    found = performance_controls(replace(performance_of(sway), ankles=lifted))
    foot = ankles(found)[:, 0, 0] + found[:, INDEX["root_x"]]
    assert np.abs(foot - foot[0]).max() < 0.03  # it comes back slowly
    assert found[-1, INDEX["root_x"]] < found[0, INDEX["root_x"]] - 0.3


def test_performance_controls_without_arms_leaves_fingers_neutral() -> None:
    """A source without finger joints leaves the curls at their neutral value."""
    performance = performance_of(controls.controls({"left_index_curl": 1.0})[None])
    bare = replace(performance, rotations={"hips": performance.rotations["hips"]})
    assert abs(as_dict(performance_controls(bare)[0])["left_index_curl"] - 0.2) < 1e-6
