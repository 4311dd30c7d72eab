"""Which network looks at what in this frame: a pure rule, fed with motion and measured cost."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["face", "body", "left_hand", "right_hand", "search"]

#: Periods are meant for a camera of this rate: where frames come more slowly, the time counts instead, so that at 5 fps
#: everything is looked at in every frame.
RATE_HZ = 30.0
#: A camera at that rate may be late by this part of a frame.
SLACK = 0.8
#: Speeds in sides of a region per second below which something is still, and from which it is fast.  A person's
#: region is about two metres wide, a hand's about 0.35: 0.1 m/s and 0.8 m/s; 0.07 m/s and 1 m/s.
BODY_STILL, BODY_FAST = 0.05, 0.4
HAND_STILL, HAND_FAST = 0.2, 3.0
#: Each further person may cost this part of the first one, up to the whole of `MAX_BUDGETS` budgets for everybody.
SHARE_OF_FURTHER, MAX_BUDGETS = 0.5, 2.0
#: What a run is taken to cost before any was measured, ms (one core at 2.5 GHz).
FIRST_COSTS_MS: dict[Kind, float] = {"face": 5.0, "body": 9.0, "left_hand": 4.5, "right_hand": 4.5, "search": 6.0}
#: What has waited for this many of its periods runs whatever it costs: on a machine that is too slow, too.
STARVING = 8.0
#: A run costs what the cheapest quarter of so many of the last ones took at most: what others do on the same cores is
#: not its cost.
REMEMBERED, QUARTER = 60, 4


@dataclass(frozen=True, slots=True)
class Task:
    """One network on one person.

    Args:
        kind: which.
        person_id: whose; 0 where it is nobody's.
    """

    kind: Kind
    person_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A task that somebody would like to have done.

    Args:
        task: what.
        period: how many frames may pass between two runs, 1 or more.
        weight: how much it counts against others when not all can run.
        must: run it now, whatever it costs.
    """

    task: Task
    period: float
    weight: float = 1.0
    must: bool = False


def body_period(speed: float, pose_every: int) -> float:
    """Return how many frames may pass between two looks at a body that moves at a speed in sides per second."""
    if speed >= BODY_FAST:
        return max(1.0, pose_every / 2)
    return pose_every * (2.0 if speed < BODY_STILL else 1.0)


def hand_period(speed: float) -> float:
    """Return how many frames may pass between two looks at a hand that moves at a speed in sides per second."""
    if speed >= HAND_FAST:
        return 1.0
    return 3.0 if speed < HAND_STILL else 2.0


@dataclass(slots=True)
class Schedule:
    """Spends a budget per frame on what has waited longest for its period.

    Args:
        budget_ms: time of one core per frame on average for one person.
    """

    budget_ms: float
    _credit_ms: float = 0.0
    _frame: int = 0
    _last: dict[Task, tuple[float, float]] = field(default_factory=dict)
    _costs: dict[Kind, deque[float]] = field(default_factory=dict)

    def plan(self, wishes: Iterable[Wish], people: int, now_s: float) -> list[Task]:
        """Return what to do in this frame, most urgent first.

        What fits into the credit runs; what must run, and what is starving, runs on debt, which the frames that follow
        pay.

        Args:
            wishes: everything that would make sense.
            people: how many people are followed.
            now_s: time of the frame, on a clock that never goes back.
        """
        self._frame += 1
        budget_ms = min(self.budget_ms * (1 + SHARE_OF_FURTHER * max(people - 1, 0)), MAX_BUDGETS * self.budget_ms)
        self._credit_ms = min(self._credit_ms + budget_ms, 2 * budget_ms)
        rated = []
        known = {}
        for wish in wishes:
            frame, at_s = self._last.get(wish.task, (self._frame - wish.period, now_s))  # new: just due
            known[wish.task] = (frame, at_s)
            waited = max(self._frame - frame, (now_s - at_s) * RATE_HZ * SLACK) / wish.period
            if wish.must or waited >= 1:
                rated.append((wish.must or waited >= STARVING, waited * wish.weight, wish.task))
        self._last = known  # what nobody wishes for any more is forgotten
        rated.sort(key=lambda row: row[:2], reverse=True)
        chosen = []
        for must, _, task in rated:
            cost_ms = self.cost_ms(task.kind)
            if not must and self._credit_ms < min(cost_ms, budget_ms) * 0.5:
                continue
            self._credit_ms -= cost_ms
            self._last[task] = (self._frame, now_s)
            chosen.append(task)
        return chosen

    def spent(self, kind: Kind, ms: float) -> None:
        """Note what a run took."""
        self._costs.setdefault(kind, deque(maxlen=REMEMBERED)).append(ms)

    def cost_ms(self, kind: Kind) -> float:
        """Return what a run is taken to cost."""
        costs = self._costs.get(kind)
        return sorted(costs)[len(costs) // QUARTER] if costs else FIRST_COSTS_MS[kind]
