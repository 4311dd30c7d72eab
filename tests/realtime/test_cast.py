"""Who plays whom, with motions that only count."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.controls import NEUTRAL, ControlVector
from realtime.cast import MAX_PEOPLE, Cast
from realtime.observation import PersonObservation
from realtime.retargeting.calibration import Calibration
from realtime.retargeting.neutral import Neutral

NAMES = ("ada", "bob", "cyd", "dee", "eve", "fay")


class CountingMotion:
    """Notes whom it was shown."""

    def __init__(self, person_id: int) -> None:
        self.person_id = person_id
        self.seen: list[tuple[int, ...]] = []

    @property
    def tracked(self) -> bool:
        return bool(self.seen and self.seen[-1])

    def observe(self, observations: tuple[PersonObservation, ...], captured_s: float) -> None:
        self.seen.append(tuple(person.person_id for person in observations))

    def controls_at(self, time_s: float) -> ControlVector:
        return NEUTRAL

    def landmarks(self) -> npt.NDArray[np.float32] | None:
        return None

    def calibrate(self, now_s: float) -> None:
        return

    def calibration(self, now_s: float) -> Calibration:
        return Calibration()

    def use_neutral(self, neutral: Neutral | None) -> None:
        return


def _people(*ids: int) -> tuple[PersonObservation, ...]:
    return tuple(
        PersonObservation(
            person_id=person_id, pose=None, pose_world=None, pose_visibility=None, face=None, image_size=(64, 48)
        )
        for person_id in ids
    )


def _cast(*frames: tuple[int, ...], characters: tuple[str, ...] = NAMES, limit: int = MAX_PEOPLE) -> Cast:
    cast = Cast(CountingMotion, characters, limit=limit)
    for at, ids in enumerate(frames):
        cast.observe(_people(*ids), at / 10)
    return cast


def _played(cast: Cast) -> dict[int, str]:
    return {role.person_id: role.character for role in cast.roles}


def test_people_get_characters_in_the_order_of_the_list() -> None:
    """The first who comes is the first character, whatever the id."""
    assert _played(_cast((7,), (7, 3))) == {7: "ada", 3: "bob"}


def test_who_comes_back_is_the_same_character() -> None:
    """Also when somebody else came in between, and whoever crossed whom."""
    assert _played(_cast((1, 2), (2,), (2, 3), (3, 1, 2))) == {1: "ada", 2: "bob", 3: "cyd"}


def test_each_motion_sees_its_own_person_only() -> None:
    """And sees nobody while the person is gone."""
    cast = _cast((1, 2), (2,), (2, 1))
    role = cast.role(1)
    assert role is not None and isinstance(role.motion, CountingMotion)
    assert role.motion.seen == [(1,), (), (1,)] and role.is_present


def test_whoever_is_gone_for_longest_makes_room() -> None:
    """With every character taken, a newcomer gets the one that was missed for longest."""
    cast = _cast((1, 2), (2,), (), (3,), characters=("ada", "bob"))
    assert _played(cast) == {2: "bob", 3: "ada"}


def test_seventh_person_is_not_followed_until_somebody_goes() -> None:
    """Nobody who is there loses their character."""
    cast = _cast((1, 2, 3, 4, 5, 6, 7))
    assert cast.role(7) is None and len(cast.roles) == MAX_PEOPLE
    cast.observe(_people(1, 2, 4, 5, 6, 7), 9.0)
    assert cast.role(3) is None and _played(cast)[7] == "cyd"


def test_more_people_than_characters_share_evenly() -> None:
    """Rather two of one character than somebody without."""
    assert list(_played(_cast((1, 2, 3, 4, 5), characters=("ada", "bob"))).values()) == [
        *("ada", "bob", "ada", "bob", "ada")
    ]


def test_wrong_arguments_are_refused() -> None:
    """A cast needs somebody to play."""
    for characters, limit in (((), 2), (NAMES, 0), (NAMES, 7)):
        with pytest.raises(ValueError, match="expected"):
            Cast(CountingMotion, characters, limit=limit)


@given(st.lists(st.lists(st.integers(0, 9), max_size=8, unique=True), max_size=30), st.integers(1, 6))
def test_whoever_stays_keeps_the_character(frames: list[list[int]], limit: int) -> None:
    """From frame to frame nobody who is present is recast; places never run over; a motion has one person."""
    cast = Cast(CountingMotion, NAMES[:3], limit=limit)
    before: dict[int, str] = {}
    present: list[int] = []
    for at, ids in enumerate(frames):
        cast.observe(_people(*ids), at / 30)
        now = _played(cast)
        assert len(now) <= limit
        for person_id in set(ids) & set(present) & set(before):
            assert now.get(person_id) == before[person_id]
        for role in cast.roles:
            assert isinstance(role.motion, CountingMotion) and role.motion.person_id == role.person_id
        before, present = now, ids
