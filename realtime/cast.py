"""Who plays whom: people by their ids, each with a motion and a character of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from engines.controls import ControlVector
from realtime.observation import PersonObservation

#: As many as the tracker follows.
MAX_PEOPLE = 6


class PersonMotion(Protocol):
    """What a cast needs of `realtime.motion.Motion`."""

    def observe(self, observations: tuple[PersonObservation, ...], captured_s: float) -> None:
        """Take what was seen of one person at a time in seconds; nothing when they were not seen."""

    def controls_at(self, time_s: float) -> ControlVector:
        """Return the control vector for a time in seconds."""


@dataclass(slots=True)
class Role:
    """One person and who they are on stage.

    Args:
        person_id: as in the observations.
        character: name of the character.
        motion: what turns this person's observations into controls.
        seen_s: when the person was last seen.
        is_present: whether the newest observation showed the person.
    """

    person_id: int
    character: str
    motion: PersonMotion
    seen_s: float
    is_present: bool = True


class Cast:
    """Gives each person a character and keeps it for them: who comes back with the same id is the same character.

    Newcomers take the first character in the list that nobody has.  When every character, or every place, is taken,
    the person who has been gone for longest loses theirs; when nobody is gone, characters are shared by as few as
    possible, and people beyond the limit are not followed.

    Args:
        make_motion: makes a newcomer's motion; gets the person's id.
        characters: names in order of preference, at least one.
        limit: how many people at most, 1 to `MAX_PEOPLE`.

    Raises:
        ValueError: there are no characters, or the limit is out of its range.
    """

    def __init__(
        self, make_motion: Callable[[int], PersonMotion], characters: Sequence[str], *, limit: int = MAX_PEOPLE
    ) -> None:
        if not characters:
            raise ValueError("characters: got none, expected at least one")
        if not 1 <= limit <= MAX_PEOPLE:
            raise ValueError(f"limit: got {limit}, expected 1 to {MAX_PEOPLE}")
        self._make_motion = make_motion
        self._characters = tuple(dict.fromkeys(characters))
        self._limit = limit
        self._roles: dict[int, Role] = {}

    @property
    def roles(self) -> tuple[Role, ...]:
        """Everybody who has a character, in the order in which they came; also who is gone for the moment."""
        return tuple(self._roles.values())

    def role(self, person_id: int) -> Role | None:
        """Return a person's role, or None if they have none."""
        return self._roles.get(person_id)

    def observe(self, people: Sequence[PersonObservation], captured_s: float) -> None:
        """Take everybody whom a tracker saw in the frame captured at a time in seconds."""
        seen = {person.person_id: person for person in people}
        for role in self._roles.values():
            role.is_present = role.person_id in seen
            if role.is_present:
                role.seen_s = captured_s
        for person_id in seen:
            if person_id not in self._roles:
                self._admit(person_id, captured_s)
        for person_id, role in self._roles.items():
            role.motion.observe((seen[person_id],) if role.is_present else (), captured_s)

    def _admit(self, person_id: int, captured_s: float) -> None:
        """Give a newcomer a role, if there is one to be had."""
        taken = [role.character for role in self._roles.values()]
        character = next((name for name in self._characters if name not in taken), None)
        if len(self._roles) >= self._limit or character is None:
            gone = min(
                (role for role in self._roles.values() if not role.is_present),
                key=lambda role: role.seen_s,
                default=None,
            )
            if gone is not None:
                del self._roles[gone.person_id]
                character = character or gone.character
            elif len(self._roles) >= self._limit:
                return
        if character is None:
            character = min(self._characters, key=taken.count)
        self._roles[person_id] = Role(
            person_id=person_id, character=character, motion=self._make_motion(person_id), seen_s=captured_s
        )
