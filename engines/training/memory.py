"""Keeps freed memory in the process: a training step asks for the same pages again and again."""

from __future__ import annotations

import ctypes
import sys

#: Parameters of glibc's `mallopt` (malloc.h): when to give the top of the heap back, how much to map outside of it.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4


def keep_freed_memory() -> bool:
    """Let the C library (glibc) keep what is freed; return whether it can.

    By default it maps every large tensor anew and gives it back at once, and the kernel clears each page again.
    Measured on one thread (a U-Net, batch 4 at 256 px, medians of four): 77,000 page faults and 0.64 s CPU time per
    step in float32, 15,000 and 0.34 s in bfloat16; kept, almost none, 0.49 and 0.29 s, at the same greatest memory. It
    does what `MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=-1` would in the environment.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, -1))
