"""Picks the fastest way of running the network on this machine, from memory or by measuring."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.backends.candidate import Candidate
from engines.backends.catalogue import open_network
from engines.errors import BackendError
from engines.network import Network
from engines.selection.choice import ranked, reason, rejected
from engines.selection.remembered import Remembered
from engines.selection.trial import Trial, try_all
from engines.weights import Weights

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The way that was picked, ready to run, and what is to be said of it.

    Args:
        network: ready.
        chosen: what it is.
        trials: of everything that was looked at.
        reason: why it is this one.
        rejected: why the others are not.
        remembered: whether nothing was measured now.
        kept: where it is remembered from now on; None where it cannot be.
    """

    network: Network
    chosen: Candidate
    trials: tuple[Trial, ...]
    reason: str
    rejected: dict[str, str]
    remembered: bool
    kept: Path | None


def select(
    weights: Weights,
    threads: int,
    cache: Path,
    *,
    measure: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> Selection:
    """Return the fastest way of running the network whose results are right.

    Args:
        weights: what to run.
        threads: how many it may use; 0 leaves it to the library.
        cache: folder in which measurements are kept.
        measure: measure everything thoroughly even if it is remembered.
        say: told what is opened next.

    Raises:
        BackendError: nothing runs here, with every reason.
        WeightsError: the weights are for another control spec.
    """
    memory = Remembered(cache, weights, threads)
    known = None if measure else memory.read()
    if known is not None:
        trials, day = known
        for trial in ranked(trials):
            try:
                options = trial.candidate.options(threads)
                network = open_network(weights, trial.candidate.backend, options, cache)
            except BackendError as error:
                logger.warning("%s ran on %s and cannot now: %s; measures again", trial.candidate.name, day, error)
                break
            return _selection(network, trial.candidate, trials, day, remembered=True, kept=memory.path)
    trials, networks = try_all(weights, threads, cache, thorough=measure, say=say)
    able = ranked(trials)
    if not able:
        reasons = "; ".join(f"{trial.candidate.name}: {trial.refusal}" for trial in trials)
        raise BackendError(f"no backend runs here ({reasons})")
    chosen = able[0].candidate
    for candidate, network in networks.items():
        if candidate != chosen:
            network.close()
    unkept = memory.write(trials)
    when = "now" if unkept is None else f"now; not remembered: {unkept}"
    kept = memory.path if unkept is None else None
    return _selection(networks[chosen], chosen, trials, when, remembered=False, kept=kept)


def _selection(
    network: Network, chosen: Candidate, trials: Sequence[Trial], when: str, *, remembered: bool, kept: Path | None
) -> Selection:
    return Selection(
        network=network,
        chosen=chosen,
        trials=tuple(trials),
        reason=reason(trials, chosen, when),
        rejected=rejected(trials, chosen),
        remembered=remembered,
        kept=kept,
    )
