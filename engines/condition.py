"""What a generator is told about one picture."""

from __future__ import annotations

from dataclasses import dataclass

from engines.controls import ControlVector


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One picture to draw: which character, in which pose.

    Args:
        character: name of a character the engine knows.
        controls: float32, (len(controls.SPEC),), see `engines.controls`.
    """

    character: str
    controls: ControlVector
