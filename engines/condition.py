"""What a generator is told about one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.controls import ControlVector
from engines.framing import Framing


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One picture to draw: which character, in which pose.

    Args:
        character: name of a character the engine knows.
        controls: float32, (len(controls.SPEC),), see `engines.controls`.
        framing: which part of the character the picture shows.
        turns: float32, (joints - bones, 3, 3), how hair and cloth swing; None: they hang at rest.
    """

    character: str
    controls: ControlVector
    framing: Framing = "portrait"
    turns: npt.NDArray[np.float32] | None = None
