"""Moving pictures of a person for cameras that are not there."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.footage import HEIGHT_PX, WIDTH_PX, find_clip, person, warped_portrait, write_mjpeg


def test_portrait_moves_and_has_the_cameras_size() -> None:
    """Anybody has this one; no two pictures are the same."""
    pictures = warped_portrait(4)
    assert {picture.shape for picture in pictures} == {(HEIGHT_PX, WIDTH_PX, 3)}
    assert all((one != other).any() for one, other in itertools.pairwise(pictures))


def test_written_clip_is_read_as_as_many_pictures(tmp_path: Path) -> None:
    """Chromium and libav agree on what an MJPEG file is."""
    pictures = warped_portrait(3)
    with av.open(str(write_mjpeg(tmp_path / "clip.mjpeg", pictures))) as container:
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(decoded) == 3
    assert np.abs(decoded[0].astype(int) - pictures[0]).mean() < 6


def test_footage_is_played_forth_and_back() -> None:
    """A clip of two seconds fills any length without a jump."""
    if find_clip("gestures/yes.mkv") is None:
        pytest.skip("the footage is not at hand (ANIMIRROR_FOOTAGE)")
    pictures = person(200)
    assert len(pictures) == 200
    jumps = [float(np.abs(one.astype(int) - other).mean()) for one, other in itertools.pairwise(pictures)]
    assert max(jumps) < 8 * (float(np.median(jumps)) + 1)


def test_footage_folder_is_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing there: no clip, and `person` falls back to the portrait."""
    monkeypatch.setenv("ANIMIRROR_FOOTAGE", str(tmp_path))
    assert find_clip("gestures/yes.mkv") is None
    assert len(person(3)) == 3
