"""Hands memory that nobody uses back to the system."""

from __future__ import annotations

import ctypes
import sys


def give_back_memory() -> None:
    """Return free pages to the system where the C library can (glibc).

    Every session's threads allocate pictures in heaps of their own; glibc keeps what they freed, some 8 MiB for
    every twenty sessions, until its limit of eight heaps per core.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
