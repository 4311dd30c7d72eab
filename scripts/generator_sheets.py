"""Draws what the documents show of the generator: `python -m scripts.generator_sheets OUT --avatars FOLDER`.

Held-out poses beside their renders, sweeps of single controls, a dance in full, and a film of several characters that
one clip drives.  Where files are missing, what needs them is left out and said.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from engines import controls
from engines.character import Character, card_from_avatar, characters_folder, list_cards, load_character
from engines.condition import Condition
from engines.controls import ControlVector
from engines.engine import Engine
from engines.framing import Framing, camera_of
from engines.loading import load_engine
from engines.motion.clip import Clip, load_clip
from engines.studio.arm import arm_controls
from engines.studio.avatar import Avatar, load_avatar
from engines.studio.film import write_film
from engines.studio.posing import posed
from engines.studio.renderer import Renderer
from engines.studio.sampling import sample_controls
from engines.studio.sheets import make_sheet
from engines.studio.spring_simulation import settled
from realtime.compositing import over_colour

U8 = npt.NDArray[np.uint8]
BACKGROUND = (219, 225, 237)
#: No data set is made with this seed.
HELD_OUT_SEED = 20_260
HELD_OUT = 12
FRAMES_OF_DANCE = 8
FPS = 25.0
_UP = dict(arm_controls("left", (0.35, 0.95, 0.1), (0.2, -1.0, 0.2), (0.0, 0.0, 1.0)))
_IN_FACE = ("blink left", "blink right", *controls.VISEMES)
#: Where the face is in a portrait of 512 pixels at rest.
_FACE, _FACE_COLUMNS = slice(50, 290), slice(136, 376)
_STEPS = np.linspace(-1.0, 1.0, 8)
_PARTS = np.linspace(0.0, 1.0, 8)


def sweeps() -> dict[str, list[ControlVector]]:
    """Return eight poses for each sweep."""
    rest = controls.controls()
    up = controls.controls(_UP)
    found = {
        "yaw": [controls.controls({"head_yaw": 55.0 * s}) for s in _STEPS],
        "pitch": [controls.controls({"head_pitch": 35.0 * s}) for s in _STEPS],
        "blink left": [controls.controls({"blink_left": p}) for p in _PARTS],
        "blink right": [controls.controls({"blink_right": p}) for p in _PARTS],
        "arm": [(rest + (up - rest) * np.float32(p)).astype(np.float32) for p in _PARTS],
    }
    return found | {name: [controls.controls({name: p}) for p in _PARTS] for name in controls.VISEMES}


def drawn(engine: Engine, name: str, vector: ControlVector, framing: Framing = "portrait") -> U8:
    """Return a character in a pose over the background, uint8 (512, 512, 3)."""
    return over_colour(engine.generate(Condition(character=name, controls=vector, framing=framing)), BACKGROUND)


def small(picture: U8, size: int) -> U8:
    return np.asarray(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def held_out_sheet(engine: Engine, renderer: Renderer, avatars: Sequence[Avatar], size: int = 160) -> U8:
    """Return two lines per avatar: renders of held-out poses above, the generator's below."""
    lines = []
    for number, avatar in enumerate(avatars):
        rng = np.random.default_rng([HELD_OUT_SEED, number])
        vectors = [sample_controls(rng, avatar.proportions) for _ in range(HELD_OUT)]
        camera = camera_of("portrait", avatar.proportions)
        renders = [
            over_colour(renderer.render(avatar, posed(avatar, one, settled(avatar, one)), camera, 512), BACKGROUND)
            for one in vectors
        ]
        lines.append(np.hstack([small(picture, size) for picture in renders]))
        lines.append(np.hstack([small(drawn(engine, avatar.name, one), size) for one in vectors]))
    return np.vstack(lines)


def sweep_sheet(engine: Engine, names: Sequence[str], size: int = 160) -> U8:
    """Return a line per sweep, each of another character; what moves in the face is shown from near."""
    lines = []
    for number, (sweep, vectors) in enumerate(sweeps().items()):
        name = names[number % len(names)]
        near = (_FACE, _FACE_COLUMNS) if sweep in _IN_FACE else (slice(None), slice(None))
        lines.append(np.hstack([small(drawn(engine, name, vector)[near], size) for vector in vectors]))
    return np.vstack(lines)


def dance_sheet(engine: Engine, names: Sequence[str], clip: Clip, size: int = 256) -> U8:
    """Return a line per character: frames of a clip, in full."""
    lines = []
    for name in names:
        pictures = list(performed(engine, name, clip, "full"))
        chosen = np.linspace(0, len(pictures) - 1, FRAMES_OF_DANCE + 2).astype(int)[1:-1]
        lines.append(np.hstack([small(pictures[index], size) for index in chosen]))
    return np.vstack(lines)


def performed(engine: Engine, name: str, clip: Clip, framing: Framing) -> Iterator[U8]:
    """Yield a character's pictures of a clip, its hair and cloth swinging, uint8 (512, 512, 3)."""
    swing = engine.swing(name)
    poses = clip.controls.copy()
    if framing == "portrait":  # whose camera does not follow
        poses[:, len(controls.PORTRAIT_NAMES) :] = controls.NEUTRAL[len(controls.PORTRAIT_NAMES) :]
    for number, vector in enumerate(poses):
        turns = swing.turns(vector, number / clip.fps) if swing else None
        condition = Condition(character=name, controls=vector, framing=framing, turns=turns)
        yield over_colour(engine.generate(condition), BACKGROUND)


def film(engine: Engine, names: Sequence[str], clip: Clip, path: Path, columns: int = 3) -> None:
    """Write a film of several characters that one clip drives."""
    players = [performed(engine, name, clip, "portrait") for name in names]

    def pictures() -> Iterator[U8]:
        for together in zip(*players, strict=True):
            cells = [small(picture, 256) for picture in together]
            rows = [np.hstack(cells[start : start + columns]) for start in range(0, len(cells), columns)]
            image = np.vstack(rows)
            yield np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])

    write_film(path, pictures(), clip.fps)


def own_characters(avatars: Sequence[Avatar], renderer: Renderer, engine_folder: Path | None) -> list[Character]:
    """Return the shipped characters, and those of avatars that do not ship."""
    root = characters_folder(engine_folder)
    found = [load_character(root / card.name) for card in list_cards(engine_folder)]
    mean = np.mean([one.w for one in found], axis=0).astype(np.float32)
    known = {one.card.name for one in found}
    for avatar in avatars:
        if avatar.name not in known:
            figure, sheet = make_sheet(renderer, avatar)
            card = card_from_avatar(avatar.name, avatar)
            found.append(Character(card=card, proportions=avatar.proportions, figure=figure, sheet=sheet, w=mean))
    return found


def main() -> None:
    """Write the sheets and the film into a folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--weights", type=Path, help="folder of weights (default: the shipped ones)")
    parser.add_argument("--avatars", type=Path, nargs="*", default=[], help="VRM files, for renders beside")
    parser.add_argument("--clip", type=Path, help="a gesture for the film")
    parser.add_argument("--dance", type=Path, help="a clip for the full figure")
    parser.add_argument("--six", nargs="+", help="characters of the film; default the first six")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    renderer = Renderer()
    avatars = [load_avatar(path) for path in arguments.avatars]
    engine = load_engine(folder=arguments.weights, characters=own_characters(avatars, renderer, arguments.weights))
    names = engine.characters
    if avatars:
        save(held_out_sheet(engine, renderer, avatars), arguments.out / "held_out.jpg")
    save(sweep_sheet(engine, names), arguments.out / "sweeps.jpg")
    if arguments.dance:
        clip = load_clip(arguments.dance).resampled(FPS)
        save(dance_sheet(engine, names[:3], clip), arguments.out / "full_body.jpg")
    if arguments.clip:
        clip = load_clip(arguments.clip).resampled(FPS)
        film(engine, arguments.six or names[:6], clip, arguments.out / "six.webm")


def save(picture: U8, path: Path) -> None:
    Image.fromarray(picture).save(path, quality=88)
    print(path)


if __name__ == "__main__":
    main()
