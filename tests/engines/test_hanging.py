"""Joints that move by themselves, as arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engines.hanging import HangingJoints, check, from_arrays, to_arrays
from engines.skeleton import BONES
from engines.studio.hanging_joints import hanging_joints
from tests.fakes.swinging import collide_1, constrain, document_with_chain, load, node_of, springs_1


@pytest.fixture
def joints(tmp_path: Path) -> HangingJoints:
    """Return joints with springs, a collider and a constraint."""
    document, binary = document_with_chain(links=4)
    extension = springs_1(document, hitRadius=0.02)
    collide_1(extension, node_of(document, "head"), {"sphere": {"offset": [0, 0, 0], "radius": 0.1}})
    constrain(document, "strand 0", "roll", "leftLowerArm", rollAxis="X")
    return hanging_joints(load(document, binary, tmp_path))


def test_hanging_joints_constraint_goes_before_spring(joints: HangingJoints) -> None:
    """A joint with both obeys its constraint, and all joints come after what they depend on."""
    first = len(BONES)
    assert joints.constraint[first] == 0
    assert joints.spring[first] == -1
    assert (joints.spring[first + 1 :] >= 0).any()
    place = {int(joint): number for number, joint in enumerate(joints.order)}
    assert all(place.get(int(joints.parents[joint]), -1) < number for joint, number in place.items())
    assert (joints.levels[0], joints.levels[-1]) == (0, len(joints.order))


def test_from_arrays_reads_what_to_arrays_wrote(joints: HangingJoints) -> None:
    """Whole numbers come back as they were, others in single precision."""
    stored = to_arrays(joints)
    assert {array.dtype for array in stored.values()} == {np.dtype(np.int16), np.dtype(np.float32)}
    again = from_arrays(stored)
    for ours, theirs in ((again, joints), (again.springs, joints.springs), (again.colliders, joints.colliders)):
        for name, value in theirs._asdict().items():
            if isinstance(value, np.ndarray):
                assert getattr(ours, name).dtype == value.dtype
                np.testing.assert_allclose(getattr(ours, name), value, atol=1e-6)
    np.testing.assert_allclose(again.constraints.own_axes, joints.constraints.own_axes, atol=1e-6)


def test_from_arrays_something_missing_is_refused(joints: HangingJoints) -> None:
    """Half a description is none."""
    stored = to_arrays(joints)
    del stored["springs_drag"]
    with pytest.raises(KeyError, match="springs_drag"):
        from_arrays(stored)


def _put(values: npt.NDArray[Any], number: float) -> npt.NDArray[Any]:
    changed = values.copy()
    changed.reshape(-1)[-1] = number
    return changed


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("parents", 200), ("parents", -1), ("bones", len(BONES)), ("spring", 90), ("constraint", 7), ("order", 3),
        ("order", 999), ("levels", 99), ("springs_centre", 500), ("springs_collides", 1), ("colliders_joint", -1),
        ("colliders_side", 3), ("constraints_kind", 3), ("constraints_source", 999), ("constraints_source_parent", -2),
        ("places", np.nan), ("springs_reach", np.nan), ("springs_drag", 1.5), ("springs_widest_cos", -2.0),
        ("constraints_weight", np.inf),
    ],
)  # fmt: skip
def test_from_arrays_numbers_that_lead_astray_are_refused(joints: HangingJoints, name: str, number: float) -> None:
    """Compiled loops never see an index beyond the arrays or a number that is none."""
    stored = to_arrays(joints)
    stored[name] = _put(stored[name], number)
    with pytest.raises(ValueError, match=name):
        from_arrays(stored)


def test_from_arrays_other_shapes_are_refused(joints: HangingJoints) -> None:
    """Arrays that are too short are named."""
    stored = to_arrays(joints)
    stored["springs_gravity"] = stored["springs_gravity"][1:]
    with pytest.raises(ValueError, match="springs_gravity: got shape"):
        from_arrays(stored)
    stored = to_arrays(joints)
    stored["parents"] = stored["parents"][:5]
    with pytest.raises(ValueError, match="joints: got 5"):
        from_arrays(stored)


def test_check_other_precision_is_refused(joints: HangingJoints) -> None:
    """The loops are compiled for one kind of number."""
    with pytest.raises(ValueError, match="places: got float32"):
        check(joints._replace(places=joints.places.astype(np.float32)))
