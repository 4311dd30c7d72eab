"""Structure maps: things are where the camera sees them, and values only where they act."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from engines import affine
from engines.controls import controls
from engines.framing import FRAMINGS, Framing, camera_of
from engines.skeleton import BONE_INDEX, forward_kinematics
from engines.teacher.structure_maps import (
    PACKED_ONE,
    STRUCTURE,
    STRUCTURE_CHANNELS,
    StructureMaps,
    packed,
)
from tests.fakes.figure import figure

F32 = npt.NDArray[np.float32]
SIZE = 64


def maps(framing: Framing = "portrait", **values: float) -> dict[str, F32]:
    """Return the maps of a pose by name, (SIZE, SIZE) each."""
    drawn = StructureMaps(figure(), camera_of(framing, figure())).draw(controls(values), SIZE)
    return dict(zip(STRUCTURE, drawn, strict=True))


def centre(channel: F32) -> tuple[float, float]:
    """Return the centre of gravity of a map, x and y in 0..1."""
    axis = (np.arange(SIZE) + 0.5) / SIZE
    total = channel.sum()
    return float((channel.sum(0) * axis).sum() / total), float((channel.sum(1) * axis).sum() / total)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_maps_are_bounded_and_finite_in_both_framings(framing: Framing) -> None:
    """Every channel lies within -1..1 whatever the pose."""
    values = {"head_yaw": 50.0, "left_upper_arm_z": 60.0, "left_elbow": 120.0, "right_thumb_curl": 1.0, "aa": 1.0}
    drawn = np.stack(list(maps(framing, **values).values()))
    assert drawn.shape == (STRUCTURE_CHANNELS, SIZE, SIZE)
    assert drawn.dtype == np.float32
    assert np.isfinite(drawn).all()
    assert np.abs(drawn).max() <= 1.001


@pytest.mark.parametrize("framing", FRAMINGS)
def test_hand_is_painted_where_its_joint_is_seen(framing: Framing) -> None:
    """The capsule of the raised left hand lies at the joint that forward kinematics and camera give."""
    values = {"left_upper_arm_z": 20.0, "left_elbow": 90.0, "left_upper_arm_x": -90.0}
    vector = controls(values)
    matrix = forward_kinematics(vector, figure())[BONE_INDEX["left_hand"]]
    joints = figure().joints
    middle = (joints[BONE_INDEX["left_hand"]] + joints[BONE_INDEX["left_middle_proximal"]]) / 2
    place = affine.apply(camera_of(framing, figure()), (matrix[:3, :3] @ middle + matrix[:3, 3])[:2])
    assert centre(maps(framing, **values)["left_hand"]) == pytest.approx(tuple(place.tolist()), abs=0.02)


def test_legs_are_in_the_full_figure_and_not_in_the_portrait() -> None:
    """A portrait ends above the hips; the channels are the same in both."""
    assert maps("full")["left_foot"].max() > 0.9
    assert maps("portrait")["left_foot"].max() == 0


def test_blink_is_painted_on_its_own_eye_only() -> None:
    """The subject's left is picture right; a blink changes nothing elsewhere and no other channel."""
    still, blinking = maps(), maps(blink_left=1.0)
    changed = [name for name in STRUCTURE if not np.array_equal(still[name], blinking[name])]
    assert changed == ["blink"]
    assert centre(blinking["blink"])[0] > 0.5
    half = SIZE // 2
    assert blinking["blink"][:, :half].max() < 0.1 * blinking["blink"].max()


def test_eyes_and_irises_follow_the_head_and_the_gaze() -> None:
    """Turning the head moves the eyes' discs; looking aside moves the irises inside of them."""
    still, turned, looking = maps(), maps(head_yaw=30.0), maps(gaze_yaw=30.0)
    assert centre(turned["eyes"])[0] > centre(still["eyes"])[0] + 0.01
    assert centre(looking["eyes"]) == pytest.approx(centre(still["eyes"]), abs=1e-4)
    assert centre(looking["irises"])[0] > centre(still["irises"])[0] + 0.005


def test_face_is_gone_from_behind_and_the_head_knows_its_back() -> None:
    """A figure turned round shows no face channel, and the ball of the head shows cells with z below 0."""
    behind = maps("full", root_yaw=180.0)
    for name in ("face", "eyes", "mouth", "brows", "irises"):
        assert behind[name].max() == 0, name
    assert behind["head_z"].min() < -0.9
    assert maps("full")["head_z"].max() > 0.9


def test_nearer_limb_wins_the_depth() -> None:
    """A hand before the chest is nearer than the chest: positive depth, in its arm's channel too."""
    before = maps(left_upper_arm_x=-60.0, left_upper_arm_z=-40.0, left_upper_arm_y=-70.0, left_elbow=70.0)
    hand = before["left_hand"] > 0.8
    assert hand.any()
    assert before["depth"][hand].mean() > 0.1
    assert before["left_arm_depth"][hand].mean() > 0.1
    assert before["right_arm_depth"][hand].max() < before["left_arm_depth"][hand].mean()


def test_arm_knows_places_along_and_across_it() -> None:
    """Along grows from shoulder to fingers; above and below the stretched arm, across has two signs."""
    stretched = maps("full", left_upper_arm_z=0.0, left_elbow=0.0)
    arm = np.maximum(stretched["left_upper_arm"], stretched["left_lower_arm"])
    rows, columns = np.nonzero(arm > 0.9)
    along = stretched["left_arm_along"][rows, columns]
    assert along[columns.argmin()] < -0.7
    assert along[columns.argmax()] > 0.2
    middle = SIZE * float(np.mean(rows)) / SIZE
    across = stretched["left_arm_across"]
    column = int(np.median(columns))
    assert across[int(middle) - 2, column] * across[int(middle) + 3, column] < 0


def test_chest_frame_turns_with_the_chest() -> None:
    """Its right and up grow to the right and upwards, and tip with the torso."""
    still, tipped = maps(), maps(torso_roll=30.0)
    half = SIZE // 2
    assert still["chest_right"][:, half + 4 :].sum() > 0 > still["chest_right"][:, : half - 4].sum()
    assert still["chest_up"][: half + 4].sum() > 0
    assert not np.allclose(still["chest_right"], tipped["chest_right"], atol=0.1)


def test_fingers_and_forearm_show_in_the_maps() -> None:
    """Curling a finger and turning the palm change the channels that say so."""
    raised = {"left_upper_arm_z": 30.0, "left_elbow": 60.0, "left_upper_arm_x": -90.0}
    still = maps("full", **raised)
    curled, turned = maps("full", **raised, left_index_curl=1.0), maps("full", **raised, left_forearm_twist=90.0)
    assert not np.allclose(still["left_index"], curled["left_index"], atol=0.05)
    assert np.allclose(still["left_little"], curled["left_little"])
    assert not np.allclose(still["palm_z"], turned["palm_z"], atol=0.2)


def test_coarser_maps_are_the_finer_ones_blurred() -> None:
    """One size can stand in for another: the networks scale one set of maps to all their resolutions."""
    drawer = StructureMaps(figure(), camera_of("portrait", figure()))
    fine, coarse = drawer.draw(controls(), 128), drawer.draw(controls(), 64)
    mean = fine.reshape(STRUCTURE_CHANNELS, 64, 2, 64, 2).mean(axis=(2, 4))
    assert np.abs(mean - coarse).mean() < 0.01


def test_packed_maps_are_int8_and_exact_to_half_a_step() -> None:
    """Zero stays zero."""
    drawn = StructureMaps(figure(), camera_of("portrait", figure())).draw(controls(), 32)
    small = packed(drawn)
    assert small.dtype == np.int8
    assert np.abs(small / PACKED_ONE - drawn).max() <= 0.51 / PACKED_ONE + 1e-3
    assert not small[drawn == 0].any()
