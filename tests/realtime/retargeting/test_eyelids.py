"""How far the lids are shut."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from realtime.retargeting.eyelids import HOLD_S, MEMORY_S, Eyelids

FPS = 30
USUAL = (0.27, 0.27)


def _run(
    openings: Sequence[tuple[float, float]],
    *,
    usual: tuple[float, float] = USUAL,
    fps: float = FPS,
    known: bool = False,
) -> list[tuple[float, float]]:
    """Return the blinks of lids that are seen one after the other."""
    lids = Eyelids(usual_known=known)
    return [lids(opening, usual, index / fps) for index, opening in enumerate(openings)]


@pytest.mark.parametrize("opening", [0.14, 0.27, 0.38])
@pytest.mark.parametrize("fps", [5, 12, 30, 120])
def test_blink_of_any_eye_at_any_rate_is_found(opening: float, fps: float) -> None:
    """Four tenths less than a second ago is a blink, and before and after it eyes are open."""
    still = [(opening, opening)] * round(1.5 * fps)
    blinks = _run([*still, (0.6 * opening, 0.6 * opening), *still], usual=(opening, opening), fps=fps)
    assert min(blinks[len(still)]) > 0.8
    assert max(max(pair) for pair in [*blinks[: len(still)], *blinks[len(still) + 1 :]]) < 0.05


def test_eyes_that_narrow_slowly_do_not_blink() -> None:
    """A squint of two seconds leaves the eyes open."""
    narrowing = [(0.27 - 0.10 * at / 60,) * 2 for at in range(60)]
    assert max(max(pair) for pair in _run([(0.27, 0.27)] * 30 + narrowing)) < 0.3


def test_first_frame_of_narrow_eyes_is_open() -> None:
    """Before anything is known of them, people come with open eyes."""
    assert max(_run([(0.14, 0.14)])[0]) < 0.05


def test_first_frame_of_known_eyes_may_be_shut() -> None:
    """A recorded neutral tells shut eyes from narrow ones at once."""
    assert min(_run([(0.14, 0.14)], known=True)[0]) > 0.8


def test_shut_eyes_stay_shut_for_seconds() -> None:
    """Eyes that the network leaves open by half are held shut for as long as the hold lasts, longer than the memory."""
    shut = _run([(0.27, 0.27)] * 30 + [(0.13, 0.13)] * round(FPS * HOLD_S))
    assert MEMORY_S < HOLD_S
    assert min(min(pair) for pair in shut[31:]) > 0.9


def test_eyes_shut_for_good_stay_shut_if_nothing_is_left_of_them() -> None:
    """Whoever sleeps does not wake because time passes."""
    asleep = _run([(0.27, 0.27)] * 30 + [(0.06, 0.06)] * FPS * 10)
    assert min(min(pair) for pair in asleep[31:]) > 0.9


@pytest.mark.parametrize("side", [0, 1])
def test_wink_shuts_its_own_eye(side: int) -> None:
    """The other eye stays open."""
    wink = (0.14, 0.27) if side == 0 else (0.27, 0.14)
    blinks = _run([(0.27, 0.27)] * 30 + [wink] * 6)[-1]
    assert blinks[side] > 0.8 and blinks[1 - side] < 0.1


def test_lids_that_differ_a_little_blink_together() -> None:
    """Noise between two shut eyes is no wink."""
    left, right = _run([(0.27, 0.27)] * 30 + [(0.13, 0.17)])[-1]
    assert abs(left - right) < 0.05 and left > 0.8


def test_lid_that_opens_late_does_not_wink() -> None:
    """After a blink one eye may lag behind the other."""
    left, right = _run([(0.27, 0.27)] * 30 + [(0.13, 0.13)] * 3 + [(0.26, 0.15)] * 4)[-1]
    assert abs(left - right) < 0.05


def test_hidden_eye_does_not_wink() -> None:
    """What the far eye seems to do behind the nose is not believed."""
    lids = Eyelids()
    for index in range(30):
        lids((0.27, 0.27), USUAL, index / FPS)
    left, right = lids((0.10, 0.27), USUAL, 1.0, share_left=0.0, hidden=1.0)
    assert left == right < 0.05


def test_wide_eyes_that_relax_do_not_blink() -> None:
    """Surprise that ends is no blink."""
    assert max(_run([(0.36, 0.36)] * 30 + [(0.26, 0.26)])[-1]) < 0.35


def test_time_that_goes_backwards_begins_anew() -> None:
    """A clock that was set back leaves nothing behind."""
    lids = Eyelids()
    for index in range(30):
        lids((0.30, 0.30), USUAL, 100.0 + index / FPS)
    assert max(lids((0.2, 0.2), USUAL, 3.0)) < 0.05
