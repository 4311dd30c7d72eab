"""Clips and their files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engines import controls
from engines.controls import INDEX, SPEC
from engines.errors import MotionError, SpecMismatchError
from engines.motion.clip import Clip, load_clip, save_clip
from tests.engines.motion.conftest import ASSETS, motion_asset
from tests.fakes.figure import figure
from tests.fakes.motion_files import build_bvh, build_vmd, build_vrma

_VECTORS = np.stack([controls.controls({"head_yaw": float(yaw)}) for yaw in range(0, 40, 10)])
_CLIP = Clip(name="nod", fps=10.0, controls=_VECTORS, licence="CC0", credit="Nobody")


def test_save_clip_then_load_clip_gives_the_clip_back(tmp_path: Path) -> None:
    """A controls file keeps everything, to a ten-thousandth."""
    path = tmp_path / "nod.json"
    save_clip(_CLIP, path)
    found = load_clip(path)
    assert (found.name, found.fps, found.licence, found.credit) == ("nod", 10.0, "CC0", "Nobody")
    assert np.abs(found.controls - _VECTORS).max() < 1e-4
    assert [file.name for file in tmp_path.iterdir()] == ["nod.json"]


def test_load_clip_other_control_spec_is_refused(tmp_path: Path) -> None:
    """A controls file of another spec says which, and what to do."""
    path = tmp_path / "nod.json"
    save_clip(_CLIP, path)
    path.write_text(path.read_text().replace(controls.spec_hash(), "0123456789abcdef"))
    with pytest.raises(SpecMismatchError, match=r"0123456789abcdef.*make it again"):
        load_clip(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "not a controls file"),
        ('{"format": "other"}', "not a controls file"),
        ('{"frames": []}', "content is broken"),
        ('{"frames": [[1, 2]]}', "content is broken"),
        ('{"frames": null}', "content is broken"),
        ('{"fps": 0}', "0 frames a second"),
        ('{"fps": "fast"}', "content is broken"),
    ],
)
def test_load_clip_broken_controls_file_says_so(tmp_path: Path, text: str, message: str) -> None:
    """Damaged controls files are MotionErrors of one line."""
    path = tmp_path / "bad.json"
    if text.startswith('{"f') and "format" not in text:
        good = {"format": "animirror-controls", "spec_hash": controls.spec_hash(), "fps": 10.0}
        good["frames"] = _VECTORS.tolist()
        text = json.dumps(good | json.loads(text))
    path.write_text(text)
    with pytest.raises(MotionError, match=message) as caught:
        load_clip(path)
    assert "\n" not in str(caught.value)


def test_load_clip_suffix_decides_the_reader(tmp_path: Path) -> None:
    """BVH, VMD and VRM animations load by their suffix, in capitals too; another one is named with what is read."""
    (tmp_path / "a.BVH").write_bytes(build_bvh(_VECTORS))
    (tmp_path / "b.vmd").write_bytes(build_vmd({"首": [(0, (0, 0, 0), (0, 0, 0, 1))]}))
    (tmp_path / "c.vrma").write_bytes(build_vrma(_VECTORS, figure().joints))
    for name in ("a.BVH", "b.vmd", "c.vrma"):
        assert load_clip(tmp_path / name).controls.shape[1] == len(SPEC)
    with pytest.raises(MotionError, match=r"d\.fbx: .*\.bvh, \.vmd"):
        load_clip(tmp_path / "d.fbx")


def test_resampled_keeps_the_motion_at_another_rate() -> None:
    """Twice the rate puts a frame halfway between two; half of it leaves every other one."""
    twice, half = _CLIP.resampled(20.0), _CLIP.resampled(5.0)
    assert twice.controls[:, INDEX["head_yaw"]].tolist() == pytest.approx([0, 5, 10, 15, 20, 25, 30])
    assert half.controls[:, INDEX["head_yaw"]].tolist() == pytest.approx([0, 20])
    assert twice.fps == 20.0


def test_resampled_turn_past_half_a_turn_goes_the_short_way() -> None:
    """Between 170 and -170 degrees of yaw lies 180, not 0."""
    vectors = np.stack([controls.controls({"root_yaw": 170.0}), controls.controls({"root_yaw": -170.0})])
    turning = Clip(name="turn", fps=1.0, controls=vectors).resampled(2.0)
    assert abs(turning.controls[1, INDEX["root_yaw"]]) == pytest.approx(180.0)


def test_resampled_absurd_rate_is_refused() -> None:
    """A rate of 0 or of a billion is a MotionError."""
    for fps in (0.0, 1e9, float("nan")):
        with pytest.raises(MotionError, match="cannot be resampled"):
            _CLIP.resampled(fps)


def test_load_clip_every_real_file_is_inside_the_ranges() -> None:
    """Each motion file that is here loads, and its controls are finite and inside their ranges."""
    motion_asset("bvh")
    files = [file for file in sorted((ASSETS / "motion").glob("*/*")) if file.suffix in (".bvh", ".vmd")]
    for file in files:
        clip = load_clip(file)
        assert np.isfinite(clip.controls).all(), file.name
        assert (clip.controls >= controls.LOW).all() and (clip.controls <= controls.HIGH).all(), file.name
    assert files
