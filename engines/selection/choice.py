"""What follows from trials: which way of running is taken, and why the others are not, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from engines.backends.candidate import Candidate
from engines.selection.trial import Trial


def ranked(trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials that may be taken, fastest first."""
    return sorted((trial for trial in trials if trial.ms is not None), key=lambda trial: trial.ms or 0.0)


def why_not(trial: Trial, chosen: Trial) -> str:
    """Return why a trial's way of running is not taken."""
    if trial.refusal is not None or trial.ms is None or chosen.ms is None:
        return trial.refusal or "not measured"
    return f"slower: {trial.ms:.1f} ms a picture against {chosen.ms:.1f}"


def rejected(trials: Sequence[Trial], chosen: Candidate) -> dict[str, str]:
    """Return why every way but one is not taken, by name: the backend's alone where it is the only one of that backend.

    Args:
        trials: all, the chosen one's among them.
        chosen: what is taken.
    """
    own = next(trial for trial in trials if trial.candidate == chosen)
    count = Counter(trial.candidate.backend for trial in trials)
    return {
        trial.candidate.backend if count[trial.candidate.backend] == 1 else trial.candidate.name: why_not(trial, own)
        for trial in trials
        if trial.candidate != chosen
    }


def reason(trials: Sequence[Trial], chosen: Candidate, when: str) -> str:
    """Return why one way is taken.

    Args:
        trials: all.
        chosen: what is taken.
        when: it was measured, e.g. "now" or "2026-11-23".
    """
    own = next(trial for trial in trials if trial.candidate == chosen)
    able = ranked(trials)
    if len(able) == 1:
        return f"the only one that runs here: {own.ms:.1f} ms a picture, measured {when}"
    place = "fastest" if able[0].candidate == chosen else "fastest that could be opened again"
    return f"{place} of {len(able)} that run here: {own.ms:.1f} ms a picture, measured {when}"
