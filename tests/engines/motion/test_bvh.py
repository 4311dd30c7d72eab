"""The BVH parser."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines import controls
from engines.errors import MotionError
from engines.motion.bvh import parse_bvh
from engines.motion.captured import captured_performance
from engines.motion.pose import performance_controls
from tests.fakes.motion_files import build_bvh

_SCRAPS = [b"{", b"}", b"-1e308 ", b"nan", b"JOINT x", b"0 0 0", b"\xff"]
_GOOD = build_bvh(np.stack([controls.controls()] * 2))


def test_parse_bvh_offsets_and_channels_move_the_joints() -> None:
    """A joint turned by 90 degrees about Z carries its child from +X to +Y; root channels replace its offset."""
    text = b"""HIERARCHY
ROOT a
{
  OFFSET 5 5 5
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT b
  {
    OFFSET 2 0 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 1 0 0
    }
  }
}
MOTION
Frames: 1
Frame Time: 0.05
1 2 3 90 0 0 90 0 0
"""
    bvh = parse_bvh(text, "two.bvh")
    _, positions = bvh.forward_kinematics()
    assert bvh.fps == pytest.approx(20.0)
    assert np.allclose(positions[0], [[1, 2, 3], [1, 4, 3], [0, 4, 3]])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a BVH file"),
        (b"BM\x00\x00 a picture", "not a BVH file"),
        (_GOOD[:300], "no MOTION part"),
        (_GOOD.replace(b"MOTION", b"}\nMOTION"), "where it cannot"),
        (_GOOD.replace(b"OFFSET", b"OFFSET x", 1), "hierarchy is broken"),
        (_GOOD.replace(b"CHANNELS 6", b"CHANNELS 99999999", 1), "hierarchy is broken"),
        (_GOOD.replace(b"Frames: 2", b"Frames: 0"), "0 frames"),
        (_GOOD.replace(b"Frames: 2", b"Frames: 999999999999"), "cut the clip"),
        (_GOOD.replace(b"Frames: 2", b"Frames: 9"), "cut short"),
        (_GOOD.replace(b"Frame Time: 0.033333", b"Frame Time: 0"), "frame time of 0"),
        (_GOOD.replace(b"Frame Time: 0.033333", b"Frame Time: nan"), "frame time of nan"),
        (_GOOD[:-40] + b" nan nan nan nan nan nan nan nan nan", "not finite"),
        (_GOOD[:-10] + b" seven", "not a number"),
    ],
)
def test_parse_bvh_bad_file_is_one_line_that_says_so(data: bytes, message: str) -> None:
    """Damaged files are MotionErrors of one line that name the file."""
    with pytest.raises(MotionError, match=message) as caught:
        parse_bvh(data, "bad.bvh")
    assert str(caught.value).startswith("bad.bvh: ") and "\n" not in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_parse_bvh_mutated_file_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever bytes are changed, cut or doubled: controls inside their ranges or a MotionError, nothing else."""
    raw = bytearray(_GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(raw) - 1, 0)))
        kind = data.draw(st.sampled_from(["cut", "write", "remove"]))
        if kind == "cut":
            del raw[at:]
        elif kind == "write":
            raw[at : at + 3] = data.draw(
                st.sampled_from([b"{", b"}", b"-1e308 ", b"nan", b"JOINT x", b"0 0 0", b"\xff"])
            )
        else:
            del raw[at : at + data.draw(st.integers(1, 200))]
    try:
        found = performance_controls(captured_performance(parse_bvh(bytes(raw), "fuzz.bvh"), "fuzz"))
    except MotionError:
        return
    assert np.isfinite(found).all()
    assert (found >= controls.LOW).all() and (found <= controls.HIGH).all()
