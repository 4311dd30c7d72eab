"""A recording in memory: who was seen when, and the controls that were made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engines.controls import ControlVector
from realtime.control_group import Group
from realtime.observation import PersonObservation


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonControls:
    """The controls that were made of one observation.

    Args:
        raw: float32 (len(SPEC),), as retargeted from this frame alone; neutral where nothing was seen.
        confidence: by group, 0..1; a group that is absent was not seen.
        smoothed: float32 (len(SPEC),), as a character would have been shown at that moment, without prediction.
    """

    raw: ControlVector
    confidence: Mapping[Group, float]
    smoothed: ControlVector


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One frame of a recording.

    Args:
        time_s: seconds since the first frame; later than the moment before.
        people: who was seen, main person first, each id once.
        controls: by person id; empty where a recording holds none.
    """

    time_s: float
    people: tuple[PersonObservation, ...]
    controls: Mapping[int, PersonControls] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What holds for a whole recording.

    Args:
        source: name of what was recorded, without its folder.
        image_size: (width, height) of the pictures in pixels; people of a picture of another size say so themselves.
        fps: pictures per second, on average.
        tracker: what watched, in words: at least "name".
    """

    source: str
    image_size: tuple[int, int]
    fps: float
    tracker: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A whole recording.

    Args:
        header: what holds for all of it.
        moments: its frames, in order of time, at least one.
        skipped: how many damaged pictures of the source were left out.
        note: why the controls are not those of the file, or "".
    """

    header: Header
    moments: tuple[Moment, ...]
    skipped: int = 0
    note: str = ""

    @property
    def duration_s(self) -> float:
        """How long it lasts: the last frame stands for as long as frames do on average."""
        return self.moments[-1].time_s + 1 / self.header.fps

    @property
    def person_ids(self) -> tuple[int, ...]:
        """Who appears in it, in order of appearance."""
        return tuple(dict.fromkeys(person.person_id for moment in self.moments for person in moment.people))
