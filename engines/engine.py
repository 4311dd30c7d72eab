"""The seam between controls and pictures: the engine protocol, and what an engine says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engines.condition import Condition
from engines.swing import Swing

U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """What really runs, in words that the API, the page and every benchmark row repeat.

    Args:
        backend: "openvino", "onnxruntime", "tensorrt" or "torch".
        backend_version: version of that library.
        device: the device's own name, e.g. "CPU: AMD EPYC".
        precision: "f32", "bf16", "f16" or "int8".
        resolution_px: width and height of a picture.
        weights: name and content hash of the weights.
        spec_hash: control spec that the weights were made for.
        reason: why this backend and not a better one.
        rejected: every other backend and precision that was looked at, and why it does not run.
        asked_for: the backend that was asked for; another one than `backend` runs where it could not, and
            `reason` says so.
    """

    backend: str
    backend_version: str
    device: str
    precision: str
    resolution_px: int
    weights: str
    spec_hash: str
    reason: str
    rejected: Mapping[str, str] = field(default_factory=dict)
    asked_for: str = "auto"


class Engine(Protocol):
    """Draws characters.

    Guarantees: keeps no state between calls; `generate` may be called from one thread at a time and returns
    arrays that the caller owns.
    """

    @property
    def info(self) -> EngineInfo:
        """What really runs."""

    @property
    def characters(self) -> tuple[str, ...]:
        """Names that a condition may ask for, in display order."""

    def generate(self, condition: Condition) -> U8:
        """Return one picture: uint8, (H, W, 4), straight-alpha RGBA.

        Raises:
            CharacterError: the character is not known, or damaged.
        """

    def swing(self, character: str) -> Swing | None:
        """Return what lets a character's hair and cloth swing in one session; None where nothing does.

        Raises:
            CharacterError: the character is not known, or damaged.
        """

    def close(self) -> None:
        """Free the device.  Idempotent."""
