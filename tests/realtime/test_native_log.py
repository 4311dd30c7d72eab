"""What native libraries write past Python."""

from __future__ import annotations

import os

import pytest

from realtime.native_log import without_lines


def test_only_the_named_lines_are_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    """Other lines, and everything written afterwards, still arrive."""
    with without_lines(b"chatter"):
        os.write(2, b"W0000 chatter of a library\nan error that matters\n")
    os.write(2, b"chatter later\n")
    assert capfd.readouterr().err == "an error that matters\nchatter later\n"


def test_descriptor_is_restored_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    """An exception passes through and the lines before it are kept."""
    with pytest.raises(RuntimeError), without_lines(b"chatter"):
        os.write(2, b"before\n")
        raise RuntimeError
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"
