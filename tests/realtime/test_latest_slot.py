"""The hand-off between threads: newest wins, drops are counted, closing wakes."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.latest_slot import LatestSlot, SlotClosed

#: Long enough for any thread to be scheduled, far below the test's own limit.
PATIENCE_S = 20.0


def test_take_returns_what_was_put() -> None:
    """One in, one out, and the slot is empty again."""
    slot: LatestSlot[str] = LatestSlot()
    slot.put("frame")
    assert slot.take(0) == "frame"
    assert slot.take(0) is None
    assert slot.drops == 0


def test_put_over_an_unread_item_drops_it_and_counts() -> None:
    """The taker gets the newest, and the counter knows how many it missed."""
    slot: LatestSlot[int] = LatestSlot()
    for number in range(5):
        slot.put(number)
    assert slot.take(0) == 4
    assert slot.drops == 4


def test_falsy_items_are_items() -> None:
    """Zero and the empty string travel like anything else."""
    slot: LatestSlot[int | str] = LatestSlot()
    slot.put(0)
    assert slot.take(0) == 0
    slot.put("")
    assert slot.take(0) == ""


@given(st.lists(st.sampled_from(["put", "take"]), max_size=60))
def test_every_item_is_taken_dropped_or_still_there(steps: list[str]) -> None:
    """In any order of putting and taking, nothing is lost uncounted, doubled or reordered."""
    slot: LatestSlot[int] = LatestSlot()
    puts = 0
    taken: list[int] = []
    for step in steps:
        if step == "put":
            slot.put(puts)
            puts += 1
        elif (item := slot.take(0)) is not None:
            taken.append(item)
    left = 0 if slot.take(0) is None else 1
    assert len(taken) + slot.drops + left == puts
    assert taken == sorted(set(taken))


def test_take_on_an_empty_slot_times_out() -> None:
    """A taker with a limit gets None, and not before the limit."""
    slot: LatestSlot[int] = LatestSlot()
    start = time.perf_counter()
    assert slot.take(0.05) is None
    assert time.perf_counter() - start >= 0.045


def test_take_wakes_when_something_is_put() -> None:
    """A waiting taker gets the item that comes later from another thread."""
    slot: LatestSlot[str] = LatestSlot()
    taken: list[str | None] = []
    waiter = threading.Thread(target=lambda: taken.append(slot.take(PATIENCE_S)))
    waiter.start()
    slot.put("late")
    waiter.join(PATIENCE_S)
    assert taken == ["late"]


def test_close_wakes_a_waiting_taker() -> None:
    """A worker that waits for ever ends when its slot is closed."""
    slot: LatestSlot[str] = LatestSlot()
    ended = threading.Event()

    def work() -> None:
        try:
            slot.take()
        except SlotClosed:
            ended.set()

    waiter = threading.Thread(target=work)
    waiter.start()
    slot.close()
    waiter.join(PATIENCE_S)
    assert ended.is_set()


def test_close_is_idempotent_and_final() -> None:
    """After closing, nothing goes in, nothing comes out, and nothing counts as dropped."""
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    slot.close()
    slot.close()
    slot.put(2)
    for _ in range(2):
        with pytest.raises(SlotClosed):
            slot.take(0)
    assert slot.drops == 0


def test_a_slow_taker_sees_an_increasing_subset_and_the_last_item() -> None:
    """With a fast camera and a slow worker, order holds, the sum adds up and the newest arrives."""
    slot: LatestSlot[int] = LatestSlot()
    taken: list[int] = []
    last = 2000
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            item = slot.take(PATIENCE_S)
            if item is not None:
                taken.append(item)
                if item == last:
                    done.set()

    worker = threading.Thread(target=work)
    worker.start()
    for number in range(last + 1):
        slot.put(number)
    worker.join(PATIENCE_S)
    assert done.is_set()
    assert taken == sorted(set(taken))
    assert len(taken) + slot.drops == last + 1
