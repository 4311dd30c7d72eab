"""The seam between pictures of people and what is known about them."""

from __future__ import annotations

from typing import Protocol

from realtime.frame import Frame
from realtime.observation import PersonObservation


class Tracker(Protocol):
    """Finds people in frames.

    Guarantees: one tracker belongs to one session and is used from one thread; `track` never keeps a
    reference to the frame; the first person returned is the main one; an empty tuple means nobody was seen.
    """

    def track(self, frame: Frame) -> tuple[PersonObservation, ...]:
        """Return the people in a frame, main person first."""

    def close(self) -> None:
        """Free the models.  Idempotent."""
