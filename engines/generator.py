"""The engine: geometry, network and compositor put together behind the engine protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from engines import controls
from engines.character import Character
from engines.compositor import compose
from engines.condition import Condition
from engines.engine import EngineInfo
from engines.errors import CharacterError
from engines.network import Network
from engines.structure import FACE_GRID, CharacterGeometry
from engines.weights import Weights

F32 = npt.NDArray[np.float32]

#: Pixels per side of a picture.
PICTURE_PX = 512


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A character with what does not change from picture to picture."""

    character: Character
    geometry: CharacterGeometry
    face_views: F32  # (1, 4 E, FACE_GRID, FACE_GRID)
    w: F32  # (1, w_dim)


class Generator:
    """Draws characters with a network, whatever library runs it.

    Args:
        weights: the trained weights, for what to say about them.
        network: the network, ready to run.
        characters: who can be drawn, in display order.
        reason: why this backend and not another.
        rejected: the other backends and why they do not run.
    """

    def __init__(
        self,
        weights: Weights,
        network: Network,
        characters: tuple[Character, ...],
        *,
        reason: str,
        rejected: Mapping[str, str],
    ) -> None:
        self._network = network
        self._prepared = {character.card.name: _prepare(character) for character in characters}
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
        )

    @property
    def info(self) -> EngineInfo:
        """What really runs."""
        return self._info

    @property
    def characters(self) -> tuple[str, ...]:
        """Names that a condition may ask for, in display order."""
        return tuple(self._prepared)

    def generate(self, condition: Condition) -> npt.NDArray[np.uint8]:
        """Return one picture: uint8, (512, 512, 4), straight-alpha RGBA.

        Raises:
            CharacterError: the character is not known.
        """
        prepared = self._prepared.get(condition.character)
        if prepared is None:
            known = ", ".join(self._prepared)
            raise CharacterError(f"no character named {condition.character!r}; there are {known}")
        structure = prepared.geometry.structure(condition.controls)
        prediction = self._network.predict(
            {
                "body": structure.body[None],
                "face": structure.face[None],
                "face_views": prepared.face_views,
                "condition": controls.normalised(condition.controls, controls.PORTRAIT_NAMES)[None],
                "w": prepared.w,
            }
        )
        sheet = prepared.character.sheet
        return compose(prediction, structure, sheet.pose_views, sheet.face_views, PICTURE_PX)

    def close(self) -> None:
        """Free the network."""
        self._network.close()


def _prepare(character: Character) -> _Prepared:
    views = character.sheet.face_views
    small = [cv2.resize(view, (FACE_GRID, FACE_GRID), interpolation=cv2.INTER_AREA) for view in views]
    stacked = np.stack(small).transpose(0, 3, 1, 2).reshape(1, -1, FACE_GRID, FACE_GRID)
    return _Prepared(
        character=character,
        geometry=CharacterGeometry(character.proportions, character.sheet),
        face_views=np.ascontiguousarray(stacked, np.float32) / np.float32(255),
        w=character.w[None],
    )
