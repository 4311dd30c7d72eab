"""The phases of a training: which resolution and which batch size a step has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of a training with one resolution and one batch size.

    Args:
        resolution_px: pixels per side of the pictures.
        batch: pictures per step, over all processes together.
        steps: how many steps it has.
        fade_steps: the first so many of them, in which what the phase adds fades in (Progressive GAN).

    Raises:
        ValueError: a number is out of range.
    """

    resolution_px: int
    batch: int
    steps: int
    fade_steps: int = 0

    def __post_init__(self) -> None:
        if self.resolution_px < 1 or self.batch < 1 or self.steps < 1 or not 0 <= self.fade_steps <= self.steps:
            raise ValueError(f"{self}: expected at least one pixel, picture and step, and 0 to steps fade_steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a training a step is.

    Args:
        step: number of the step, from 0, over all phases.
        phase: the phase it is in.
        phase_number: index of the phase.
        phase_step: number of the step in its phase, from 0.
        pictures: pictures seen before this step, over all phases and processes.
    """

    step: int
    phase: Phase
    phase_number: int
    phase_step: int
    pictures: int

    @property
    def phase_pictures(self) -> int:
        """Pictures seen before this step in its phase, over all processes."""
        return self.phase_step * self.phase.batch

    @property
    def fade(self) -> float:
        """How far what the phase adds has faded in, 0 to 1; 1 without fading."""
        return 1.0 if not self.phase.fade_steps else min(1.0, self.phase_step / self.phase.fade_steps)


def steps_of(phases: Sequence[Phase]) -> int:
    """Return the number of steps of all phases together."""
    return sum(phase.steps for phase in phases)


def place_of(phases: Sequence[Phase], step: int) -> Place:
    """Return where a step is; it follows from its number alone, so that a training can go on at any step.

    Raises:
        ValueError: the phases have no such step.
    """
    first, pictures = 0, 0
    for number, phase in enumerate(phases):
        inside = step - first
        if 0 <= inside < phase.steps:
            return Place(
                step=step,
                phase=phase,
                phase_number=number,
                phase_step=inside,
                pictures=pictures + inside * phase.batch,
            )
        first += phase.steps
        pictures += phase.steps * phase.batch
    raise ValueError(f"step {step}: the phases have {first} steps")
