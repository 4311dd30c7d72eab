"""Builds: nothing changes at 1, measures change as said, neighbours stay together."""

from __future__ import annotations

import numpy as np
import pytest

from engines.build import BUILD_NAMES, Build, Reshaping
from engines.skeleton import BONE_INDEX, Proportions
from tests.fakes.figure import figure


def _apart(proportions: Proportions, one: str, other: str) -> float:
    joints = proportions.joints
    return float(np.linalg.norm(joints[BONE_INDEX[one]] - joints[BONE_INDEX[other]]))


def _ratio(build: Build, one: str, other: str) -> float:
    return _apart(Reshaping(build, figure()).proportions(), one, other) / _apart(figure(), one, other)


def test_build_of_ones_leaves_every_joint_and_point() -> None:
    """Factors of 1 are the identity."""
    shape, before = Reshaping(Build(), figure()), figure()
    assert np.allclose(shape.proportions().joints, before.joints, atol=1e-6)
    points = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    bones = np.random.default_rng(1).integers(0, len(before.joints), (50, 4))
    assert np.allclose(shape.points(points, bones, np.full((50, 4), 0.25)), points, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("legs", "left_upper_leg", "left_lower_leg"),
        ("arms", "right_lower_arm", "right_hand"),
        ("neck", "neck", "head"),
        ("torso", "spine", "chest"),
        ("shoulders", "left_upper_arm", "right_upper_arm"),
        ("hips", "left_upper_leg", "right_upper_leg"),
        ("hands", "left_index_proximal", "left_index_distal"),
    ],
)
def test_length_grows_by_its_factor(name: str, one: str, other: str) -> None:
    """What is said to be a tenth longer is a tenth longer, a tolerance for bones that stand askew."""
    assert _ratio(Build(**{name: 1.1}), one, other) == pytest.approx(1.1, abs=0.01)


def test_head_grows_without_the_trunk() -> None:
    """A larger head has its eyes further apart and stands on the same shoulders."""
    after, before = Reshaping(Build(head=1.2), figure()).proportions(), figure()
    assert float(after.left_eye[0] - after.right_eye[0]) == pytest.approx(
        1.2 * float(before.left_eye[0] - before.right_eye[0]), rel=1e-4
    )
    assert np.allclose(after.joints[BONE_INDEX["chest"]], before.joints[BONE_INDEX["chest"]], atol=1e-6)
    assert after.head_top > before.head_top


def test_longer_legs_keep_the_soles_on_the_ground() -> None:
    """Feet stay at the height of their ankles; everything else rises."""
    after, before = Reshaping(Build(legs=1.2), figure()).proportions(), figure()
    foot, hips = BONE_INDEX["left_foot"], BONE_INDEX["hips"]
    assert after.joints[foot, 1] == pytest.approx(before.joints[foot, 1], abs=1e-5)
    assert after.joints[hips, 1] > before.joints[hips, 1]


@pytest.mark.parametrize("bone", ["left_lower_arm", "right_lower_leg", "head", "neck", "left_hand"])
def test_maps_of_neighbours_agree_at_the_joint_between_them(bone: str) -> None:
    """A point in a joint goes to one place, whichever of the two bones it follows: surfaces stay whole."""
    from engines.skeleton import PARENT

    build = Build(head=1.1, legs=0.9, arms=1.1, girth=0.9, shoulders=1.1, neck=1.2, hands=0.9)
    shape, index = Reshaping(build, figure()), BONE_INDEX[bone]
    place = figure().joints[[index, index]]
    own, parent = shape.at(place, np.array([index, PARENT[index]]))
    assert np.allclose(own, parent, atol=1e-6)


def test_eyes_grow_about_themselves_and_fade_out() -> None:
    """Around an eye things part, the mouth and the crown stay where they are."""
    shape, before = Reshaping(Build(eye_size=1.2), figure()), figure()
    head = np.full(4, BONE_INDEX["head"])
    beside = before.left_eye + np.array([0.01, 0, 0])
    points = np.stack([before.left_eye, beside, before.mouth, [0.0, before.head_top, 0.0]])
    after = shape.at(points, head)
    assert np.allclose(after[[0, 2, 3]], points[[0, 2, 3]], atol=1e-3)
    assert after[1, 0] > beside[0] + 5e-4


def test_morph_ends_stay_smooth_under_the_eyes_map() -> None:
    """No point overtakes its neighbour: the map does not fold."""
    for factor in (0.85, 1.2):
        shape = Reshaping(Build(eye_size=factor, eye_distance=factor), figure())
        x = np.linspace(-0.12, 0.12, 200)
        line = np.stack([x, np.full_like(x, figure().left_eye[1]), np.full_like(x, 0.09)], axis=1)
        after = shape.at(line, np.full(len(x), BONE_INDEX["head"]))
        assert (np.diff(after[:, 0]) > 0).all()


@pytest.mark.parametrize("value", [0.1, 3.0, float("nan")])
def test_factor_out_of_range_is_refused(value: float) -> None:
    """The message names the factor and the range."""
    with pytest.raises(ValueError, match=r"legs: got .* expected 0\.5 to 2"):
        Build(legs=value)


def test_names_are_the_factors() -> None:
    """Files write builds by these names."""
    assert set(BUILD_NAMES) >= {"head", "legs", "eye_size"}
