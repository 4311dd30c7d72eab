"""The commands `animirror characters list|show|make|sample|mix`.

The parsers stand here and are light; what a command needs is imported when it runs.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from engines.errors import CharacterError

if TYPE_CHECKING:
    from engines.characters.making import Made
    from engines.studio.identity import Cast

#: Measured with llvmpipe: 6 to 8 s beside loading where a core was free, up to 2 min where none was.
_MAKE_HELP = "Takes 10 to 20 s on two free cores, a few minutes on busy ones; a GPU only quickens the drawing."


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of `characters`; each sets `run`, a function of the parsed arguments."""
    characters = commands.add_parser("characters", help="list, show, make, sample and mix characters")
    verbs = characters.add_subparsers(dest="characters_command", required=True, metavar="command")

    listing = verbs.add_parser("list", help="say which characters there are")
    _add_folder(listing)
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(run=_list)

    show = verbs.add_parser("show", help="draw a character in several poses, and describe it")
    show.add_argument("name", metavar="NAME", help="its name, or its folder")
    _add_folder(show)
    show.add_argument("--out", type=Path, required=True, metavar="FILE.png")
    show.add_argument("--pose", action="append", default=[], metavar="NAME=VALUE,...", help="controls; may be repeated")
    show.add_argument("--framing", choices=("portrait", "full"), default="portrait", help="of --pose; default portrait")
    _add_weights(show)
    show.set_defaults(run=_show)

    make = verbs.add_parser(
        "make",
        help="make a character of an avatar of yours",
        description=(
            "Draws an avatar's key views and reads its style off them.  Stopped and started again, it goes on.  "
            + _MAKE_HELP
        ),
    )
    make.add_argument("avatar", type=Path, metavar="AVATAR.vrm")
    _add_out(make)
    make.add_argument("--name", default="", help="of its folder; default the file's")
    make.add_argument("--title", default="", help="name to show; default the file's title")
    make.add_argument("--credit", default="", help="whom to thank; default the author that the file names")
    make.add_argument("--licence", default="", help="its terms; default what the file says")
    make.add_argument("--leave-out", nargs="+", default=[], metavar="NAME", help="nodes or meshes not to draw")
    _add_rights(make)
    _add_weights(make)
    make.set_defaults(run=_make)

    sample = verbs.add_parser(
        "sample",
        help="make characters that no avatar is, from a seed",
        description=f"Recolours, re-dresses and reshapes avatars.  Each: {_MAKE_HELP[0].lower()}{_MAKE_HELP[1:]}",
    )
    sample.add_argument("--avatars", type=Path, nargs="+", default=[], metavar="FILE.vrm", help="what they are made of")
    sample.add_argument("--seed", type=int, required=True, help="0 or more; the first of --count seeds")
    sample.add_argument("--count", type=int, default=1, help="how many; default 1")
    sample.add_argument("--palette", default="", metavar="hair=#RRGGBB,...", help="colours that are not drawn by lot")
    sample.add_argument("--name", default="", help="of the folder; with --count, numbers are added")
    sample.add_argument(
        "--from", dest="source", choices=("studio", "teacher"), default="studio", help="who invents; default studio"
    )
    sample.add_argument("--teacher", type=Path, metavar="FOLDER", help="the teacher's weights, for --from teacher")
    sample.add_argument("--credits", type=Path, metavar="FILE.toml", help="credit and licence per avatar")
    _add_out(sample)
    _add_rights(sample)
    _add_weights(sample)
    sample.set_defaults(run=_sample)

    mix = verbs.add_parser("mix", help="make a character between two others; needs no avatar")
    mix.add_argument("one", metavar="ONE", help="name or folder of the character at 0")
    mix.add_argument("other", metavar="OTHER", help="the character at 1")
    mix.add_argument("--t", type=float, default=0.5, help="0 to 1, how far from ONE to OTHER; default 0.5")
    mix.add_argument("--name", default="", help="of its folder; default ONE-OTHER-50")
    mix.add_argument("--title", default="", help="name to show")
    _add_folder(mix)
    _add_out(mix)
    mix.set_defaults(run=_mix)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder", type=Path, metavar="FOLDER", help="of characters, or of weights; default the shipped"
    )


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder that its folder goes into")


def _add_weights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, metavar="FOLDER", help="default the shipped ones")


def _add_rights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--i-have-the-rights", action="store_true", help="go on although a file's terms forbid modification"
    )


def _list(arguments: argparse.Namespace) -> None:
    from engines.characters.folders import entries

    found = entries(arguments.folder)
    if arguments.json:
        rows = [
            {
                "name": entry.card.name,
                "title": entry.card.title,
                "kind": entry.card.kind,
                "licence": entry.card.licence,
                "credit": entry.card.credit,
                "bytes": entry.size,
            }
            for entry in found
        ]
        sys.stdout.write(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
        return
    table = [("name", "title", "kind", "licence", "size")]
    table += [
        (entry.card.name, entry.card.title, entry.card.kind, entry.card.licence, f"{entry.size / 1e6:.1f} MB")
        for entry in found
    ]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        sys.stdout.write("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() + "\n")


def _show(arguments: argparse.Namespace) -> None:
    from PIL import Image

    from engines.character import load_character
    from engines.characters.folders import find
    from engines.characters.picture import POSES, in_words, parse_pose, show

    poses = tuple((arguments.framing, parse_pose(text)) for text in arguments.pose) or POSES
    character = load_character(find(arguments.name, arguments.folder))
    shown = show(character, arguments.weights, poses)
    try:
        Image.fromarray(shown.picture).save(arguments.out)
    except ValueError as error:
        raise CharacterError(f"{arguments.out}: {error}; end it in .png") from error
    sys.stdout.write(f"{in_words(character)}\n{arguments.out}: {len(poses)} poses, drawn {shown.drawn_by}\n")


def _make(arguments: argparse.Namespace) -> None:
    from engines.characters.making import MakeOptions, make

    started = time.monotonic()
    options = MakeOptions(
        avatar=arguments.avatar,
        out=arguments.out,
        name=arguments.name,
        title=arguments.title,
        credit=arguments.credit,
        licence=arguments.licence,
        leave_out=tuple(arguments.leave_out),
        i_have_the_rights=arguments.i_have_the_rights,
        weights=arguments.weights,
    )
    with _progress() as show:
        made = make(options, show)
    _say(made, time.monotonic() - started)


def _sample(arguments: argparse.Namespace) -> None:
    if arguments.count < 1 or arguments.seed < 0:
        raise CharacterError(f"--count {arguments.count} --seed {arguments.seed}: expected at least 1 and at least 0")
    from engines.characters.cast import read_credits
    from engines.characters.palettes import parse_palette
    from engines.characters.sampling import make_sampled, sample_idea
    from engines.studio.renderer import Renderer

    palette = parse_palette(arguments.palette)
    credits_of = read_credits(arguments.credits) if arguments.credits else {}
    if arguments.source == "teacher":
        from engines.characters.teacher_source import check_weights, teacher_ideas

        check_weights(arguments.teacher)  # before the slow part
        cast = _cast(arguments)
        ideas = teacher_ideas(arguments.teacher, cast, arguments.seed, arguments.count, palette)
    else:
        cast = _cast(arguments)
        ideas = [
            sample_idea(cast, arguments.seed + number, palette, _numbered(arguments.name, number, arguments.count))
            for number in range(arguments.count)
        ]
    renderer = Renderer()
    try:
        with _progress() as show:
            show(0, len(ideas))
            for number, idea in enumerate(ideas):
                started = time.monotonic()
                made = make_sampled(renderer, cast, idea, arguments.out, credits_of, arguments.weights)
                show(number + 1, len(ideas))
                _say(made, time.monotonic() - started)
    finally:
        renderer.close()


def _mix(arguments: argparse.Namespace) -> None:
    from engines.character import load_character
    from engines.characters.folders import check_free, find, put
    from engines.characters.mixing import Mixer

    folders = [find(name, arguments.folder) for name in (arguments.one, arguments.other)]
    if not 0 <= arguments.t <= 1:
        raise CharacterError(f"--t {arguments.t:g}: expected 0 to 1")
    name = arguments.name or f"{folders[0].name}-{folders[1].name}-{round(100 * arguments.t)}"
    target = check_free(arguments.out, name)
    started = time.monotonic()
    one, other = (load_character(folder) for folder in folders)
    character = Mixer(one, other).mix(arguments.t, name, arguments.title)
    put(target, character)
    sys.stdout.write(f"{target}: {character.card.title}, {time.monotonic() - started:.0f} s\n")


def _cast(arguments: argparse.Namespace) -> Cast:
    from engines.studio.avatar import load_avatar
    from engines.studio.identity import Cast

    if not arguments.avatars:
        raise CharacterError("--avatars: name the VRM files that characters are made of")
    return Cast(load_avatar(path, i_have_the_rights=arguments.i_have_the_rights) for path in arguments.avatars)


def _numbered(name: str, number: int, count: int) -> str:
    return f"{name}-{number + 1}" if name and count > 1 else name


def _say(made: Made, seconds: float) -> None:
    size = sum(one.stat().st_size for one in made.folder.rglob("*") if one.is_file())
    sys.stdout.write(f"{made.folder}: {made.card.title}, {size / 1e6:.1f} MB, {seconds:.0f} s; style: {made.style}\n")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show how far something is, where there is tqdm."""
    from tqdm import tqdm

    bars: list[tqdm[NoReturn]] = []

    def show(done: int, total: int) -> None:
        if not done:
            return  # bad files are known after the first step, and are worth one line
        if not bars:
            interval = 0.5 if sys.stderr.isatty() else 30.0
            bars.append(tqdm(total=total, unit="step", smoothing=0.1, mininterval=interval, leave=False))
        bars[0].update(done - bars[0].n)

    try:
        yield show
    finally:
        for bar in bars:
            bar.close()
