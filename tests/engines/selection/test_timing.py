"""Networks are timed in turns."""

from __future__ import annotations

import numpy as np

from engines.selection.timing import SETTLING, times_in_turns
from tests.fakes.small_device import SmallDevice

INPUTS = {name: np.ones((1, 1), np.float32) for name in ("maps", "condition", "w")}


def test_each_network_has_as_many_timed_runs() -> None:
    """Turns times runs; those in which it settles do not count."""
    networks = {"one": SmallDevice(room=1), "other": SmallDevice(room=1)}
    times = times_in_turns(networks, INPUTS, turns=3, runs=2)
    assert {name: len(found) for name, found in times.items()} == {"one": 6, "other": 6}
    assert all(len(network.calls) == 3 * (SETTLING + 2) for network in networks.values())
    assert all(time >= 0 for found in times.values() for time in found)


def test_first_turn_is_everybody_s_however_short_time_is() -> None:
    """Without any budget each network still has one turn."""
    networks = {"one": SmallDevice(room=1), "other": SmallDevice(room=1)}
    times = times_in_turns(networks, INPUTS, turns=5, runs=2, budget_s=0.0)
    assert {name: len(found) for name, found in times.items()} == {"one": 2, "other": 2}
