"""The command `animirror engines`: what the network can run with on this machine, how fast, and what is chosen."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.selection.select import Selection
    from engines.selection.trial import Trial

_HEAD = ("backend", "precision", "version", "device", "ms", "parity", "")
#: Words of a reason that fit beside the other columns; `--json` has all of them.
_MOST_CHARACTERS = 100


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of `engines`; it sets `run`, a function of the parsed arguments."""
    engines = commands.add_parser(
        "engines",
        help="say what the network can run with here, and what is chosen",
        description="Lists every backend and precision with its time for one picture and its likeness to the reference "
        "in f32. What is remembered from a start before is shown; --measure measures anew, thoroughly, and is "
        "remembered. Parity is the peak signal to noise ratio of the change of colours on real inputs.",
    )
    engines.add_argument("--measure", action="store_true", help="measure everything anew; builds what has to be built")
    engines.add_argument("--json", action="store_true", help="as JSON, with every reason in full")
    engines.add_argument("--threads", type=int, default=0, help="of the network; 0 leaves it to each; default 0")
    engines.add_argument("--weights", type=Path, metavar="FOLDER", help="default: those that ship")
    engines.add_argument("--cache", type=Path, metavar="FOLDER", help="default: the user's cache folder")
    engines.set_defaults(run=_engines)


def _engines(arguments: argparse.Namespace) -> None:
    from engines.cache_folder import cache_folder
    from engines.errors import BackendError
    from engines.selection.select import select
    from engines.weights import find_weights

    if not 0 <= arguments.threads <= 256:
        raise BackendError(f"--threads {arguments.threads}: expected 0 to 256")
    cache = cache_folder(arguments.cache)
    quiet = arguments.json or not sys.stderr.isatty()
    picked = select(
        find_weights(arguments.weights),
        arguments.threads,
        cache,
        measure=arguments.measure,
        say=lambda text: None if quiet else _say(text),
    )
    picked.network.close()
    sys.stdout.write(as_json(picked) if arguments.json else as_text(picked))


def as_json(picked: Selection) -> str:
    """Return a selection as JSON: `chosen`, `reason`, `remembered`, the file it is `kept` in, a list of `engines`."""
    rows = [
        {
            "backend": trial.candidate.backend,
            "precision": trial.candidate.precision,
            "provider": trial.candidate.provider,
            "version": trial.version or None,
            "device": trial.device or None,
            "ms": trial.ms,
            "parity_db": trial.parity_db,
            "chosen": trial.candidate == picked.chosen,
            "reason": _why(trial, picked),
        }
        for trial in picked.trials
    ]
    content = {
        "chosen": picked.chosen.name,
        "reason": picked.reason,
        "remembered": picked.remembered,
        "kept": str(picked.kept) if picked.kept else None,
        "engines": rows,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def as_text(picked: Selection) -> str:
    """Return a selection as a table."""
    rows: list[Sequence[str]] = [_HEAD]
    for trial in picked.trials:
        candidate = trial.candidate
        reference = trial.ms is not None and trial.parity_db is None
        rows.append(
            (
                " ".join(part for part in (candidate.backend, candidate.provider) if part),
                candidate.precision or "",
                trial.version,
                trial.device,
                f"{trial.ms:.1f}" if trial.ms is not None else "",
                f"{trial.parity_db:.0f} dB" if trial.parity_db is not None else "reference" if reference else "",
                _shortened(_why(trial, picked)),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD) - 1)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)), row[-1]]).rstrip()
        for row in rows
    ]
    kept = [f"Remembered in {picked.kept}."] if picked.kept else []
    return "\n".join([*lines, "", f"{picked.chosen.name}: {picked.reason}.", *kept]) + "\n"


def _why(trial: Trial, picked: Selection) -> str:
    from engines.selection.choice import why_not

    if trial.candidate == picked.chosen:
        return "chosen"
    chosen = next(other for other in picked.trials if other.candidate == picked.chosen)
    return why_not(trial, chosen)


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 3].rstrip()}..."


def _say(text: str) -> None:
    sys.stderr.write(f"opens {text}\n")
