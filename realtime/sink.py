"""The seam between finished frames and whoever wants them."""

from __future__ import annotations

from typing import Protocol

from realtime.frame import AnimeFrame


class Sink(Protocol):
    """Takes finished frames.

    Guarantees: `write` is called from the pipeline's worker thread, must not block for longer than a frame,
    and may keep the frame (its arrays are never written to again).
    """

    def write(self, frame: AnimeFrame) -> None:
        """Take one frame."""

    def close(self) -> None:
        """Let go of the output.  Idempotent."""
