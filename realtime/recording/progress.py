"""How far something long has come, in one line on the terminal or a few in a log."""

from __future__ import annotations

import sys
import time

#: A terminal's line is renewed this often, a log gets a line this often, seconds.
_TERMINAL_S, _LOG_S = 0.2, 30.0


class Progress:
    """Says on standard error how many of how many are done.

    Args:
        what: what is counted, in the plural.
        total: how many there will be, about, or None if nobody knows.
    """

    def __init__(self, what: str, total: int | None) -> None:
        self._what, self._total = what, total
        self._done = 0
        self._began_s = self._said_s = time.monotonic()
        self._on_terminal = sys.stderr.isatty()

    def step(self) -> None:
        """Count one."""
        self._done += 1
        now_s = time.monotonic()
        if now_s - self._said_s < (_TERMINAL_S if self._on_terminal else _LOG_S):
            return
        self._said_s = now_s
        total = f" of about {self._total}" if self._total and self._total >= self._done else ""
        rate = self._done / max(now_s - self._began_s, 1e-3)
        line = f"{self._done}{total} {self._what}, {rate:.1f} a second"
        sys.stderr.write(f"\r\x1b[K{line}" if self._on_terminal else f"{line}\n")
        sys.stderr.flush()

    def close(self) -> None:
        """Clear the terminal's line.  Idempotent."""
        if self._on_terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
