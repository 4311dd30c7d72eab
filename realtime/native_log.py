"""Keeps native libraries' start-up chatter out of the user's terminal.

MediaPipe's C++ side writes to file descriptor 2 whatever its log level is set to, because nothing initialises
its logger; Python's `logging` and `warnings` never see it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator

#: One descriptor 2 per process: two threads must not both hold it.
_LOCK = threading.Lock()


@contextlib.contextmanager
def without_lines(*noise: bytes) -> Iterator[None]:
    """Drop those lines written to descriptor 2 that contain any of the given texts; the others come afterwards.

    Holds a lock for the process: keep the body short.
    """
    with _LOCK, contextlib.ExitStack() as stack:
        try:
            kept = os.dup(2)
        except OSError:  # no standard error at all: nothing to keep clean
            yield
            return
        stack.callback(os.close, kept)
        caught = stack.enter_context(tempfile.TemporaryFile())
        sys.stderr.flush()
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            caught.seek(0)
            for line in caught:
                if not any(text in line for text in noise):
                    os.write(2, line)
