"""A figure of another build, and the build that makes one figure as another is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engines.build import LARGEST, LEAST, Build, Reshaping
from engines.figure import Figure, Morph
from engines.hanging import HangingJoints, Side
from engines.skeleton import BONE_INDEX, Proportions

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


def reshaped(figure: Figure, proportions: Proportions, build: Build) -> tuple[Figure, Proportions]:
    """Return a figure and its proportions with another build."""
    if build == Build():
        return figure, proportions
    shape = Reshaping(build, proportions)
    bones, weights = figure.joints.bones[figure.joint_ids], figure.joint_weights
    before = np.einsum("nk,nkc->nc", weights, np.broadcast_to(figure.places, (len(bones), 4, 3)))
    after = shape.points(before, bones, weights)
    morphs = {}
    for name, morph in figure.morphs.items():
        own = morph.vertices
        ends = shape.points(before[own] + morph.deltas, bones[own], weights[own])
        morphs[name] = Morph(vertices=own, deltas=(ends - after[own]).astype(np.float32))
    changed = replace(
        figure,
        places=(figure.places + (after - before)[:, None]).astype(np.float32),
        normals=shape.normals(figure.normals, bones, weights).astype(np.float32),
        joints=_joints(figure.joints, shape),
        morphs=morphs,
    )
    return changed, shape.proportions()


def build_towards(proportions: Proportions, other: Proportions, share: float) -> Build:
    """Return the build that brings a figure `share`, 0..1, of the way to another's measures."""
    own, theirs = _measures(proportions), _measures(other)
    factors = {name: float(np.clip((1 - share) + share * theirs[name] / own[name], LEAST, LARGEST)) for name in own}
    return Build(**factors)


def _measures(proportions: Proportions) -> dict[str, float]:
    """Return lengths in metres, by the names of :class:`Build`; the distance of the eyes is in parts of the head."""
    joints = proportions.joints.astype(np.float64)

    def at(name: str) -> F64:
        return np.asarray(joints[BONE_INDEX[name]])

    def apart(one: str, other: str) -> float:
        return max(float(np.linalg.norm(at(one) - at(other))), 1e-3)

    eyes = max(float(np.linalg.norm(proportions.left_eye - proportions.right_eye)), 1e-3)
    middle = (proportions.left_eye + proportions.right_eye) / 2
    face = max(float(np.linalg.norm(middle - proportions.mouth)), 1e-3)
    head = float(np.sqrt(eyes * face))
    return {
        "head": head,
        "neck": apart("neck", "head"),
        "torso": apart("hips", "neck"),
        "shoulders": apart("left_upper_arm", "right_upper_arm"),
        "hips": apart("left_upper_leg", "right_upper_leg"),
        "arms": apart("left_upper_arm", "left_hand"),
        "legs": apart("left_upper_leg", "left_foot"),
        "hands": apart("left_hand", "left_middle_proximal"),
        "girth": float(np.sqrt(apart("hips", "neck") * apart("left_upper_arm", "right_upper_arm"))),
        "eye_distance": eyes / head,
    }


def _joints(joints: HangingJoints, shape: Reshaping) -> HangingJoints:
    """Return joints, springs and colliders on the reshaped figure; springs bend as far as before."""
    places = shape.at(joints.places, joints.bones)
    springs, colliders, rules = joints.springs, joints.colliders, joints.constraints
    swinging = np.flatnonzero(joints.spring >= 0)
    swinging = swinging[np.argsort(joints.spring[swinging])]
    if len(swinging) and len(swinging) == len(springs.lengths):
        bone = joints.bones[swinging]
        tails = shape.at(joints.places[swinging] + springs.axes * springs.lengths[:, None], bone) - places[swinging]
        lengths = np.linalg.norm(tails, axis=1)
        grown = lengths / np.maximum(springs.lengths, 1e-12)
        reach = springs.reach
        if len(colliders.joint):
            size = shape.size(joints.bones[colliders.joint])
            reach = reach * np.where(springs.collides >= 0, size[springs.collides], 1.0)
        springs = springs._replace(
            axes=np.ascontiguousarray(tails / np.maximum(lengths[:, None], 1e-12)),
            lengths=np.ascontiguousarray(lengths),
            pulls=np.ascontiguousarray(springs.pulls * grown[:, None]),
            gravity=np.ascontiguousarray(springs.gravity * grown[:, None]),
            reach=np.ascontiguousarray(reach),
        )
    if len(colliders.joint):
        bone = joints.bones[colliders.joint]
        start, end = shape.at(colliders.start, bone), shape.at(colliders.end, bone)
        plane = colliders.side == Side.ABOVE
        end[plane] = start[plane] + (colliders.end - colliders.start)[plane]
        colliders = colliders._replace(start=start, end=end)
    if len(rules.kind):
        rules = rules._replace(source_place=shape.at(rules.source_place, joints.bones[rules.source]))
    return joints._replace(places=places, springs=springs, colliders=colliders, constraints=rules)
