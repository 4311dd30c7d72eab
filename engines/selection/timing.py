"""Times networks against each other, so that what else the machine does hits all alike.

They take turns, a few runs at a time: each library keeps threads of its own, which go on spinning for a moment after
their work, so whoever came next run by run would be timed with two cores half taken (measured: 15 to 30 ms instead of
8 to 10 on two cores).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from engines.network import Network

F32 = npt.NDArray[np.float32]
K = TypeVar("K")

#: Seconds between two networks' turns.  Source: GNU OpenMP's threads spin for some milliseconds before they sleep.
PAUSE_S = 0.02
#: Runs at the beginning of each turn that do not count.
SETTLING = 1


def times_in_turns(
    networks: Mapping[K, Network], inputs: dict[str, F32], turns: int, runs: int, budget_s: float = float("inf")
) -> dict[K, list[float]]:
    """Return each network's times for one call, in milliseconds.

    Args:
        networks: that take turns.
        inputs: of every call.
        turns: that each may have; the first is had by all.
        runs: of each turn that count.
        budget_s: seconds after which no further round of turns is begun.
    """
    times: dict[K, list[float]] = {key: [] for key in networks}
    end_s = time.perf_counter() + budget_s
    for number in range(turns):
        if number and time.perf_counter() > end_s:
            break
        for key, network in networks.items():
            time.sleep(PAUSE_S)
            for run in range(SETTLING + runs):
                begin = time.perf_counter()
                network.predict(inputs)
                if run >= SETTLING:
                    times[key].append((time.perf_counter() - begin) * 1000)
    return times
