"""Opens an engine: finds the weights, picks a backend, and says why."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from engines.backends.onnxruntime import OnnxRuntimeNetwork
from engines.backends.openvino import OpenVinoNetwork
from engines.backends.torch import TorchNetwork
from engines.character import Character, characters_folder, list_cards, load_character
from engines.engine import Engine
from engines.errors import BackendError
from engines.generator import Generator
from engines.network import Network
from engines.weights import Weights, find_weights

logger = logging.getLogger(__name__)

_MAKERS: dict[str, Callable[[Weights, int], Network]] = {
    "openvino": OpenVinoNetwork,
    "onnxruntime": OnnxRuntimeNetwork,
    "torch": TorchNetwork,
}
#: What `auto` tries, in this order: OpenVINO computes in bf16 where the CPU can, ONNX Runtime in f32 only.
AUTO_ORDER = ("openvino", "onnxruntime")
BACKENDS = ("auto", *_MAKERS)


def load_engine(
    backend: str = "auto",
    folder: Path | None = None,
    threads: int = 0,
    characters: Sequence[Character] | None = None,
) -> Engine:
    """Return an engine for the weights and characters in a folder (default: the shipped ones).

    Args:
        backend: one of :data:`BACKENDS`.  A backend asked for by name is never replaced by another.
        folder: holds model.json, student.onnx and characters/.
        threads: how many threads the network may use; 0 leaves it to the backend.
        characters: who can be drawn instead of the folder's.

    Raises:
        WeightsError: weights are missing, damaged or made for something else.
        CharacterError: there are no characters.
        BackendError: the backend, or for `auto` every backend, cannot run here.
    """
    if backend not in BACKENDS:
        raise BackendError(f"no backend named {backend!r}; there are {', '.join(BACKENDS)}")
    weights = find_weights(folder)
    if characters is None:
        root = characters_folder(folder)
        sources = {card.name: partial(load_character, root / card.name) for card in list_cards(folder)}
    else:
        sources = {one.card.name: partial(_itself, one) for one in characters}
    rejected: dict[str, str] = {}
    for name in AUTO_ORDER if backend == "auto" else (backend,):
        try:
            network = _MAKERS[name](weights, threads)
        except BackendError as error:
            rejected[name] = str(error)
            logger.warning("backend %s cannot run here: %s", name, error)
            continue
        reason = "asked for by name" if backend != "auto" else "first of those that run here"
        for other in _MAKERS:
            if other != name and other not in rejected:
                rejected[other] = "not tried: comes after it" if backend == "auto" else "not asked for"
        return Generator(weights, network, sources, reason=reason, rejected=rejected)
    reasons = "; ".join(f"{name}: {why}" for name, why in rejected.items())
    raise BackendError(f"no backend runs here ({reasons})")


def _itself(character: Character) -> Character:
    return character
