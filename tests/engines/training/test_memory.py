"""Memory that is kept is not cleared by the kernel again and again."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

PROGRAM = """
import resource, sys, torch
from engines.training.memory import keep_freed_memory
if sys.argv[1] == "keep" and not keep_freed_memory():
    sys.exit("cannot")
def step():
    return float(torch.ones(16, 1024, 1024)[5, 5, 5])  # 64 MiB: 16,384 pages
for _ in range(4):  # until the heap has its size
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    """Return the page faults of eight allocations of the same size."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True)
    if "cannot" in ended.stderr:
        pytest.skip("this C library has no mallopt")
    return int(ended.stdout)


def test_memory_that_is_kept_is_faulted_in_once() -> None:
    """Without it each large tensor costs a fault for each of its pages, or of its huge pages."""
    assert faults("keep") < 0.1 * faults("default")
