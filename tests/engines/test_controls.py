"""The control spec: what it promises to everybody who shares it."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines import controls
from engines.controls import Control
from tests.fakes.poses import control_vectors


def test_names_are_unique_and_indexed_in_order() -> None:
    """A name stands for one place in the vector."""
    assert len(set(controls.NAMES)) == len(controls.SPEC)
    assert [controls.INDEX[name] for name in controls.NAMES] == list(range(len(controls.SPEC)))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in controls.NAMES)


@pytest.mark.parametrize("control", controls.SPEC, ids=lambda control: control.name)
def test_neutral_lies_inside_the_range(control: Control) -> None:
    """Doing nothing is always allowed."""
    assert control.low < control.high
    assert control.low <= control.neutral <= control.high
    if control.unit == "weight":
        assert (control.low, control.high) == (0.0, 1.0)


def test_controls_without_values_is_neutral_and_a_copy() -> None:
    """Writing into a fresh vector does not move everybody's neutral pose."""
    vector = controls.controls()
    assert vector.dtype == np.float32
    assert vector.shape == (len(controls.SPEC),)
    np.testing.assert_array_equal(vector, controls.NEUTRAL)
    vector[:] = 99
    assert controls.NEUTRAL.max() < 99


def test_controls_sets_and_clips_named_values() -> None:
    """A value past the range arrives at the range's end."""
    values = controls.as_dict(controls.controls({"head_yaw": 12.5, "blink_left": 7.0}))
    assert values["head_yaw"] == 12.5
    assert values["blink_left"] == 1.0
    assert values["head_pitch"] == 0.0


def test_controls_with_an_unknown_name_raises() -> None:
    """A misspelt control is an error, not silence."""
    with pytest.raises(KeyError, match="head_jaw"):
        controls.controls({"head_jaw": 1.0})


def test_clipped_replaces_nan_and_infinity() -> None:
    """A tracker's NaN becomes neutral and an infinity the end of the range."""
    vector = controls.controls()
    vector[controls.INDEX["left_elbow"]] = np.nan
    vector[controls.INDEX["head_yaw"]] = np.inf
    vector[controls.INDEX["head_pitch"]] = -np.inf
    values = controls.as_dict(controls.clipped(vector))
    assert values["left_elbow"] == 8.0
    assert values["head_yaw"] == 70.0
    assert values["head_pitch"] == -50.0


@given(st.lists(st.floats(width=32), min_size=len(controls.SPEC), max_size=len(controls.SPEC)))
def test_clipped_is_always_inside_the_ranges(values: list[float]) -> None:
    """Whatever goes in, what comes out may be drawn."""
    vector = controls.clipped(np.array(values, np.float32))
    assert vector.dtype == np.float32
    assert (vector >= controls.LOW).all()
    assert (vector <= controls.HIGH).all()
    np.testing.assert_array_equal(controls.clipped(vector), vector)


@given(control_vectors())
def test_mirrored_twice_is_the_same_pose(vector: controls.ControlVector) -> None:
    """A mirror image's mirror image is the original."""
    np.testing.assert_array_equal(controls.mirrored(controls.mirrored(vector)), vector)


@given(control_vectors())
def test_mirrored_stays_inside_the_ranges(vector: controls.ControlVector) -> None:
    """The spec is symmetrical: whatever one side may do, the other may."""
    mirror = controls.mirrored(vector)
    np.testing.assert_array_equal(controls.clipped(mirror), mirror)


def test_mirrored_neutral_is_neutral() -> None:
    """The neutral pose has no side."""
    np.testing.assert_array_equal(controls.mirrored(controls.NEUTRAL), controls.NEUTRAL)


def test_mirrored_swaps_sides_and_turns_signs() -> None:
    """A left wink with the head to the left mirrors to a right wink with the head to the right."""
    values = controls.as_dict(
        controls.mirrored(
            controls.controls({"blink_left": 1.0, "head_yaw": 20.0, "head_pitch": 5.0, "right_elbow": 90.0})
        )
    )
    assert values["blink_right"] == 1.0
    assert values["blink_left"] == 0.0
    assert values["head_yaw"] == -20.0
    assert values["head_pitch"] == 5.0
    assert values["left_elbow"] == 90.0


def test_mirrored_takes_batches() -> None:
    """A clip of poses mirrors frame by frame."""
    clip = np.stack([controls.controls({"head_yaw": yaw}) for yaw in (-10.0, 0.0, 30.0)])
    assert controls.mirrored(clip)[:, controls.INDEX["head_yaw"]].tolist() == [10.0, 0.0, -30.0]


@given(control_vectors())
def test_normalised_is_bounded_by_two(vector: controls.ControlVector) -> None:
    """Offsets from neutral in half ranges never pass the whole range."""
    scaled = controls.normalised(vector)
    assert scaled.dtype == np.float32
    assert np.abs(scaled).max() <= 2.0 + 1e-6


def test_normalised_neutral_is_zero_and_follows_the_names() -> None:
    """Networks see zero for neutral, in the order that was asked for."""
    assert not controls.normalised(controls.NEUTRAL).any()
    vector = controls.controls({"head_yaw": 35.0, "blink_left": 0.5})
    assert controls.normalised(vector, ("blink_left", "head_yaw")).tolist() == [1.0, 0.5]
    assert controls.normalised(np.stack([vector, vector]), ("head_yaw",)).shape == (2, 1)


def test_portrait_and_face_names_are_runs_of_the_spec() -> None:
    """The portrait leaves out the legs and the root; the face is a part of the portrait."""
    assert controls.NAMES[: len(controls.PORTRAIT_NAMES)] == controls.PORTRAIT_NAMES
    assert not any("leg" in name or name.startswith("root") for name in controls.PORTRAIT_NAMES)
    assert set(controls.FACE_NAMES) < set(controls.PORTRAIT_NAMES)
    assert {"blink_left", "aa", "smile", "gaze_yaw"} <= set(controls.FACE_NAMES)


def test_spec_hash_is_sixteen_hex_digits_and_stable() -> None:
    """The hash is a property of the spec, not of the process."""
    assert re.fullmatch(r"[0-9a-f]{16}", controls.spec_hash())
    assert controls.spec_hash() == controls.spec_hash()


@pytest.mark.parametrize(
    "change", [{"name": "nod"}, {"unit": "ratio"}, {"low": -71.0}, {"high": 71.0}, {"neutral": 1.0}]
)
def test_spec_hash_changes_with_any_field(change: dict[str, Any]) -> None:
    """Data made for another spec can always be told."""
    changed = dataclasses.replace(controls.SPEC[0], **change)
    assert controls.spec_hash((changed, *controls.SPEC[1:])) != controls.spec_hash()


def test_spec_hash_changes_with_order_length_and_version() -> None:
    """The order is part of the contract, and so is the version."""
    hashes = {
        controls.spec_hash(),
        controls.spec_hash(controls.SPEC[::-1]),
        controls.spec_hash(controls.SPEC[:-1]),
        controls.spec_hash(version=controls.SPEC_VERSION + 1),
    }
    assert len(hashes) == 4


def test_as_dict_keeps_the_order_and_refuses_another_length() -> None:
    """A vector of the wrong length is not quietly cut."""
    assert tuple(controls.as_dict(controls.NEUTRAL)) == controls.NAMES
    assert not any(math.isnan(value) for value in controls.as_dict(controls.NEUTRAL).values())
    with pytest.raises(ValueError, match=r"shorter|longer"):
        controls.as_dict(controls.NEUTRAL[:-1])
