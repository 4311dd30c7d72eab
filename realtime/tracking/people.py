"""Who is who: ids that survive crossings and short losses.

Pure bookkeeping over `Person` objects; it runs no network.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from realtime.tracking.appearance import likeness
from realtime.tracking.person import Person, Place
from realtime.tracking.region import Region

F32 = npt.NDArray[np.float32]

#: A person neither whose face nor whose body was seen for this long is lost, and remembered for as long as this.
LOST_S, REMEMBERED_S = 0.35, 3.0
#: Nose and shoulders of two bodies that lie this close, in sides, are one body: about a hand's breadth.
SAME_BODY = 0.06
BODY_POINTS = [0, 11, 12]
#: Likeness of clothes from which somebody may be the one who was lost, and more for each side that they are apart.
#: Two looks at one person give 0.9 and more, two people of the sign clips 0.1 to 0.8.
SAME_CLOTHES, SAME_CLOTHES_PER_SIDE = 0.75, 0.3
#: Ratio of sizes that the same person may have after a loss.
SIZE_RATIO = 1.7
#: How far a lost person may be found from the last place, in sides: at once, and more for each second.
NEAR, NEAR_PER_S = 0.12, 0.8
#: Who walked is taken to walk on for this long.
WALKS_ON_S = 1.0
#: Somebody new whose shoulders are within this part of a side of somebody's is half hidden.
CLEAR = 0.3
#: What having been followed for a second is worth against likeness, where two followers are on one body.
SENIORITY = 0.3
#: Two followers have swapped their people when the clothes say so by this much, this many times.
SWAPPED_BY, SWAPPED_TIMES = 0.4, 2
#: A follower that jumped by this part of its region onto other clothes than this is on somebody else.
JUMP, OTHER_CLOTHES = 0.2, 0.6
_STILL = np.zeros(2, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Somebody who may come back.

    Args:
        person_id: the id that is kept.
        region: where the body was last seen.
        velocity: float32 (2,), pixels per second.
        colours: of the clothes, or None.
        lost_s: when last seen.
    """

    person_id: int
    region: Region
    velocity: F32
    colours: F32 | None
    lost_s: float


class People:
    """Gives ids, keeps them through losses, and takes them from followers that strayed."""

    def __init__(self) -> None:
        self.followed: list[Person] = []
        self.lost: list[Lost] = []
        self.main_id = 0
        self._last_id = 0
        self._votes: dict[tuple[int, int], int] = {}

    def admit(self, person: Person, now_s: float) -> None:
        """Follow somebody new, under the id of who was lost if it seems to be the same person."""
        found = max(
            ((score, lost) for lost in self.lost if (score := resemblance(person, lost, now_s)) > 0),
            key=lambda row: row[0],
            default=None,
        )
        if found is not None:
            person.person_id = found[1].person_id
            if found[1].colours is not None:
                person.colours = found[1].colours
            self.lost.remove(found[1])
        else:
            self._last_id += 1
            person.person_id = self._last_id
        self.followed.append(person)
        self._order()

    def is_doubtful(self, person: Person, now_s: float) -> bool:
        """Return whether somebody new is half hidden: too near to somebody else to be told from who was lost there."""
        near = any(
            float(np.linalg.norm(one.shoulders - person.shoulders)) < CLEAR * max(one.region.side, person.region.side)
            for one in self.followed
        )
        return (
            near
            and any(_is_in_reach(person, lost, now_s) for lost in self.lost)
            and not any(resemblance(person, lost, now_s) > 0 for lost in self.lost)
        )

    def lose(self, person: Person, now_s: float, place: Place | None = None) -> None:
        """Stop following somebody, and remember who it was.

        Args:
            person: one of `followed`.
            now_s: time of the frame.
            place: where the person was last surely seen; default: where it was last.
        """
        if place is None:
            place = Place(time_s=max(person.seen_s, now_s - LOST_S), region=person.region, velocity=person.velocity)
        self.followed.remove(person)
        self.lost.append(
            Lost(
                person_id=person.person_id,
                region=place.region,
                velocity=place.velocity,
                colours=person.colours,
                lost_s=place.time_s,
            )
        )
        self._order()

    def expire(self, now_s: float) -> list[Person]:
        """Lose who was not seen for long, forget who was lost for long; return who was lost."""
        gone = [person for person in self.followed if now_s - person.seen_s > LOST_S]
        for person in gone:
            self.lose(person, now_s)
        self.lost = [lost for lost in self.lost if now_s - lost.lost_s <= REMEMBERED_S]
        self._order()
        return gone

    def rescale(self, x: float, y: float) -> None:
        """Take over what is remembered into pictures of another size, by the ratios of width and height."""
        self.lost = [
            replace(
                lost, region=replace(lost.region, x=lost.region.x * x, y=lost.region.y * y, side=lost.region.side * y)
            )
            for lost in self.lost
        ]

    def part(self, now_s: float) -> list[Person]:
        """Undo swaps and let the wrong one of two followers of one body go; return who was let go."""
        gone = []
        for one, other in itertools.combinations(list(self.followed), 2):
            if one not in self.followed or other not in self.followed:
                continue
            if _same_body(one, other):
                loser = min((other, one), key=lambda person: _belief(person, now_s))  # of equals the later one
                self.lose(loser, now_s, loser.trail[0] if loser.trail else None)
                gone.append(loser)
            elif now_s in (one.body_s, other.body_s):
                self._unswap(one, other)
        for person in self.followed:
            if person.body_s == now_s:
                self._take_over(person, now_s)
        return gone

    def strayed(self, person: Person, now_s: float) -> bool:
        """Return whether a look at a body, just now, found somebody else, and lose the person if so."""
        if not person.trail or person.colours is None or person.last_colours is None:
            return False
        before = person.trail[-1]
        if _jump(person, before) < JUMP or likeness(person.colours, person.last_colours) > OTHER_CLOTHES:
            return False
        self.lose(person, now_s, before)
        return True

    def _unswap(self, one: Person, other: Person) -> None:
        """Exchange the ids of two followers who have each other's clothes on."""
        apart = math.hypot(one.region.x - other.region.x, one.region.y - other.region.y)
        known = [one.colours, other.colours, one.last_colours, other.last_colours]
        if apart > max(one.region.side, other.region.side) or any(colours is None for colours in known):
            return
        own = likeness(one.colours, one.last_colours) + likeness(other.colours, other.last_colours)
        crossed = likeness(one.colours, other.last_colours) + likeness(other.colours, one.last_colours)
        if self._is_voted(one.person_id, other.person_id, crossed > own + SWAPPED_BY):
            one.person_id, other.person_id = other.person_id, one.person_id
            one.colours, other.colours = other.colours, one.colours
            self._order()

    def _take_over(self, person: Person, now_s: float) -> None:
        """Make a follower that slid onto somebody who was lost that person, and lose its own."""
        if person.colours is None or person.last_colours is None:
            return
        own = likeness(person.colours, person.last_colours)
        for index, lost in enumerate(self.lost):
            is_other = lost.colours is not None and likeness(lost.colours, person.last_colours) > own + SWAPPED_BY
            if self._is_voted(person.person_id, lost.person_id, is_other and _is_in_reach(person, lost, now_s)):
                place = person.trail[0] if person.trail else Place(time_s=now_s, region=person.region, velocity=_STILL)
                self.lost[index] = Lost(
                    person_id=person.person_id,
                    region=place.region,
                    velocity=place.velocity,
                    colours=person.colours,
                    lost_s=place.time_s,
                )
                person.person_id, person.colours = lost.person_id, lost.colours
                self._order()
                return

    def _is_voted(self, one_id: int, other_id: int, vote: bool) -> bool:
        """Return whether so many looks in turn said that two ids belong to each other's people."""
        pair = (min(one_id, other_id), max(one_id, other_id))
        if not vote:
            self._votes.pop(pair, None)
            return False
        self._votes[pair] = self._votes.get(pair, 0) + 1
        if self._votes[pair] < SWAPPED_TIMES:
            return False
        del self._votes[pair]
        return True

    def _order(self) -> None:
        known = {person.person_id for person in self.followed}
        if self.main_id not in known and self.main_id not in {lost.person_id for lost in self.lost}:
            largest = max(self.followed, key=lambda person: person.region.side, default=None)
            self.main_id = largest.person_id if largest is not None else 0
        self.followed.sort(key=lambda person: (person.person_id != self.main_id, person.person_id))


def resemblance(person: Person, lost: Lost, now_s: float) -> float:
    """Return how much somebody new looks like who was lost, or 0 where it cannot be the same person."""
    if not _is_in_reach(person, lost, now_s):
        return 0.0
    away, ratio = _apart(person, lost, now_s), person.region.side / lost.region.side
    alike = likeness(person.last_colours, lost.colours)
    known = person.last_colours is not None and lost.colours is not None
    if known and alike < SAME_CLOTHES + SAME_CLOTHES_PER_SIDE * away:
        return 0.0
    if not known and away > NEAR:
        return 0.0
    return max(alike - away - 0.5 * abs(math.log(ratio)), 1e-3)


def _is_in_reach(person: Person, lost: Lost, now_s: float) -> bool:
    """Return whether who was lost can be where somebody new is, and of that size."""
    ratio = person.region.side / max(lost.region.side, 1e-6)
    elapsed_s = max(now_s - lost.lost_s, 0.0)
    return 1 / SIZE_RATIO < ratio < SIZE_RATIO and _apart(person, lost, now_s) <= NEAR + NEAR_PER_S * elapsed_s


def _apart(person: Person, lost: Lost, now_s: float) -> float:
    """Return how far somebody new is from where who was lost would be, in sides."""
    # Somebody who was walking may have stopped, but rather has not.
    stayed = np.array([lost.region.x, lost.region.y])
    walked = stayed + lost.velocity * min(max(now_s - lost.lost_s, 0.0), WALKS_ON_S)
    here = np.array([person.region.x, person.region.y])
    return (float(np.linalg.norm(here - stayed)) + float(np.linalg.norm(here - walked))) / 2 / lost.region.side


def _same_body(one: Person, other: Person) -> bool:
    if one.body is None or other.body is None:
        return False
    steps = one.body.points[BODY_POINTS, :2] - other.body.points[BODY_POINTS, :2]
    apart = float(np.linalg.norm(steps, axis=1).mean())
    return apart < SAME_BODY * max(one.region.side, other.region.side)


def _belief(person: Person, now_s: float) -> float:
    """Return how surely a follower is still on its own person."""
    jump = _jump(person, person.trail[0]) if person.trail else 0.0
    known = SENIORITY * min(now_s - person.since_s, 1.0)
    return likeness(person.colours, person.last_colours) - jump + known


def _jump(person: Person, place: Place) -> float:
    """Return how far a body is from where it was, in sides."""
    return math.hypot(person.region.x - place.region.x, person.region.y - place.region.y) / place.region.side
