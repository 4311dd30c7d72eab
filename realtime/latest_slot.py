"""The one hand-off between threads: a place for one thing, where the newest wins."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class SlotClosed(Exception):
    """The slot was closed: nothing will come any more."""


class LatestSlot(Generic[T]):
    """Holds at most one item; putting over an unread one drops it and counts the drop.

    Any number of threads may put; one thread takes.  Closing wakes the taker.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._item: T | None = None
        self._closed = False
        self._drops = 0

    @property
    def drops(self) -> int:
        """How many items were replaced before anybody took them."""
        return self._drops

    def put(self, item: T) -> None:
        """Leave an item, replacing an unread one.  Never blocks; does nothing once closed."""
        with self._condition:
            if self._closed:
                return
            if self._item is not None:
                self._drops += 1
            self._item = item
            self._condition.notify()

    def take(self, timeout_s: float | None = None) -> T | None:
        """Return the newest item, waiting for one; None when the wait timed out.

        Raises:
            SlotClosed: the slot is closed and empty.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._item is not None or self._closed, timeout_s)
            item, self._item = self._item, None
            if item is None and self._closed:
                raise SlotClosed
            return item

    def close(self) -> None:
        """Refuse further items and wake the taker.  Idempotent."""
        with self._condition:
            self._closed = True
            self._item = None
            self._condition.notify_all()
