"""Memory that is kept is not cleared by the kernel again and again."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

#: Prints the page faults of three training steps, after as many as it takes until the heap has its size.
PROGRAM = """
import resource, sys, torch
from torch import nn
from engines.training.memory import keep_freed_memory
if sys.argv[1] == "keep" and not keep_freed_memory():
    sys.exit("cannot")
network = nn.Sequential(nn.Conv2d(3, 16, 3), nn.SiLU(), nn.Conv2d(16, 16, 3), nn.SiLU(), nn.Conv2d(16, 3, 3))
def step():
    network(torch.rand(4, 3, 384, 384)).square().mean().backward()  # inner maps: 37 MiB, 9,400 pages
for _ in range(6):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(3):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    """Return the page faults of three steps."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True)
    if "cannot" in ended.stderr:
        pytest.skip("this C library has no mallopt")
    return int(ended.stdout)


def test_memory_that_is_kept_is_faulted_in_once() -> None:
    """Without it each step has its tensors' pages cleared anew."""
    assert faults("keep") < 0.2 * faults("default")
