"""The engine: structure and network put together behind the engine protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines import controls
from engines.character import Character
from engines.condition import Condition
from engines.engine import EngineInfo
from engines.errors import CharacterError
from engines.finishing import changed
from engines.network import Network
from engines.structure import CharacterStructure
from engines.swing import Swing
from engines.weights import Weights

F32 = npt.NDArray[np.float32]

#: Pixels per side of a picture.
PICTURE_PX = 512
#: Characters that are kept ready: each takes about 100 MB, and getting one ready half a second.
KEPT = 6


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A character with what does not change from picture to picture."""

    structure: CharacterStructure
    w: F32  # (1, w_dim)


class Generator:
    """Draws characters with a network, whatever library runs it.

    Args:
        weights: the trained weights, for what to say about them.
        network: the network, ready to run.
        characters: who can be drawn, in display order: name -> what loads it, when it is first drawn.
        reason: why this backend and not another.
        rejected: the other backends and why they do not run.
        asked_for: the backend that was asked for.
    """

    def __init__(
        self,
        weights: Weights,
        network: Network,
        characters: Mapping[str, Callable[[], Character]],
        *,
        reason: str,
        rejected: Mapping[str, str],
        asked_for: str = "auto",
    ) -> None:
        self._network = network
        self._characters = dict(characters)
        self._prepared: dict[str, _Prepared] = {}  # the one drawn last comes last
        info = network.info
        self._info = EngineInfo(
            backend=info.backend,
            backend_version=info.backend_version,
            device=info.device,
            precision=info.precision,
            resolution_px=PICTURE_PX,
            weights=weights.name,
            spec_hash=weights.spec_hash,
            reason=reason,
            rejected=dict(rejected),
            asked_for=asked_for,
        )

    @property
    def info(self) -> EngineInfo:
        """What really runs."""
        return self._info

    @property
    def characters(self) -> tuple[str, ...]:
        """Names that a condition may ask for, in display order."""
        return tuple(self._characters)

    def generate(self, condition: Condition) -> npt.NDArray[np.uint8]:
        """Return one picture: uint8, (512, 512, 4), straight-alpha RGBA.

        Raises:
            CharacterError: the character is not known, or damaged.
        """
        prepared = self._ready(condition.character)
        structure = prepared.structure.structure(condition.controls, condition.framing, PICTURE_PX, condition.turns)
        change = self._network.predict(
            {
                "maps": structure.maps[None],
                "condition": controls.normalised(condition.controls)[None],
                "w": prepared.w,
            }
        )
        return changed(structure.picture, change[0])

    def swing(self, character: str) -> Swing:
        """Return what lets a character's hair and cloth swing in one session.

        Raises:
            CharacterError: the character is not known, or damaged.
        """
        structure = self._ready(character).structure
        return Swing(structure.proportions, structure.figure.joints)

    def _ready(self, name: str) -> _Prepared:
        """Return a character ready to be drawn; those drawn least lately make room."""
        prepared = self._prepared.pop(name, None)
        if prepared is None:
            if name not in self._characters:
                known = ", ".join(self._characters)
                raise CharacterError(f"no character named {name!r}; there are {known}")
            character = self._characters[name]()
            prepared = _Prepared(
                structure=CharacterStructure(character.proportions, character.figure, character.sheet),
                w=character.w[None],
            )
            while len(self._prepared) >= KEPT:
                del self._prepared[next(iter(self._prepared))]
        self._prepared[name] = prepared
        return prepared

    def close(self) -> None:
        """Free the network."""
        self._network.close()
