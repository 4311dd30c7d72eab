"""Where a hand points and how far its fingers are curled."""

from __future__ import annotations

import numpy as np
import pytest

from engines.controls import FINGERS, INDEX, SIDES
from realtime.retargeting.hand import HandFrame, curls, hand_frame
from realtime.retargeting.limb import Side
from realtime.retargeting.retarget import Retarget
from realtime.retargeting.side_arm import hand_points
from tests.fakes.person import person


def _curls(side: Side, values: dict[str, float]) -> list[float]:
    points = hand_points(side, person(values, with_hands=SIDES))
    assert points is not None
    return [float(curl) for curl in curls(side, points)]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("number", range(5))
def test_curl_of_one_finger_grows_alone(side: Side, number: int) -> None:
    """From flat to fist the finger's number rises from 0 to 1, and the others stay flat."""
    flat = {f"{side}_{finger}_curl": 0.0 for finger in FINGERS}
    found = np.array([_curls(side, flat | {f"{side}_{FINGERS[number]}_curl": curl}) for curl in (0.0, 0.5, 1.0)])
    assert found[0, number] < 0.25 and found[2, number] > 0.75
    assert found[1, number] - found[0, number] > 0.1 and found[2, number] - found[1, number] > 0.1
    others = np.delete(found, number, axis=1)
    assert (np.ptp(others, axis=0) < 0.02).all()


@pytest.mark.parametrize("side", SIDES)
def test_curls_do_not_depend_on_where_the_arm_points(side: Side) -> None:
    """A hand that is turned as a whole keeps its numbers."""
    fist = {f"{side}_{finger}_curl": 0.7 for finger in FINGERS}
    turned = fist | {f"{side}_elbow": 90.0, f"{side}_forearm_twist": 70.0, f"{side}_upper_arm_y": -40.0}
    assert np.allclose(_curls(side, fist), _curls(side, turned), atol=0.01)


@pytest.mark.parametrize("side", SIDES)
def test_wrist_and_fingers_reach_the_controls(side: Side) -> None:
    """A seen hand moves wrist and fingers of its own side only."""
    pose = {
        f"{side}_upper_arm_z": -20.0,
        f"{side}_elbow": 0.0,
        f"{side}_wrist_flexion": 40.0,
        f"{side}_wrist_deviation": 15.0,
    }
    pose |= {f"{side}_{finger}_curl": 1.0 for finger in FINGERS}
    found = Retarget()(person(pose, with_hands=(side,)), 0.0)
    assert found.vector[INDEX[f"{side}_wrist_flexion"]] == pytest.approx(40, abs=8)
    assert found.vector[INDEX[f"{side}_wrist_deviation"]] == pytest.approx(15, abs=8)
    assert all(found.vector[INDEX[f"{side}_{finger}_curl"]] > 0.7 for finger in FINGERS)
    groups = {str(group) for group in found.confidence}
    assert f"{side}_hand" in groups
    assert len(groups & {"left_hand", "right_hand"}) == 1


def test_hand_without_extent_has_no_frame() -> None:
    """Points that coincide say nothing."""
    assert hand_frame(np.zeros((21, 3))) is None
    assert HandFrame.of(np.zeros(3), np.ones(3), np.ones(3)) is None
    assert np.isfinite(curls("left", np.zeros((21, 3)))).all()
