"""Trying ways of running the network on this machine: are they right, and how fast are they?"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

from engines.backends.candidate import Candidate
from engines.backends.catalogue import (
    BACKENDS,
    REFERENCE,
    SLOW_BACKENDS,
    candidates,
    open_network,
    why_slow_to_open,
)
from engines.errors import BackendError
from engines.network import Network, Precision
from engines.sample_inputs import sample_inputs
from engines.selection.timing import times_in_turns
from engines.weights import Weights

logger = logging.getLogger(__name__)

F32 = npt.NDArray[np.float32]

#: Least likeness to the reference in dB, by precision: below it a way of running is not taken.
LEAST_PARITY_DB: dict[Precision, float] = {"f32": 45.0, "bf16": 38.0, "f16": 38.0, "int8": 30.0}
#: What identical results are called: float32 cannot tell more.
MOST_PARITY_DB = 120.0
#: Runs of each way before any is timed, and timed runs of each turn.
WARM_UP, RUNS = 2, 3
#: Turns that each has, and seconds after which no further one is begun: a start keeps below two seconds in all.
TURNS, BUDGET_S = 3, 0.7
#: The same when somebody asked for it.
THOROUGH_TURNS, THOROUGH_BUDGET_S = 15, 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of trying one way of running the network.

    Args:
        candidate: the way.
        version: of its library; empty where it did not run.
        device: that it ran on.
        ms: median time of one picture, milliseconds; None where it was not measured.
        parity_db: likeness to the reference; None for the reference itself and where it was not measured.
        refusal: why it cannot be taken, or was not tried; None where it can.
    """

    candidate: Candidate
    version: str = ""
    device: str = ""
    ms: float | None = None
    parity_db: float | None = None
    refusal: str | None = None


def parity_db(got: F32, reference: F32) -> float:
    """Return the peak signal to noise ratio of two changes of colours, in dB; the peak is white, 1."""
    error = float(np.square(got.astype(np.float64) - reference.astype(np.float64)).mean())
    return min(10 * float(np.log10(1 / max(error, 1e-30))), MOST_PARITY_DB)


def try_all(
    weights: Weights,
    threads: int,
    cache: Path,
    *,
    thorough: bool = False,
    backends: Sequence[str] = BACKENDS,
    say: Callable[[str], None] = lambda text: None,
) -> tuple[list[Trial], dict[Candidate, Network]]:
    """Try ways of running the network; return what came of each, and the networks that may be taken.

    All are opened first and then run in turns, so that what else the machine does meanwhile hits all alike.

    Args:
        weights: what to run.
        threads: how many each may use; 0 leaves it to the library.
        cache: folder for what is compiled.
        thorough: also what takes long to open, and more rounds.
        backends: which to look at.
        say: told what is opened next.

    Returns:
        The trials in the order of `backends`; and by candidate the open networks, which the caller closes.

    Raises:
        WeightsError: the weights are for another control spec, or the samples are missing.
    """
    trials: dict[Candidate, Trial] = {}
    networks: dict[Candidate, Network] = {}
    try:
        for candidate in _all(backends, trials, thorough):
            say(candidate.name)
            try:
                slow = None if thorough else why_slow_to_open(weights, candidate, cache)
                if slow is None:
                    networks[candidate] = open_network(weights, candidate.backend, candidate.options(threads), cache)
                trials[candidate] = Trial(candidate=candidate, refusal=slow)
            except BackendError as error:
                trials[candidate] = Trial(candidate=candidate, refusal=str(error))
        _measure(weights, trials, networks, *_turns(thorough))
    except BaseException:
        for network in networks.values():
            network.close()
        raise
    order = {name: index for index, name in enumerate(backends)}
    return sorted(trials.values(), key=lambda trial: order[trial.candidate.backend]), networks


def _turns(thorough: bool) -> tuple[int, float]:
    return (THOROUGH_TURNS, THOROUGH_BUDGET_S) if thorough else (TURNS, BUDGET_S)


def _all(backends: Sequence[str], trials: dict[Candidate, Trial], thorough: bool) -> list[Candidate]:
    """Return the candidates, and note those backends that have none."""
    found: list[Candidate] = []
    for backend in backends:
        nobody = Candidate(backend=backend)
        if backend in SLOW_BACKENDS and not thorough:
            refusal = f"not measured at the start, because {SLOW_BACKENDS[backend]}; `animirror engines --measure` does"
            trials[nobody] = Trial(candidate=nobody, refusal=refusal)
            continue
        try:
            found += candidates(backend)
        except BackendError as error:
            trials[nobody] = Trial(candidate=nobody, refusal=str(error))
    return found


def _measure(
    weights: Weights,
    trials: dict[Candidate, Trial],
    networks: dict[Candidate, Network],
    turns: int,
    budget_s: float,
) -> None:
    """Fill in time and parity of every network that runs; those that fail or differ are closed and taken out."""
    one = sample_inputs(weights, 1)
    results: dict[Candidate, F32] = {}
    for candidate, network in list(networks.items()):
        try:
            for _ in range(WARM_UP):
                results[candidate] = network.predict(one).copy()
        except BackendError as error:
            _take_out(candidate, str(error), trials, networks)
    reference = next(
        (one for one in (REFERENCE, *(c for c in results if c.precision == "f32")) if one in results), None
    )
    parity: dict[Candidate, float] = {}
    for candidate, result in results.items():
        if candidate not in networks or reference is None or candidate == reference:
            continue
        parity[candidate] = parity_db(result, results[reference])
        least = LEAST_PARITY_DB[candidate.precision or "f32"]
        if not parity[candidate] >= least:
            why = (
                f"differs from {reference.name} by too much: {parity[candidate]:.1f} dB, at least {least:.0f} is needed"
            )
            _take_out(candidate, why, trials, networks)
    times = times_in_turns(networks, one, turns, RUNS, budget_s)
    for candidate, network in networks.items():
        info = network.info
        trials[candidate] = Trial(
            candidate=candidate,
            version=info.backend_version,
            device=info.device,
            ms=round(median(times[candidate]), 2),
            parity_db=round(parity[candidate], 1) if candidate in parity else None,
        )


def _take_out(
    candidate: Candidate, refusal: str, trials: dict[Candidate, Trial], networks: dict[Candidate, Network]
) -> None:
    info = networks[candidate].info
    trials[candidate] = Trial(candidate=candidate, version=info.backend_version, device=info.device, refusal=refusal)
    networks.pop(candidate).close()
