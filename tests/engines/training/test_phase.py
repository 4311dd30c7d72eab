"""Where in a training a step is."""

from __future__ import annotations

import pytest

from engines.training.phase import Phase, place_of, steps_of

PHASES = (
    Phase(resolution_px=64, batch=8, steps=10),
    Phase(resolution_px=128, batch=4, steps=20, fade_steps=4),
)


def test_place_of_each_step_follows_from_its_number() -> None:
    """Steps are counted through, pictures are summed, phases follow each other without a gap."""
    assert steps_of(PHASES) == 30
    seen = 0
    for step in range(30):
        place = place_of(PHASES, step)
        assert place.step == step
        assert place.phase_number == int(step >= 10)
        assert place.phase is PHASES[place.phase_number]
        assert place.phase_step == (step if step < 10 else step - 10)
        assert place.pictures == seen
        seen += place.phase.batch


def test_fade_of_a_phase_rises_to_one() -> None:
    """What a phase adds fades in over its first steps; without fading it is there at once."""
    assert place_of(PHASES, 0).fade == 1.0
    assert [place_of(PHASES, step).fade for step in range(10, 16)] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]


@pytest.mark.parametrize("step", [-1, 30])
def test_place_of_a_step_that_is_not_there_is_refused(step: int) -> None:
    """The phases say how many steps there are."""
    with pytest.raises(ValueError, match="have 30 steps"):
        place_of(PHASES, step)


def test_phase_without_pictures_is_refused() -> None:
    """A batch has one picture at least, and fading ends in its phase."""
    with pytest.raises(ValueError, match="batch=0"):
        Phase(resolution_px=64, batch=0, steps=1)
    with pytest.raises(ValueError, match="fade_steps=3"):
        Phase(resolution_px=64, batch=1, steps=2, fade_steps=3)
