"""The loader under mutated files: a short, repeatable run of what `tests/fuzz/fuzz_avatar.py` does for long."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.fuzz.fuzz_avatar import seeds, try_one
from tests.fuzz.mutation import mutated


@pytest.mark.parametrize("seed", range(4))
def test_mutated_files_are_loaded_or_refused(tmp_path: Path, seed: int) -> None:
    """Whatever is wrong with a file, the loader says so in one line or loads it."""
    rng = random.Random(seed)
    files = seeds()
    found: Counter[str] = Counter()
    for _ in range(100):
        found[try_one(mutated(rng.choice(files), rng), tmp_path / "mutated.vrm")] += 1
    assert found["loaded"] > 5
    assert found["refused"] > 20
