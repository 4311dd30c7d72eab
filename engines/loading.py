"""Opens an engine: finds the weights, picks a backend, and says why."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from engines.backends import catalogue
from engines.cache_folder import cache_folder
from engines.character import Character, characters_folder, list_cards, load_character
from engines.engine import Engine
from engines.errors import BackendError
from engines.generator import Generator
from engines.network import NetworkOptions, Precision
from engines.selection.remembered import Remembered
from engines.selection.select import select
from engines.weights import find_weights

logger = logging.getLogger(__name__)

BACKENDS = ("auto", *catalogue.BACKENDS)


def must_measure(
    backend: str = "auto", folder: Path | None = None, threads: int = 0, *, cache: Path | None = None
) -> bool:
    """Return whether :func:`load_engine` would measure first, which wants the machine for itself, a second, once.

    Raises:
        WeightsError: weights are missing, damaged or made for something else.
    """
    return backend == "auto" and not Remembered(cache_folder(cache), find_weights(folder), threads).path.exists()


def load_engine(
    backend: str = "auto",
    folder: Path | None = None,
    threads: int = 0,
    characters: Sequence[Character] | None = None,
    *,
    precision: Precision | None = None,
    provider: str | None = None,
    cache: Path | None = None,
    strict: bool = False,
) -> Engine:
    """Return an engine for the weights and characters in a folder (default: the shipped ones).

    Args:
        backend: one of :data:`BACKENDS`; auto takes the fastest whose results are right, measured once per machine.
        folder: holds model.json, student.onnx and characters/.
        threads: how many threads the network may use; 0 leaves it to the backend.
        characters: who can be drawn instead of the folder's.
        precision: in which a backend asked for by name computes; None for the fastest that it has here.
        provider: a road of a backend asked for by name, see `engines.network.NetworkOptions`.
        cache: folder for what is measured and compiled; None for this program's, `engines.cache_folder`.
        strict: a backend asked for by name that cannot run is an error.  Otherwise the fastest that can runs instead,
            and `EngineInfo.reason`, its `asked_for` and a warning in the log say so.

    Raises:
        WeightsError: weights are missing, damaged or made for something else.
        CharacterError: there are no characters.
        BackendError: the backend cannot run here (strict), or none can.
    """
    if backend not in BACKENDS:
        raise BackendError(f"no backend named {backend!r}; there are {', '.join(BACKENDS)}")
    if backend == "auto" and (precision or provider):
        raise BackendError(
            f"precision {precision} and provider {provider} belong to a backend that is asked for by name; got auto"
        )
    weights, place = find_weights(folder), cache_folder(cache)
    if characters is None:
        root = characters_folder(folder)
        sources = {card.name: partial(load_character, root / card.name) for card in list_cards(folder)}
    else:
        sources = {one.card.name: partial(_itself, one) for one in characters}
    refusal = ""
    if backend != "auto":
        options = NetworkOptions(threads=threads, precision=precision, provider=provider)
        try:
            network = catalogue.open_network(weights, backend, options, place)
        except BackendError as error:
            refusal = str(error)
            if strict:
                raise BackendError(f"{backend} cannot run here: {refusal}") from error
            logger.warning("%s was asked for and cannot run here: %s", backend, refusal)
        else:
            others = {other: "not asked for" for other in catalogue.BACKENDS if other != backend}
            return Generator(
                weights, network, sources, reason="asked for by name", rejected=others, asked_for=backend
            )  # fmt: skip
    try:
        picked = select(weights, threads, place)
    except BackendError as error:
        if refusal:
            raise BackendError(f"{backend} cannot run here ({refusal}), nor can anything else: {error}") from error
        raise
    reason, rejected = picked.reason, picked.rejected
    if refusal:
        logger.warning("%s runs instead of %s", picked.chosen.name, backend)
        reason = f"{backend} was asked for and cannot run here; instead the {reason.removeprefix('the ')}"
        rejected = {backend: refusal} | {name: why for name, why in rejected.items() if name != backend}
    return Generator(weights, picked.network, sources, reason=reason, rejected=rejected, asked_for=backend)


def _itself(character: Character) -> Character:
    return character
