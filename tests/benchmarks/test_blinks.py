"""Blinks counted against what was read by eye."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from benchmarks.blinks import CLIPS, Eyes, lids_of, score, table
from benchmarks.footage import find_clip


def test_score_counts_found_missed_and_made_up() -> None:
    """A blink near a true one is found, elsewhere it is made up, and half shut eyes do not count."""
    lids = np.zeros((60, 2))
    lids[11:13] = lids[40] = lids[50] = 0.9
    lids[30, 0] = 0.8
    counts = score(lids, Eyes(blinks=((10, 11), (20, 21)), half=((49, 50),)))
    assert counts == {"blinks": 2, "found": 1, "made_up": 1, "made_up_at": [40], "winks_made_up": 1}


def test_table_sums_up() -> None:
    """The last line is the sum of the rows of its kind."""
    counts = score(np.zeros((5, 2)), Eyes(blinks=((1, 2),)))
    rows = [{"clip": "a", "kind": kind, **counts} for kind in ("measured", "shown")]
    assert "shown: 0 of 1 found, 0 made up" in table(rows)


def test_blinks_read_by_eye_lie_in_order() -> None:
    """No clip's list contradicts itself."""
    for eyes in CLIPS.values():
        spans = sorted((*eyes.blinks, *eyes.half))
        assert all(first <= last for first, last in spans)
        assert all(before[1] < after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize("clip", ["gestures/yes.mkv", "gestures/sister.mkv"])
def test_blinks_of_a_clip_are_found_and_none_made_up(clip: str) -> None:
    """A man who blinks once while he nods, and one with narrow eyes who does not."""
    path = find_clip(clip)
    if path is None:
        pytest.skip(f"no footage of {clip}; set ANIMIRROR_FOOTAGE to its folder")
    for lids in lids_of(path):
        counts = score(lids, CLIPS[clip])
        assert counts["found"] == counts["blinks"]
        assert counts["made_up"] == counts["winks_made_up"] == 0
