"""A picture of a character in several poses, drawn as the run time draws it; and what can be said of it in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from engines import controls
from engines.character import Character
from engines.characters.colour_words import word_of
from engines.condition import Condition
from engines.errors import BackendError, CharacterError, WeightsError
from engines.framing import Framing
from engines.loading import load_engine
from engines.skeleton import BONE_INDEX
from engines.structure import CharacterStructure

U8 = npt.NDArray[np.uint8]

BACKGROUND = (219, 225, 237)
#: Width of a pose in the picture.
TILE_PX = 384
COLUMNS = 4
#: What is shown where nobody says what: framing, and controls away from neutral.
POSES: tuple[tuple[Framing, Mapping[str, float]], ...] = (
    ("portrait", {}),
    ("portrait", {"head_yaw": 30.0, "gaze_yaw": -10.0}),
    ("portrait", {"head_yaw": -30.0, "head_pitch": 8.0, "aa": 0.8}),
    ("portrait", {"joy": 1.0, "head_roll": 8.0}),
    ("portrait", {"blink_left": 1.0, "smile": 0.8, "head_roll": -8.0}),
    ("portrait", {"surprised": 1.0, "head_pitch": -10.0}),
    ("full", {"root_yaw": 12.0}),
    ("full", {"root_yaw": 150.0, "left_upper_leg_x": -30.0, "left_knee": 30.0}),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """A picture, uint8 (H, W, 3) RGB, and a note on how it was drawn."""

    picture: U8
    drawn_by: str


def parse_pose(text: str) -> dict[str, float]:
    """Return ``head_yaw=20,smile=1`` as control -> value, held within the controls' ranges.

    Raises:
        CharacterError: it does not read so, or there is no such control.
    """
    found = {}
    specs = {spec.name: spec for spec in controls.SPEC}
    for item in filter(None, (item.strip() for item in text.split(","))):
        name, _, value = item.partition("=")
        if name.strip() not in specs:
            raise CharacterError(f"--pose: no control is called {name.strip()!r}; docs/glossary.md says where they are")
        spec = specs[name.strip()]
        try:
            found[spec.name] = min(max(float(value), spec.low), spec.high)
        except ValueError as error:
            raise CharacterError(f"--pose: {item!r} is not name=number, such as head_yaw=20") from error
    return found


def show(
    character: Character, weights: Path | None, poses: Sequence[tuple[Framing, Mapping[str, float]]] = POSES
) -> Shown:
    """Return a character's poses side by side.

    Where no weights are, or none that run here, the picture that the views alone make is shown, and the note says so.

    Args:
        character: whom.
        weights: folder of weights; None for those that ship.
        poses: framing and controls of each.
    """
    vectors = [(framing, controls.controls(values)) for framing, values in poses]
    try:
        engine = load_engine(folder=weights, characters=[character])
    except (WeightsError, BackendError) as error:
        structure = CharacterStructure(character.proportions, character.figure, character.sheet)
        pictures = [structure.structure(vector, framing).picture for framing, vector in vectors]
        note = f"from its views alone, without a network ({' '.join(str(error).split())})"
    else:
        try:
            pictures = [
                engine.generate(Condition(character=character.card.name, controls=vector, framing=framing)).copy()
                for framing, vector in vectors
            ]
        finally:
            engine.close()
        note = f"by {engine.info.weights} on {engine.info.backend}"
    return Shown(picture=tiled([over_background(picture) for picture in pictures]), drawn_by=note)


def over_background(picture: U8, size: int = TILE_PX) -> U8:
    """Return a picture, uint8 (S, S, 4) with straight alpha, on the background, uint8 (size, size, 3)."""
    alpha = picture[..., 3:].astype(np.float32) / 255
    flat = picture[..., :3] * alpha + np.array(BACKGROUND, np.float32) * (1 - alpha)
    return np.asarray(cv2.resize(np.round(flat).astype(np.uint8), (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def tiled(tiles: Sequence[U8], columns: int = COLUMNS) -> U8:
    """Return pictures of one size in rows, uint8 (H, W, 3)."""
    high, wide = tiles[0].shape[:2]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    canvas = np.empty((rows * high, columns * wide, 3), np.uint8)
    canvas[:] = BACKGROUND
    for number, tile in enumerate(tiles):
        top, left = number // columns * high, number % columns * wide
        canvas[top : top + high, left : left + wide] = tile
    return canvas


def in_words(character: Character) -> str:
    """Return what can be said of a character: where it comes from, its build and its colours."""
    card, proportions = character.card, character.proportions
    joints = proportions.joints
    chin = float(proportions.mouth[1]) - 0.5 * float(np.linalg.norm(proportions.left_eye - proportions.right_eye)) * 0.6
    head = max(proportions.head_top - chin, 1e-3)
    legs = float(joints[BONE_INDEX["left_upper_leg"], 1])
    shoulders = abs(float(joints[BONE_INDEX["left_upper_arm"], 0] - joints[BONE_INDEX["right_upper_arm"], 0]))
    came = {"avatar": "an avatar", "made": "made of an avatar", "sampled": "sampled", "mixed": "mixed"}
    origin = came.get(card.kind, card.kind)
    if card.parents:
        origin += f" of {' and '.join(card.parents)}"
    if card.seed is not None:
        origin += f", seed {card.seed}"
    lines = [
        f"{card.title} ({card.name}): {origin}",
        f"credit: {card.credit or 'nobody is named'}; licence: {card.licence or 'not stated'}",
        f"build: {proportions.head_top:.2f} m with the hair, {proportions.head_top / head:.1f} heads tall, "
        f"legs {100 * legs / proportions.head_top:.0f} % of that, shoulders {100 * shoulders:.0f} cm",
    ]
    if card.palette:
        lines.append("colours: " + ", ".join(
            f"{name.replace('_', ' ')} {word_of(text)} {text}" for name, text in card.palette.items()
        ))  # fmt: skip
    return "\n".join(lines)
