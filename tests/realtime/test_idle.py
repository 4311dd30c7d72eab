"""What a character does by itself."""

from __future__ import annotations

import numpy as np

from engines.controls import HIGH, INDEX, LOW
from realtime.idle import Idle

BLINK = INDEX["blink_left"]


def _blink_starts(seed: int, seconds: float = 60.0) -> list[float]:
    idle = Idle(seed)
    times = np.arange(0, seconds, 1 / 60)
    shut = [idle.at(100.0 + time)[BLINK] > 0.5 for time in times]
    return [float(times[index]) for index in range(1, len(times)) if shut[index] and not shut[index - 1]]


def test_blinks_come_every_two_to_six_seconds() -> None:
    """Both lids shut for a moment at natural intervals."""
    gaps = np.diff(_blink_starts(3))
    assert len(gaps) >= 8
    assert gaps.min() > 1.9 and gaps.max() < 6.1


def test_same_seed_blinks_alike_and_another_does_not() -> None:
    """Idle motion is reproducible."""
    assert _blink_starts(3) == _blink_starts(3)
    assert _blink_starts(3) != _blink_starts(4)


def test_idle_moves_without_leaving_the_ranges() -> None:
    """The character breathes and sways, a little, inside the spec."""
    idle = Idle()
    vectors = np.array([idle.at(step / 10) for step in range(300)])
    assert (vectors >= LOW).all() and (vectors <= HIGH).all()
    assert 0.5 < np.ptp(vectors[:, INDEX["head_yaw"]]) < 10
    assert 0.5 < np.ptp(vectors[:, INDEX["torso_pitch"]]) < 5


def test_idle_never_jumps() -> None:
    """From one frame to the next no angle moves by more than half a degree."""
    idle = Idle()
    vectors = np.array([idle.at(step / 30) for step in range(600)])
    angles = vectors[:, [INDEX["head_yaw"], INDEX["torso_roll"], INDEX["left_upper_arm_z"]]]
    assert np.abs(np.diff(angles, axis=0)).max() < 0.5


def test_time_turned_back_is_no_error() -> None:
    """A clock that goes backwards starts the blinks again."""
    idle = Idle(5)
    first = [idle.at(step / 30).tolist() for step in range(200)]
    idle.at(500.0)
    assert [idle.at(step / 30).tolist() for step in range(200)] == first
