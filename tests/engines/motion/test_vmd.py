"""The VMD reader."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines import controls
from engines.errors import MotionError
from engines.motion.mmd import mmd_performance
from engines.motion.pose import performance_controls
from engines.motion.rotation import to_vectors
from engines.motion.vmd import decoded, parse_vmd, sample, sample_morph
from tests.fakes.motion_files import build_vmd

_STILL = (0.0, 0.0, 0.0, 1.0)
_HALF = np.sqrt(0.5)
_GOOD = build_vmd(
    {"センター": [(0, (0, 0, 0), _STILL), (20, (0, -2, 0), _STILL)], "左腕": [(0, (0, 0, 0), (0, 0, -_HALF, _HALF))]},
    {"まばたき": [(0, 0.0), (10, 1.0)]},
)


def test_parse_vmd_names_are_normalised() -> None:
    """Full-width letters and digits become plain ones, and a name cut inside a character loses only that one."""
    assert decoded("左足ＩＫ".encode("cp932")) == "左足IK"
    assert decoded("右人指１".encode("cp932") + b"\0junk") == "右人指1"
    assert decoded("ｳｨﾝｸ２右".encode("cp932")) == "ウィンク2右"
    assert decoded("あいうえおかきく".encode("cp932")[:15]) == "あいうえおかき"


def test_sample_linear_curve_is_halfway_at_half_time() -> None:
    """Between two keys with the straight curve, half the time is half the way, and outside them it stands still."""
    vmd = parse_vmd(_GOOD, "made.vmd")
    _, places = sample(vmd.bones["センター"], 31)
    assert places[[0, 10, 20, 30], 1] == pytest.approx([0.0, -1.0, -2.0, -2.0], abs=1e-3)


def test_sample_eased_curve_belongs_to_the_key_it_leads_to() -> None:
    """A curve that starts slowly is behind the straight one at half time."""
    keys = [(0, (0, 0, 0), _STILL), (20, (0, 10, 0), _STILL)]
    slow = parse_vmd(build_vmd({"センター": keys}, curve=(100, 10, 120, 50)), "slow.vmd")
    _, places = sample(slow.bones["センター"], 21)
    assert 0.0 < places[10, 1] < 3.0
    assert places[20, 1] == pytest.approx(10.0)


def test_sample_axes_become_right_handed() -> None:
    """MikuMikuDance's bow, negative about its X, is a positive turn about canonical X; its -Z is our front."""
    bow = build_vmd({"上半身": [(0, (0, 0, -1), (-np.sin(0.1), 0, 0, np.cos(0.1)))]})
    rotations, places = sample(parse_vmd(bow, "bow.vmd").bones["上半身"], 1)
    assert to_vectors(rotations)[0] == pytest.approx([np.degrees(0.2), 0, 0], abs=1e-4)
    assert places[0] == pytest.approx([0, 0, 1])


def test_sample_morph_is_linear() -> None:
    """A morph's weight is linear between its keys."""
    vmd = parse_vmd(_GOOD, "made.vmd")
    assert sample_morph(vmd.morphs["まばたき"], 21)[[0, 5, 10, 20]] == pytest.approx([0, 0.5, 1, 1])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a VMD file"),
        (b"Vocaloid Pose Data", "not a VMD file"),
        (_GOOD[:52], "cut short before its bone keys"),
        (_GOOD[:200], "cut short .* bone keys"),
        (_GOOD[:400], "cut short .* morph keys"),
        (_GOOD[:50] + struct.pack("<I", 0xFFFFFFFF) + _GOOD[54:], "cut short"),
        (build_vmd({}), "camera's motion"),
        (build_vmd({"センター": [(4_000_000_000, (0, 0, 0), _STILL)]}), "frame 4000000000"),
        (build_vmd({"センター": [(0, (float("nan"), 0, 0), _STILL)]}), "not finite"),
    ],
)
def test_parse_vmd_bad_file_is_one_line_that_says_so(data: bytes, message: str) -> None:
    """Damaged files are MotionErrors of one line that name the file."""
    with pytest.raises(MotionError, match=message) as caught:
        parse_vmd(data, "bad.vmd")
    assert str(caught.value).startswith("bad.vmd: ") and "\n" not in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_parse_vmd_mutated_file_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever bytes are changed or cut: controls inside their ranges or a MotionError, nothing else."""
    raw = bytearray(_GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(len(raw) - 1, 0)))
        if data.draw(st.booleans()):
            raw[at : at + 1] = data.draw(st.binary(min_size=1, max_size=4))
        elif data.draw(st.integers(0, 9)) == 0:
            del raw[at:]
        else:
            raw[at : at + 4] = struct.pack("<f", data.draw(st.floats(width=32)))
    try:
        vmd = parse_vmd(bytes(raw), "fuzz.vmd")
        if vmd.frames > 2000:
            return
        found = performance_controls(mmd_performance(vmd, "fuzz"))
    except MotionError:
        return
    assert np.isfinite(found).all()
    assert (found >= controls.LOW).all() and (found <= controls.HIGH).all()
