"""The composition root with a recording in the place of the tracker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from realtime.assembly import _load_tracker
from realtime.errors import SourceError
from realtime.recording.recording_file import save_recording
from realtime.settings import load_settings
from tests.fakes.footage import frame
from tests.fakes.recordings import turning


def test_session_follows_the_recording_and_says_so(tmp_path: Path) -> None:
    """Whatever the camera shows, the person of the recording is seen; the API's words name it."""
    save_recording(turning(30), tmp_path / "turning.json")
    settings = load_settings({"tracker.replay": str(tmp_path / "turning.json"), "tracker.replay_loops": "no"})
    make_tracker, info = _load_tracker(settings)
    black = np.zeros((48, 64, 3), np.uint8)
    first, second = make_tracker(), make_tracker()
    assert first.track(frame(black))[0].person_id == 1
    assert first.track(frame(black, 45)) == ()
    assert second.track(frame(black, 45)) != (), "each session plays it from its own beginning"
    assert info["name"] == "recording" and info["source"] == "clip.mkv" and info["loops"] is False
    assert info["people"] == 1 and info["duration_s"] == 1.0


def test_recording_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    """Nothing is served then; the message names the file."""
    settings = load_settings({"tracker.replay": str(tmp_path / "none.json")})
    with pytest.raises(SourceError, match=r"none\.json"):
        _load_tracker(settings)
