"""When the next picture starts, by the rules alone."""

from __future__ import annotations

import pytest

from realtime.agenda import PATIENCE, Agenda, Pace, next_due_s, next_start_s
from realtime.clock import MonotonicClock
from realtime.latest_slot import SlotClosed


def pace(*, unanswered: bool, fresh: bool) -> Pace:
    return Pace(last_start_s=10.0, due_s=10.02, unanswered=unanswered, fresh=fresh, camera_interval_s=0.04)


def test_nothing_new_starts_no_picture() -> None:
    """A paused camera costs nothing, even if the tracker has just finished."""
    assert next_start_s(pace(unanswered=False, fresh=False)) is None
    assert next_start_s(pace(unanswered=False, fresh=True)) is None


def test_fresh_observation_starts_as_soon_as_the_rate_allows() -> None:
    """What the tracker saw is drawn at once, but not faster than the rate."""
    assert next_start_s(pace(unanswered=True, fresh=True)) == 10.02


def test_slow_tracker_is_given_up_waiting_for() -> None:
    """A camera frame without observation is answered with a prediction after some patience."""
    assert next_start_s(pace(unanswered=True, fresh=False)) == pytest.approx(10 + PATIENCE * 0.04)


def test_late_start_puts_nothing_off_and_a_pause_earns_no_burst() -> None:
    """A little lateness is made up; after a pause the rate counts from now."""
    assert next_due_s(10.0, 10.005, 0.1) == pytest.approx(10.1)
    assert next_due_s(10.0, 20.0, 0.1) == pytest.approx(20.05)


def test_closed_agenda_lets_the_waiting_thread_go() -> None:
    """After closing, there is nothing to take."""
    agenda = Agenda(MonotonicClock(), 1 / 30)
    agenda.camera_frame_arrived(0.0)
    agenda.close()
    with pytest.raises(SlotClosed):
        agenda.take()
