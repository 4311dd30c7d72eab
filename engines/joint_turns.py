"""Compiled pieces of turning one joint: vectors of three numbers, rotations (3, 3), and node constraints.

Source of the formulas: `engines.studio.rotations` and `engines.studio.constraints`, which these are tested against.
"""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

from engines.hanging import Constraints, HangingJoints, Kind

F64 = npt.NDArray[np.float64]
Triple = tuple[float, float, float]

#: Directions that are opposite within this share the half turn about some axis across them.
_OPPOSITE = 1e-6
_ROLL, _AIM = int(Kind.ROLL), int(Kind.AIM)


@numba.njit(nogil=True, cache=True)
def turned(matrix: F64, vector: Triple) -> Triple:
    """Return a vector, turned."""
    x, y, z = vector
    return (
        matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z,
        matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z,
        matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z,
    )


@numba.njit(nogil=True, cache=True)
def turned_back(matrix: F64, vector: Triple) -> Triple:
    """Return a vector, turned by a rotation's inverse."""
    x, y, z = vector
    return (
        matrix[0, 0] * x + matrix[1, 0] * y + matrix[2, 0] * z,
        matrix[0, 1] * x + matrix[1, 1] * y + matrix[2, 1] * z,
        matrix[0, 2] * x + matrix[1, 2] * y + matrix[2, 2] * z,
    )


@numba.njit(nogil=True, cache=True)
def row_of(vectors: F64, row: int) -> Triple:
    """Return one of many vectors, (n, 3)."""
    return vectors[row, 0], vectors[row, 1], vectors[row, 2]


@numba.njit(nogil=True, cache=True)
def put(vectors: F64, row: int, vector: Triple) -> None:
    """Write one of many vectors, (n, 3)."""
    vectors[row, 0], vectors[row, 1], vectors[row, 2] = vector


@numba.njit(nogil=True, cache=True)
def dot(one: Triple, other: Triple) -> float:
    """Return a scalar product."""
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


@numba.njit(nogil=True, cache=True)
def plus(one: Triple, other: Triple, factor: float) -> Triple:
    """Return a vector plus a multiple of another."""
    return one[0] + other[0] * factor, one[1] + other[1] * factor, one[2] + other[2] * factor


@numba.njit(nogil=True, cache=True)
def unit(vector: Triple) -> Triple:
    """Return a direction of length 1; a zero vector stays zero."""
    scale = 1.0 / max(math.sqrt(dot(vector, vector)), 1e-12)
    return vector[0] * scale, vector[1] * scale, vector[2] * scale


@numba.njit(nogil=True, cache=True)
def product(one: F64, other: F64, out: F64) -> None:
    """Write the product of two matrices, (3, 3); `out` is neither of them."""
    for i in range(3):
        for j in range(3):
            out[i, j] = one[i, 0] * other[0, j] + one[i, 1] * other[1, j] + one[i, 2] * other[2, j]


@numba.njit(nogil=True, cache=True)
def swing(start: Triple, end: Triple, out: F64) -> None:
    """Write the smallest rotation, (3, 3), that turns one unit direction to another.

    Source: T. Moeller and J. F. Hughes, "Efficiently building a matrix to rotate one vector to another" (1999).
    """
    cosine = dot(start, end)
    if cosine < _OPPOSITE - 1.0:
        x, y, z = abs(start[0]), abs(start[1]), abs(start[2])
        if x <= y and x <= z:
            across = unit((0.0, start[2], -start[1]))
        elif y <= z:
            across = unit((-start[2], 0.0, start[0]))
        else:
            across = unit((start[1], -start[0], 0.0))
        for i in range(3):
            for j in range(3):
                out[i, j] = 2.0 * across[i] * across[j] - (1.0 if i == j else 0.0)
        return
    x = start[1] * end[2] - start[2] * end[1]
    y = start[2] * end[0] - start[0] * end[2]
    z = start[0] * end[1] - start[1] * end[0]
    scale = 1.0 / max(1.0 + cosine, _OPPOSITE)
    out[0, 0], out[1, 1], out[2, 2] = x * x * scale + cosine, y * y * scale + cosine, z * z * scale + cosine
    out[0, 1], out[1, 0] = x * y * scale - z, x * y * scale + z
    out[0, 2], out[2, 0] = x * z * scale + y, x * z * scale - y
    out[1, 2], out[2, 1] = y * z * scale - x, y * z * scale + x


@numba.njit(nogil=True, cache=True)
def part_of(matrix: F64, part: float) -> F64:
    """Return the rotation, (3, 3), by `part` of a rotation's angle about its axis: slerp from rest."""
    if part >= 1.0:
        return matrix
    m = matrix
    # The quaternion's largest component keeps precision at every angle, as in engines.skeleton.
    outer = np.empty((4, 4))
    outer[0, 0], outer[1, 1] = 1 + m[0, 0] + m[1, 1] + m[2, 2], 1 + m[0, 0] - m[1, 1] - m[2, 2]
    outer[2, 2], outer[3, 3] = 1 - m[0, 0] + m[1, 1] - m[2, 2], 1 - m[0, 0] - m[1, 1] + m[2, 2]
    outer[0, 1] = outer[1, 0] = m[2, 1] - m[1, 2]
    outer[0, 2] = outer[2, 0] = m[0, 2] - m[2, 0]
    outer[0, 3] = outer[3, 0] = m[1, 0] - m[0, 1]
    outer[1, 2] = outer[2, 1] = m[0, 1] + m[1, 0]
    outer[1, 3] = outer[3, 1] = m[0, 2] + m[2, 0]
    outer[2, 3] = outer[3, 2] = m[1, 2] + m[2, 1]
    largest = 0
    for row in range(1, 4):
        if outer[row, row] > outer[largest, largest]:
            largest = row
    sign = -1.0 if outer[largest, 0] < 0 else 1.0
    along = (outer[largest, 1] * sign, outer[largest, 2] * sign, outer[largest, 3] * sign)
    sine = math.sqrt(dot(along, along))
    if sine < 1e-12:
        return np.eye(3)
    angle = 2.0 * math.atan2(sine, abs(outer[largest, 0])) * part
    x, y, z = along[0] / sine, along[1] / sine, along[2] / sine
    s, v = math.sin(angle), 1.0 - math.cos(angle)
    out = np.empty((3, 3))
    out[0, 0], out[1, 1], out[2, 2] = 1 - v * (y * y + z * z), 1 - v * (x * x + z * z), 1 - v * (x * x + y * y)
    out[0, 1], out[1, 0] = v * x * y - s * z, v * x * y + s * z
    out[0, 2], out[2, 0] = v * x * z + s * y, v * x * z - s * y
    out[1, 2], out[2, 1] = v * y * z - s * x, v * y * z + s * x
    return out


@numba.njit(nogil=True, cache=True)
def constrained(joints: HangingJoints, joint: int, rotations: F64, offsets: F64, out: F64) -> None:
    """Write a constrained joint's rotation against its parent, T-pose axes, (3, 3).

    Args:
        joints: all of them.
        joint: a constrained one.
        rotations: float64, (J, 3, 3), of skinning matrices; those that the constraint depends on are up to date.
        offsets: float64, (J, 3), their last columns.
        out: float64, (3, 3), written.
    """
    rules: Constraints = joints.constraints
    row, above = joints.constraint[joint], joints.parents[joint]
    parent, source = rotations[above], rules.source[row]
    own, axis = rules.own_axes[row], row_of(rules.axis, row)
    one, two = np.empty((3, 3)), np.empty((3, 3))
    if rules.kind[row] == _AIM:
        place = turned(rotations[source], row_of(rules.source_place, row))
        head = turned(parent, row_of(joints.places, joint))
        towards = plus(plus(place, row_of(offsets, source), 1.0), plus(head, row_of(offsets, above), 1.0), -1.0)
        if math.sqrt(dot(towards, towards)) < 1e-9:
            out[:] = np.eye(3)
            return
        swing(turned(parent, turned(own, axis)), unit(towards), one)
        product(parent.T, one, two)
        product(two, parent, one)
        out[:] = part_of(one, rules.weight[row])
        return
    outer = rules.source_parent[row]
    product(rotations[outer].T if outer >= 0 else np.eye(3), rotations[source], one)
    product(rules.source_axes[row].T, one, two)
    product(two, rules.source_axes[row], one)
    if rules.kind[row] == _ROLL:
        between = rules.between[row]
        product(between, one, two)
        product(two, between.T, one)
        swing(turned(one, axis), axis, two)
        out[:] = one
        product(two, out, one)
    product(own, part_of(one, rules.weight[row]), two)
    product(two, own.T, out)
