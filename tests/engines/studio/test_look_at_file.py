"""Looking by eye bones and by expressions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.controls import controls
from engines.errors import AvatarError
from engines.expression import LOOKS, LookAt, RangeMap, expression_weights
from engines.glb import parse_glb
from engines.skeleton import BONE_INDEX, forward_kinematics
from engines.studio.avatar import Avatar
from engines.studio.look_at_file import read_look_at
from engines.studio.posing import posed
from engines.studio.rig import read_rig
from tests.fakes.swinging import document_with_chain, load
from tests.fakes.vrm import pack


def _with_looks(first_person: dict[str, Any], *, eye_bones: bool = True) -> tuple[dict[str, Any], bytes]:
    """Return a figure whose four look presets move the left eye's box."""
    document, binary = document_with_chain()
    vrm = document["extensions"]["VRM"]
    vrm["firstPerson"] = first_person
    for name in ("lookup", "lookdown", "lookleft", "lookright"):
        group = {"name": name, "presetName": name, "binds": [{"mesh": 0, "index": 0, "weight": 100}]}
        vrm["blendShapeMaster"]["blendShapeGroups"].append(group)
    if not eye_bones:
        bones = vrm["humanoid"]["humanBones"]
        vrm["humanoid"]["humanBones"] = [bone for bone in bones if "Eye" not in bone["bone"]]
    return document, binary


def test_range_map_is_linear_up_to_its_greatest_input() -> None:
    """Half the input is half the output; beyond the greatest it stays; weights lie in 0..1."""
    assert RangeMap(input_deg=40.0, output=0.8).weight(20.0) == pytest.approx(0.4)
    assert RangeMap(input_deg=40.0, output=0.8).weight(80.0) == pytest.approx(0.8)
    assert RangeMap(input_deg=40.0, output=10.0).weight(20.0) == 1.0
    assert RangeMap(input_deg=0.0, output=1.0).weight(1.0) == 1.0


def test_look_at_by_expression_follows_the_files_ranges(tmp_path: Path) -> None:
    """Gaze goes to the expression of its side, by the degree maps of a VRM 0.x file; the eye bones stay."""
    maps = {"xRange": 60, "yRange": 1}
    first_person = {
        "lookAtTypeName": "BlendShape",
        "lookAtHorizontalOuter": maps,
        "lookAtVerticalUp": maps | {"xRange": 30},
        "lookAtVerticalDown": maps,
    }
    avatar = load(*_with_looks(first_person), tmp_path)
    assert avatar.look_at.by_expression
    weights = expression_weights(controls({"gaze_yaw": 30.0, "gaze_pitch": -15.0}), avatar.look_at)
    assert weights == pytest.approx({"look_left": 0.5, "look_up": 0.5})
    weights = expression_weights(controls({"gaze_yaw": -15.0, "gaze_pitch": 15.0}), avatar.look_at)
    assert weights == pytest.approx({"look_right": 0.25, "look_down": 0.25})
    vector = controls({"gaze_yaw": 30.0})
    bones = forward_kinematics(vector, avatar.proportions)
    assert np.array_equal(bones[BONE_INDEX["left_eye"]], bones[BONE_INDEX["head"]])
    moved = np.nonzero(np.abs(posed(avatar, vector).positions - posed(avatar, controls()).positions).max(axis=1) > 1e-5)
    assert set(moved[0]) == set(avatar.expressions["look_left"].vertices)


def test_look_at_reads_vrm_1() -> None:
    """The newer generation's words mean the same."""
    document, binary = document_with_chain()
    rig = read_rig(parse_glb(pack(document, binary), "chain.vrm"))
    ranges = {"inputMaxValue": 70, "outputScale": 0.5}
    newer = {"lookAt": {"type": "expression", "rangeMapHorizontalOuter": ranges, "rangeMapVerticalUp": {}}}
    look_at = read_look_at({"extensions": {"VRMC_vrm": newer}}, rig, LOOKS)
    assert look_at.by_expression
    assert look_at.sideways == RangeMap(input_deg=70.0, output=0.5)
    assert look_at.up == look_at.down == RangeMap(input_deg=90.0, output=1.0)


def test_look_at_by_bone_has_no_weights(tmp_path: Path) -> None:
    """Where eye bones do it, no expression does, even if the file has some."""
    avatar = load(*_with_looks({"lookAtTypeName": "Bone"}), tmp_path)
    assert avatar.look_at == LookAt()
    assert expression_weights(controls({"gaze_yaw": 30.0}), avatar.look_at) == {}
    assert avatar.proportions.eye_gain > 0


def test_look_at_without_eye_bones_goes_by_expression(tmp_path: Path) -> None:
    """A file that says bones but has none looks by its expressions, fully at the control's limit."""
    avatar = load(*_with_looks({"lookAtTypeName": "Bone"}, eye_bones=False), tmp_path)
    assert avatar.look_at.by_expression
    assert not avatar.look_at.has_eye_bones
    assert avatar.look_at.weights(controls({"gaze_yaw": 35.0})) == {"look_left": 1.0}


def test_look_at_without_anything_is_by_bone(tmp_path: Path) -> None:
    """A file that asks for expressions that it lacks keeps its bones."""
    document, binary = document_with_chain()
    document["extensions"]["VRM"]["firstPerson"] = {"lookAtTypeName": "BlendShape"}
    assert not load(document, binary, tmp_path).look_at.by_expression


def test_look_at_range_that_is_no_number_is_refused(tmp_path: Path) -> None:
    """A range of NaN is named."""
    first_person = {"lookAtTypeName": "BlendShape", "lookAtHorizontalOuter": {"xRange": float("nan")}}
    with pytest.raises(AvatarError, match=r"lookAt, lookAtHorizontalOuter\.xRange: got nan"):
        load(*_with_looks(first_person), tmp_path)


def test_look_at_real_avatar_without_eye_bones_moves_its_irises(real_avatar: Callable[[str], Avatar]) -> None:
    """Seed-san has no eye bones; its irises follow the gaze to the side that it goes."""
    avatar = real_avatar("seedsan")
    left, straight = (posed(avatar, controls({"gaze_yaw": yaw})).positions for yaw in (35.0, 0.0))
    moved = avatar.expressions["look_left"].vertices
    assert float((left - straight)[moved, 0].mean()) > 0.001
