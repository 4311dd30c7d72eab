"""How much still poses tremble, for every contender and for the renderer itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.condition import Condition
from engines.controls import ControlVector
from engines.engine import Engine
from engines.errors import AvatarError
from engines.evaluation.flicker import rendered, shown_pose, still_change, still_controls
from engines.evaluation.picture_set import PictureSet
from engines.framing import Framing, camera_of
from engines.studio.avatar import Avatar, load_avatar
from engines.studio.dataset_reader import DatasetReader
from engines.studio.renderer import Renderer

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

#: Still poses of each character: the first of the split's.
STILL_POSES = 3
#: Characters that are looked at: drawing one's still poses takes a second, and the renderer needs three.
MOST_CHARACTERS = 12
_RATIO = "flicker over the renderer's own"


class StillPictures:
    """Draws still poses with engines and, where it can, with the renderer.

    Args:
        reader: says which avatar a character is.
        avatars: folder of VRM files; None leaves the renderer out.
        skipped: told what could not be measured, and why.
    """

    def __init__(self, reader: DatasetReader, avatars: Path | None, skipped: dict[str, str]) -> None:
        self._reader, self._avatars, self._skipped = reader, avatars, skipped
        self._renderer: Renderer | None = None
        self._avatar: tuple[str, Avatar | None] = ("", None)
        self._looked_at = 0
        self._framing: Framing = reader.shards[0]["framing"]
        if avatars is None:
            skipped[_RATIO] = "no folder of avatars was named (--avatars)"

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()

    def measure(
        self,
        name: str,
        vectors: Sequence[ControlVector],
        engines: Sequence[Engine],
        renders: PictureSet,
        generated: Sequence[PictureSet],
    ) -> None:
        """Draw a character's first poses, trembling, and keep how much each set of pictures changes."""
        if self._looked_at == MOST_CHARACTERS:
            return
        self._looked_at += 1
        for number, vector in enumerate(vectors[:STILL_POSES]):
            pose = shown_pose(vector)
            trembling = still_controls(pose, seed=number)
            for engine, pictures in zip(engines, generated, strict=True):
                pictures.still.append(still_change(_drawn_by(engine, name, self._framing), trembling))
            draw = self._rendered_by(name, pose)
            renders.still.append(float("nan") if draw is None else still_change(draw, trembling))

    def _rendered_by(self, name: str, pose: ControlVector) -> Callable[[ControlVector], U8] | None:
        if self._avatar[0] != name:
            self._avatar = name, self._loaded(name)
        avatar = self._avatar[1]
        if avatar is None or self._renderer is None:
            return None
        camera = camera_of(self._framing, avatar.proportions)
        return rendered(self._renderer, avatar, pose, camera, int(self._reader.manifest["options"]["size"]))

    def _loaded(self, name: str) -> Avatar | None:
        """Return a character's avatar, or None and say why not."""
        if self._avatars is None:
            return None
        base = self._reader.base_of(name)
        path = self._avatars / f"{base}.vrm"
        why = ""
        if name != base:
            why = "a recoloured avatar has no file"
        elif not path.exists():
            why = f"{path.name} is not in {self._avatars}"
        else:
            try:
                avatar = load_avatar(path)
                self._renderer = self._renderer or Renderer()
                return avatar
            except AvatarError as error:
                why = str(error)
            except Exception as error:  # noqa: BLE001 - drivers without OpenGL raise what they like
                why = f"the renderer cannot run here ({error})"
        self._skipped[f"{_RATIO}, {name}"] = why
        return None


def _drawn_by(engine: Engine, name: str, framing: Framing) -> Callable[[ControlVector], U8]:
    return lambda vector: engine.generate(Condition(character=name, controls=vector, framing=framing))
