"""Ids, with people made of numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from realtime.tracking.body import Body
from realtime.tracking.people import LOST_S, REMEMBERED_S, People
from realtime.tracking.person import Person, Place
from realtime.tracking.region import Region

F32 = npt.NDArray[np.float32]
SIDE = 400.0


def _colours(bin_: int) -> F32:
    histogram = np.zeros(128, np.float32)
    histogram[bin_] = 1.0
    return histogram


def _person(x: float, colours: int, now_s: float = 0.0, side: float = SIDE) -> Person:
    person = Person(person_id=0, region=Region(x=x, y=300.0, side=side), since_s=now_s)
    _put(person, x, colours, now_s, side)
    person.colours = person.last_colours
    return person


def _put(person: Person, x: float, colours: int, now_s: float, side: float = SIDE) -> None:
    """Let the body be seen there, in those clothes."""
    points = np.zeros((33, 3), np.float32)
    points[:, 0], points[:, 1] = x, np.linspace(100, 500, 33)
    if person.body is not None:
        person.trail.append(Place(time_s=person.body_s, region=person.region, velocity=person.velocity))
    person.region = Region(x=x, y=300.0, side=side)
    person.body = Body(
        points=points,
        world=np.zeros((33, 3), np.float32),
        visibility=np.ones(33, np.float32),
        presence=1.0,
        region=person.region,
        next_region=person.region,
    )
    person.body_s, person.last_colours = now_s, _colours(colours)


def test_person_who_returns_soon_in_the_same_clothes_keeps_the_id() -> None:
    """Two seconds away is a short loss."""
    people = People()
    people.admit(_person(200, 1), 0.0)
    assert len(people.expire(LOST_S + 0.05)) == 1 and not people.followed
    people.admit(_person(260, 1, 2.0), 2.0)
    assert [person.person_id for person in people.followed] == [1]


def test_person_in_other_clothes_or_far_off_or_late_gets_a_new_id() -> None:
    """Clothes, place, size and time each can tell that it is somebody else."""
    for newcomer, now_s in (
        (_person(200, 2, 1.0), 1.0),
        (_person(900, 1, 0.5), 0.5),
        (_person(200, 1, 1.0, side=3 * SIDE), 1.0),
        (_person(200, 1, REMEMBERED_S + 1), REMEMBERED_S + 1),
    ):
        people = People()
        people.admit(_person(200, 1), 0.0)
        people.expire(LOST_S + 0.05)
        people.expire(now_s)
        people.admit(newcomer, now_s)
        assert newcomer.person_id == 2


def test_two_followers_of_one_body_leave_it_to_whom_it_belongs() -> None:
    """The one that jumped onto other clothes goes, remembers where its person was, and finds the id again."""
    people = People()
    one, other = _person(200, 1), _person(600, 2)
    people.admit(one, 0.0)
    people.admit(other, 0.0)
    for step in range(1, 5):
        _put(one, 200 + 40 * step, 1, 0.05 * step)
    _put(other, 362, 1, 0.2)
    assert people.part(0.2) == [other]
    assert [person.person_id for person in people.followed] == [1]
    back = _person(640, 2, 0.6)
    people.admit(back, 0.6)
    assert back.person_id == 2


def test_swapped_followers_swap_back_after_a_second_look() -> None:
    """When the clothes say that two followers changed places, their ids change places too."""
    people = People()
    one, other = _person(200, 1), _person(400, 2)
    people.admit(one, 0.0)
    people.admit(other, 0.0)
    _put(one, 400, 2, 0.1)
    _put(other, 200, 1, 0.1)
    people.part(0.1)
    people.part(0.15)  # no new look
    assert one.person_id == 1
    _put(one, 400, 2, 0.2)
    people.part(0.2)
    assert (one.person_id, other.person_id) == (2, 1)


def test_follower_that_jumps_onto_other_clothes_has_strayed() -> None:
    """Somebody who walks through the picture does not take the character along; moving fast is no straying."""
    people = People()
    person = _person(200, 1)
    people.admit(person, 0.0)
    _put(person, 330, 1, 0.1)
    assert not people.strayed(person, 0.1)
    _put(person, 460, 2, 0.2)
    assert people.strayed(person, 0.2) and not people.followed
    assert people.lost[0].region.x == 330


def test_follower_that_slid_onto_who_was_lost_becomes_that_person() -> None:
    """Behind somebody the lost one comes out, the follower goes with him, and its own person is found again."""
    people = People()
    front, back = _person(200, 1), _person(400, 2)
    people.admit(front, 0.0)
    people.admit(back, 0.0)
    _put(front, 220, 1, 0.5)
    people.expire(0.5)
    for time_s, x in ((0.6, 280), (0.7, 300)):
        _put(front, x, 2, time_s)
        people.part(time_s)
    assert front.person_id == 2
    found = _person(230, 1, 0.9)
    people.admit(found, 0.9)
    assert found.person_id == 1


def test_half_hidden_newcomer_beside_somebody_is_doubtful() -> None:
    """Behind somebody, in a mixture of clothes, nobody gets a new id while somebody is missing there."""
    people = People()
    people.admit(_person(200, 1), 0.0)
    people.admit(_person(300, 2), 0.0)
    people.followed[0].body_s = 0.5
    people.expire(0.5)
    assert [person.person_id for person in people.followed] == [1]
    assert people.is_doubtful(_person(250, 3, 0.5), 0.5)
    assert not people.is_doubtful(_person(250, 2, 0.5), 0.5)
    assert not people.is_doubtful(_person(1200, 3, 0.5), 0.5)


def test_largest_person_is_the_main_one_and_stays_it() -> None:
    """The first place does not go to somebody larger who comes later, but to somebody when the main one is gone."""
    people = People()
    people.admit(_person(200, 1), 0.0)
    people.admit(_person(900, 2, side=2 * SIDE), 0.0)
    assert [person.person_id for person in people.followed] == [1, 2]
    people.followed[1].body_s = 10.0
    people.expire(10.0)
    assert people.main_id == 1  # may still come back
    people.followed[0].body_s = 14.0
    people.expire(14.0)
    assert people.main_id == 2


def test_remembered_places_follow_the_size_of_the_picture() -> None:
    """After the camera changed its size a person is still found again."""
    people = People()
    people.admit(_person(200, 1), 0.0)
    people.expire(LOST_S + 0.05)
    people.rescale(2.0, 2.0)
    assert people.lost[0].region == Region(x=400.0, y=600.0, side=2 * SIDE)
