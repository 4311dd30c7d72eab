"""The fair lock: one at a time, first come first served."""

from __future__ import annotations

import threading
import time

import pytest

from realtime.fair_lock import FairLock


def test_waiters_enter_in_the_order_they_came() -> None:
    """Five threads that queue up get in as they queued."""
    lock, order, threads = FairLock(), list[int](), list[threading.Thread]()

    def work(number: int) -> None:
        with lock:
            order.append(number)

    with lock:
        for number in range(5):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            time.sleep(0.02)
    for thread in threads:
        thread.join()
    assert order == list(range(5))


def test_only_one_thread_is_inside() -> None:
    """Under contention the guarded section is never entered twice at once."""
    lock, inside, worst = FairLock(), [0], [0]

    def work() -> None:
        for _ in range(200):
            with lock:
                inside[0] += 1
                worst[0] = max(worst[0], inside[0])
                time.sleep(0)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worst == [1]


def test_lock_is_free_after_an_error_inside() -> None:
    """An exception leaves the section and the lock."""
    lock = FairLock()
    with pytest.raises(RuntimeError), lock:
        raise RuntimeError
    with lock:
        pass
