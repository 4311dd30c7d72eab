"""The schedule, without any network."""

from __future__ import annotations

from collections import Counter

import pytest

from realtime.tracking.schedule import Schedule, Task, Wish, body_period, hand_period

COSTS = {"face": 5.0, "body": 9.0, "left_hand": 4.5, "right_hand": 4.5, "search": 6.0}


def _wishes(people: int, *, must_face: bool = True) -> list[Wish]:
    wishes = []
    for person in range(1, people + 1):
        main = person == 1
        weight = 2.0 if main else 1.0
        wishes += [
            Wish(task=Task("face", person), period=1, weight=weight, must=main and must_face),
            Wish(task=Task("body", person), period=2, weight=weight),
            Wish(task=Task("left_hand", person), period=2, weight=weight),
            Wish(task=Task("right_hand", person), period=2, weight=weight),
        ]
    return wishes


def _run(schedule: Schedule, people: int, frames: int = 300, rate_hz: float = 30.0) -> list[list[Task]]:
    plans = []
    for index in range(frames):
        plans.append(schedule.plan(_wishes(people), people, index / rate_hz))
        for task in plans[-1]:
            schedule.spent(task.kind, COSTS[task.kind])
    return plans


def _mean_ms(plans: list[list[Task]]) -> float:
    return sum(COSTS[task.kind] for plan in plans for task in plan) / len(plans)


def test_one_person_stays_within_the_budget_and_keeps_the_face_in_every_frame() -> None:
    """15 ms buy a face per frame, and body and hands often enough."""
    plans = _run(Schedule(budget_ms=15.0), 1)
    assert 13.0 < _mean_ms(plans) <= 15.1
    assert all(Task("face", 1) in plan for plan in plans)
    counts = Counter(task.kind for plan in plans for task in plan)
    assert counts["body"] > 100 and counts["left_hand"] > 60 and counts["right_hand"] > 60


def test_no_frame_costs_much_more_than_the_average() -> None:
    """Body and both hands of a moving person are not looked at in one frame again and again."""
    plans = _run(Schedule(budget_ms=15.0), 1)[10:]
    assert max(sum(COSTS[task.kind] for task in plan) for plan in plans) <= 24


@pytest.mark.parametrize(("people", "budgets"), [(2, 1.5), (3, 2.0), (6, 2.0)])
def test_cost_grows_with_people_and_stays_bounded(people: int, budgets: float) -> None:
    """Each further person adds half a budget, and there are two at most; everybody gets turns."""
    plans = _run(Schedule(budget_ms=15.0), people)
    assert 0.85 * budgets * 15 < _mean_ms(plans) <= budgets * 15 * 1.02
    counts = Counter(task for plan in plans for task in plan)
    for person in range(1, people + 1):
        assert min(counts[Task(kind, person)] for kind in ("face", "body", "left_hand", "right_hand")) > 15


def test_generous_budget_runs_everything_at_its_period() -> None:
    """With time to spare the periods decide."""
    counts = Counter(task.kind for plan in _run(Schedule(budget_ms=500.0), 1) for task in plan)
    assert counts == {"face": 300, "body": 150, "left_hand": 150, "right_hand": 150}


def test_slow_camera_gets_everything_in_every_frame() -> None:
    """At five frames a second nothing waits for a second frame."""
    counts = Counter(task.kind for plan in _run(Schedule(budget_ms=100.0), 1, 50, rate_hz=5.0) for task in plan)
    assert counts == {"face": 50, "body": 50, "left_hand": 50, "right_hand": 50}


def test_tiny_budget_starves_nobody() -> None:
    """On a machine that is too slow all rates fall, and what must run does."""
    counts = Counter(task.kind for plan in _run(Schedule(budget_ms=6.0), 1) for task in plan)
    assert counts["face"] == 300 and min(counts["body"], counts["left_hand"], counts["right_hand"]) >= 3


def test_what_must_run_runs_on_debt_that_others_pay() -> None:
    """A must is never refused, and what it cost is missing afterwards."""
    schedule = Schedule(budget_ms=5.0)
    musts = [Wish(task=Task("body", person), period=1, must=True) for person in range(1, 4)]
    assert len(schedule.plan(musts, 1, 0.0)) == 3
    assert schedule.plan([Wish(task=Task("face", 1), period=1)], 1, 0.03) == []


def test_measured_costs_replace_the_assumed_ones() -> None:
    """The cheapest quarter of the last runs counts: a machine that is busy now and then makes nothing dearer."""
    schedule = Schedule(budget_ms=15.0)
    assert schedule.cost_ms("body") > 5
    for ms in (40.0, 3.0, 80.0):
        schedule.spent("body", ms)
    assert schedule.cost_ms("body") == 3.0


def test_fast_limbs_are_looked_at_more_often_than_still_ones() -> None:
    """Periods fall with speed, and are never below a frame."""
    assert [body_period(speed, 2) for speed in (0.0, 0.2, 2.0)] == [4.0, 2.0, 1.0]
    assert body_period(2.0, 1) == 1.0
    assert [hand_period(speed) for speed in (0.0, 1.0, 9.0)] == [3.0, 2.0, 1.0]
