"""The glass-to-glass page against the real server around an engine of discs."""

from __future__ import annotations

import pytest

from benchmarks.chromium import chromium
from benchmarks.footage import jpeg, warped_portrait
from benchmarks.glass_to_glass import MARKER_PX, PLAIN_ADDRESSES, measure
from benchmarks.installed_chromium import find_chromium
from tests.fakes.serving import Serving, fake_application


@pytest.mark.browser
@pytest.mark.slow
def test_counters_come_back_through_the_server() -> None:
    """Most pictures' counters are read in the answers, with times that a person would call live."""
    if find_chromium() is None:
        pytest.skip("no Chromium runs here; `make setup` sees to one")
    pictures = [jpeg(picture) for picture in warped_portrait(10)]
    with Serving(fake_application(pipeline__marker_px=MARKER_PX)) as serving, chromium(PLAIN_ADDRESSES) as browser:
        result = measure(browser, serving.address, scaled=False, seconds=3, pictures=pictures)
        assert len(serving.sessions) == 0, "the session was ended"
    times_ms = result["latencies_ms"]
    assert len(times_ms) > 20
    assert result["unreadable"] < 0.1 * len(times_ms)
    assert all(0 < time_ms < 3000 for time_ms in times_ms)
    assert result["codec"] == "H264"
