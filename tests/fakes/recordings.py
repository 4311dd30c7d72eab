"""Recordings made of numbers: small ones by hand, and any at all for property tests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from engines.controls import HIGH, LOW
from realtime.control_group import Group
from realtime.observation import PersonObservation
from realtime.recording.recording import Header, Moment, PersonControls, Recording
from tests.fakes.person import face, person

F32 = npt.NDArray[np.float32]

HEADER = Header(source="clip.mkv", image_size=(640, 480), fps=30.0, tracker={"name": "fake"})


def turning(count: int = 30, person_id: int = 1, fps: float = 30.0) -> Recording:
    """Return a recording of a person who turns the head from 0 to 30 degrees."""
    moments = tuple(
        Moment(
            time_s=index / fps,
            people=(person(face_points=face(yaw=30 * index / max(count - 1, 1)), person_id=person_id),),
        )
        for index in range(count)
    )
    return Recording(header=HEADER, moments=moments)


def _array(shape: tuple[int, ...], low: float, high: float) -> st.SearchStrategy[F32]:
    def make(seed: int) -> F32:
        return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)

    return st.integers(0, 2**32 - 1).map(make)


def observations(person_id: int) -> st.SearchStrategy[PersonObservation]:
    """Return a strategy for observations with some parts missing."""

    def some(*shape: int) -> st.SearchStrategy[F32 | None]:
        return st.none() | _array(shape, -2.0, 2.0)

    return st.builds(
        PersonObservation,
        person_id=st.just(person_id),
        pose=some(33, 3),
        pose_world=some(33, 3),
        pose_visibility=st.none() | _array((33,), 0.0, 1.0),
        face=some(478, 3),
        left_hand=some(21, 3),
        right_hand=some(21, 3),
        left_hand_world=some(21, 3),
        right_hand_world=some(21, 3),
        image_size=st.sampled_from([(640, 480), (1, 1), (7680, 4320)]),
    )


def person_controls() -> st.SearchStrategy[PersonControls]:
    """Return a strategy for controls inside their ranges."""
    vector = _array((len(LOW),), 0.0, 1.0).map(lambda share: (LOW + share * (HIGH - LOW)).astype(np.float32))
    confidence = st.dictionaries(st.sampled_from(list(Group)), st.floats(0, 1))
    return st.builds(PersonControls, raw=vector, confidence=confidence, smoothed=vector)


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    """Draw a recording of up to four frames and three people."""
    moments: list[Moment] = []
    time_s = 0.0
    for _ in range(draw(st.integers(1, 4))):
        ids = draw(st.lists(st.integers(-1, 5), max_size=3, unique=True))
        people = tuple(draw(observations(person_id)) for person_id in ids)
        controls = {person_id: draw(person_controls()) for person_id in ids if draw(st.booleans())}
        moments.append(Moment(time_s=time_s, people=people, controls=controls))
        time_s += draw(st.floats(0.001, 100.0))
    return Recording(header=HEADER, moments=tuple(moments), skipped=draw(st.integers(0, 9)))
