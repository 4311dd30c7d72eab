"""Makes the sampled characters that were chosen: `python -m scripts.characters.make_cast AVATARS --out FOLDER`.

What is there already is kept, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engines.character import load_character
from engines.characters.cast import read_cast, read_credits
from engines.characters.folders import put
from engines.characters.sampling import make_sampled
from engines.studio.avatar import load_avatar
from engines.studio.identity import Cast
from engines.studio.renderer import Renderer
from engines.style import style_of

CAST = Path(__file__).with_name("cast.toml")
CREDITS = Path(__file__).parents[1] / "training" / "credits.toml"


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the cast's characters, or read their styles anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("avatars", type=Path, help="folder of VRM files")
    parser.add_argument("--out", type=Path, required=True, help="folder that the characters' folders go into")
    parser.add_argument("--cast", type=Path, default=CAST, help="TOML; default the chosen ones")
    parser.add_argument("--credits", type=Path, default=CREDITS, help="TOML with credit and licence per avatar")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--weights", type=Path, help="folder with the encoder; default the shipped one")
    parser.add_argument("--styles", action="store_true", help="only read the style of what is there anew")
    options = parser.parse_args(arguments)
    ideas = [idea for idea in read_cast(options.cast) if not options.only or idea.name in options.only]
    if options.styles:
        for idea in ideas:
            character = load_character(options.out / idea.name)
            style = style_of(character.sheet, options.weights)
            put(options.out / idea.name, replace(character, w=style.w), again=True)
            print(f"{idea.name}: style {style.source}", flush=True)
        return
    ideas = [idea for idea in ideas if not (options.out / idea.name).exists()]
    needed = {idea.base for idea in ideas} | {swap.donor for idea in ideas for swap in idea.swaps}
    cast = Cast(load_avatar(options.avatars / f"{name}.vrm", i_have_the_rights=True) for name in sorted(needed))
    credits_of = read_credits(options.credits)
    renderer = Renderer()
    for number, idea in enumerate(ideas):
        if (options.out / idea.name).exists():  # another run of this made it meanwhile
            continue
        start = time.monotonic()
        made = make_sampled(renderer, cast, idea, options.out, credits_of, options.weights)
        print(
            f"{number + 1}/{len(ideas)} {made.folder.name}: {time.monotonic() - start:.0f} s; {made.style}", flush=True
        )
    renderer.close()


if __name__ == "__main__":
    main()
