"""Draws contact sheets of characters: `python -m scripts.characters.contact_sheets cast|mix|sampled ...`.

`cast FOLDER OUT` shows the characters of a folder with their names, `mix ONE OTHER OUT` eight steps from one to the
other, both drawn as the run time draws them; `sampled AVATARS OUT` sixty-four seeds, drawn by the studio.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from engines.character import Character, load_character
from engines.characters.folders import entries
from engines.characters.mixing import Mixer
from engines.characters.picture import BACKGROUND, over_background, tiled
from engines.characters.sampling import appear, sample_idea
from engines.controls import controls
from engines.framing import Framing, camera_of
from engines.structure import CharacterStructure
from engines.studio.avatar import load_avatar
from engines.studio.identity import Cast
from engines.studio.posing import posed
from engines.studio.renderer import Renderer
from engines.studio.spring_simulation import settled

U8 = npt.NDArray[np.uint8]

#: Avatars whose terms let what is made of them be passed on under CC BY-SA.
BASES = ("gene", "alicechan", "victoria_rubin", "vita", "vivi", "darkness_shibu")
STEPS = 8
_INK = (60, 64, 80)
_GREETING = {"head_yaw": 8.0, "smile": 0.4}


def drawn(character: Character, framing: Framing, size: int) -> U8:
    """Return a character as its views make it, over the background."""
    structure = CharacterStructure(character.proportions, character.figure, character.sheet)
    return over_background(structure.structure(controls(_GREETING), framing).picture, size)


def captioned(picture: U8, text: str) -> U8:
    """Return the picture with its name below."""
    canvas = Image.new("RGB", (picture.shape[1], picture.shape[0] + 18), BACKGROUND)
    canvas.paste(Image.fromarray(picture))
    ImageDraw.Draw(canvas).text((6, picture.shape[0] + 2), text, fill=_INK)
    return np.array(canvas, np.uint8)


def cast_sheet(folder: Path) -> U8:
    """Return portrait and whole figure of every character in a folder, with names."""
    tiles = []
    for entry in entries(folder):
        character = load_character(entry.folder)
        pair = np.concatenate([drawn(character, "portrait", 224), drawn(character, "full", 224)], axis=1)
        tiles.append(captioned(pair, f"{entry.card.title}  ({', '.join(entry.card.parents)})"))
    return tiled(tiles, 4)


def mix_sheet(one: Path, other: Path) -> U8:
    """Return eight steps from one character to another: portraits above, whole figures below."""
    mixer = Mixer(load_character(one), load_character(other))
    steps = [mixer.mix(step / (STEPS - 1), f"step-{step}") for step in range(STEPS)]
    framings: tuple[Framing, ...] = ("portrait", "full")
    return tiled([drawn(character, framing, 256) for framing in framings for character in steps], STEPS)


def sampled_sheet(avatars: Path, first: int) -> U8:
    """Return sixty-four sampled characters, drawn by the studio."""
    cast = Cast(load_avatar(avatars / f"{base}.vrm", max_texture_px=1024, i_have_the_rights=True) for base in BASES)
    renderer, tiles = Renderer(), []
    for seed in range(first, first + 64):
        _, avatar = appear(cast, sample_idea(cast, seed))
        vector = controls(_GREETING)
        pose = posed(avatar, vector, settled(avatar, vector))
        tiles.append(
            over_background(renderer.render(avatar, pose, camera_of("portrait", avatar.proportions), 160), 160)
        )
    renderer.close()
    return tiled(tiles, 8)


def main() -> None:
    """Write one sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("cast", "mix", "sampled"))
    parser.add_argument("paths", type=Path, nargs="+", help="inputs, then the picture to write")
    parser.add_argument("--seed", type=int, default=0, help="the first of `sampled`")
    options = parser.parse_args()
    *inputs, out = options.paths
    if len(inputs) != (2 if options.what == "mix" else 1):
        parser.error("expected ONE OTHER OUT for mix, FOLDER OUT for the others")
    if options.what == "mix":
        sheet = mix_sheet(inputs[0], inputs[1])
    else:
        sheet = cast_sheet(inputs[0]) if options.what == "cast" else sampled_sheet(inputs[0], options.seed)
    Image.fromarray(sheet).save(out)
    print(out)


if __name__ == "__main__":
    main()
