"""The commands of the engines: `animirror avatar ...`, `animirror dataset ...`, `animirror engines ...` and others.

The parsers stand here and are light; what a command needs is imported when it runs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from engines.characters import command as characters_command
from engines.errors import DatasetError, EnginesError, FilmError
from engines.evaluation import command as evaluation_command
from engines.framing import FRAMINGS, camera_of
from engines.selection import command as selection_command
from engines.teacher import command as teacher_command
from engines.training import command as training_command

if TYPE_CHECKING:
    from engines.motion.clip import Clip
    from engines.studio.avatar import Avatar

Run = Callable[[argparse.Namespace], None]

#: Packages of the `train` extra that these commands cannot do without.
_EXTRA = frozenset({"moderngl", "glcontext", "skimage", "tqdm"})


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of `avatar` and `dataset`; each sets `run`, a function of the parsed arguments."""
    _add_avatar(commands.add_parser("avatar", help="look into a VRM file, or draw it"))
    _add_dataset(commands.add_parser("dataset", help="make labelled pictures of many characters"))
    training_command.add_commands(commands)
    teacher_command.add_commands(commands)
    evaluation_command.add_commands(commands)
    characters_command.add_commands(commands)
    selection_command.add_commands(commands)


def run(arguments: argparse.Namespace) -> None:
    """Run the command that was parsed.

    Raises:
        EnginesError: it failed; the message says what to do.
    """
    try:
        arguments.run(arguments)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise EnginesError(
            f"this command needs {error.name}; install it with: pip install --editable '.[train]'"
        ) from error


def _add_avatar(avatar: argparse.ArgumentParser) -> None:
    commands = avatar.add_subparsers(dest="avatar_command", required=True, metavar="command")

    inspect = commands.add_parser("inspect", help="say what is in a VRM file, what is missing, and its licence")
    inspect.add_argument("file", type=Path, metavar="FILE.vrm")
    inspect.add_argument("--json", action="store_true", help="as JSON")
    inspect.set_defaults(run=_inspect)

    render = commands.add_parser(
        "render",
        help="draw an avatar: a picture, or a film of it moving",
        description="Draws an avatar to a PNG picture, or to a film: WebM and MOV keep the transparency, MP4 does not.",
    )
    _add_file(render)
    motion = render.add_mutually_exclusive_group()
    motion.add_argument("--motion", type=Path, metavar="CLIP", help="a .bvh, .vmd, .vrma or .json clip")
    motion.add_argument("--controls", type=Path, metavar="FILE", help="a .json file of controls: one pose, or a clip")
    render.add_argument("out", type=Path, metavar="OUT", help=".png, .webm, .mov or .mp4")
    render.add_argument("--framing", choices=FRAMINGS, default="portrait", help="default portrait")
    render.add_argument("--size", type=int, default=512, help="pixels per side, even, 16 to 4096; default 512")
    render.add_argument("--fps", type=float, help="pictures per second of the film; default the clip's own")
    render.add_argument("--at", type=float, default=0.0, help="seconds into the clip, for a picture; default 0")
    render.add_argument("--background", default="#ffffff", help="colour behind an MP4, #rrggbb; default #ffffff")
    render.set_defaults(run=_render)

    sheet = commands.add_parser("sheet", help="draw an avatar's key views into a folder")
    _add_file(sheet)
    sheet.add_argument("out", type=Path, metavar="FOLDER")
    sheet.add_argument("--views", default="portrait", help="student, portrait, full or a .toml file; default portrait")
    sheet.add_argument("--quality", type=int, default=90, help="of the WebP pictures, 1 to 100; 100 is lossless")
    sheet.set_defaults(run=_sheet)


def _add_dataset(dataset: argparse.ArgumentParser) -> None:
    commands = dataset.add_subparsers(dest="dataset_command", required=True, metavar="command")
    make = commands.add_parser(
        "make",
        help="draw a data set, or what is missing of it",
        description="Draws a data set into tar shards. Started again with the same options, it goes on from there.",
    )
    make.add_argument("out", type=Path, metavar="FOLDER")
    make.add_argument("avatars", type=Path, nargs="+", metavar="FILE.vrm")
    make.add_argument("--count", type=int, default=50_000, help="pictures to train on; default 50000")
    make.add_argument("--identities", type=int, default=200, help="characters made of the avatars; default 200")
    make.add_argument("--motions", type=Path, nargs="+", default=[], metavar="CLIP", help="clips for sequences")
    make.add_argument("--held-out-motion", type=Path, metavar="CLIP", help="a clip for evaluation only")
    make.add_argument("--held-out-avatar", metavar="NAME", help="an avatar for evaluation only")
    make.add_argument("--framings", nargs="+", choices=FRAMINGS, default=["portrait"], help="default portrait")
    make.add_argument("--sequences", type=float, default=0.25, help="part that is sequences, 0 to 1; default 0.25")
    make.add_argument("--sequence-frames", type=int, default=8, help="pictures per sequence; default 8")
    make.add_argument("--fps", type=float, default=30.0, help="of sequences; default 30")
    make.add_argument("--size", type=int, default=512, help="pixels per side; default 512")
    make.add_argument("--supersample", type=int, default=2, help="samples per pixel along each side; default 2")
    make.add_argument("--shard", type=int, default=200, help="pictures per tar file; default 200")
    make.add_argument("--views", default="character", help="key views: character, portrait or full; default character")
    make.add_argument("--seed", type=int, default=0, help="default 0")
    make.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes; default one per core")
    make.add_argument(
        "--i-have-the-rights", action="store_true", help="go on although a file's terms forbid modification"
    )
    make.set_defaults(run=_make_dataset)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.vrm")
    parser.add_argument("--leave-out", nargs="+", default=[], metavar="NAME", help="nodes or meshes not to draw")
    _add_rights(parser)


def _add_rights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--i-have-the-rights", action="store_true", help="go on although a file's terms forbid modification"
    )


def _load(arguments: argparse.Namespace) -> Avatar:
    from engines.studio.avatar import load_avatar

    return load_avatar(arguments.file, leave_out=arguments.leave_out, i_have_the_rights=arguments.i_have_the_rights)


def _inspect(arguments: argparse.Namespace) -> None:
    from engines.studio.inspection import inspect_avatar

    found = inspect_avatar(arguments.file)
    text = json.dumps(found.as_dict(), indent=1, ensure_ascii=False) if arguments.json else found.as_text()
    sys.stdout.write(text.rstrip() + "\n")


def _render(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from engines.studio.film import FILM_SUFFIXES, OPAQUE_SUFFIXES, check_output, write_film, write_still
    from engines.studio.performance import perform, pose_at
    from engines.studio.renderer import Renderer

    out, size = arguments.out, arguments.size
    check_output(out)
    background = _colour(arguments.background)
    if size % 2 or not 16 <= size <= 4096:
        raise FilmError(f"--size {size}: expected an even number from 16 to 4096")
    clip = _clip(arguments)
    avatar = _load(arguments)
    camera = camera_of(arguments.framing, avatar.proportions)
    renderer = Renderer()
    try:
        if out.suffix.lower() in FILM_SUFFIXES:
            total = len(clip.controls)
            pictures = tqdm(
                perform(renderer, avatar, clip, camera, size), total=total, unit="picture", leave=False, disable=None
            )
            count = write_film(out, pictures, clip.fps, background)
            note = ", without transparency (.webm and .mov keep it)" if out.suffix.lower() in OPAQUE_SUFFIXES else ""
            sys.stdout.write(f"{out}: {count} pictures, {count / clip.fps:.1f} s{note}\n")
        else:
            pose = pose_at(avatar, clip, arguments.at)
            write_still(out, renderer.render(avatar, pose, camera, size))
            sys.stdout.write(f"{out}: {size} x {size}\n")
    finally:
        renderer.close()


def _clip(arguments: argparse.Namespace) -> Clip:
    """Return what the avatar is to do: a clip, or a clip of one pose."""
    from engines.controls import controls
    from engines.motion.clip import Clip, load_clip

    source = arguments.motion or arguments.controls
    clip = load_clip(source) if source else Clip(name="still", fps=30.0, controls=controls()[None])
    if arguments.fps is not None:
        if not 1 <= arguments.fps <= 240:
            raise FilmError(f"--fps {arguments.fps:g}: expected 1 to 240")
        clip = clip.resampled(arguments.fps)
    return clip


def _sheet(arguments: argparse.Namespace) -> None:
    from engines.studio.renderer import Renderer
    from engines.studio.view_sets import view_set
    from engines.studio.view_sheet import draw_views

    views = view_set(arguments.views)
    if not 1 <= arguments.quality <= 100:
        raise FilmError(f"--quality {arguments.quality}: expected 1 to 100")
    avatar = _load(arguments)
    renderer = Renderer()
    try:
        size = draw_views(renderer, avatar, views).save(arguments.out, arguments.quality)
    finally:
        renderer.close()
    sys.stdout.write(f"{arguments.out}: {len(views)} views, {size / 1e6:.1f} MB\n")


def _make_dataset(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from engines.studio.dataset import make_dataset
    from engines.studio.dataset_plan import DatasetOptions

    options = DatasetOptions(
        avatars=tuple(arguments.avatars),
        count=arguments.count,
        identities=max(arguments.identities, len(arguments.avatars)),
        clips=tuple(arguments.motions),
        held_out_clip=arguments.held_out_motion,
        held_out_avatar=arguments.held_out_avatar,
        framings=tuple(arguments.framings),
        shard=arguments.shard,
        sequences=arguments.sequences,
        sequence_frames=arguments.sequence_frames,
        fps=arguments.fps,
        size=arguments.size,
        supersample=arguments.supersample,
        views=arguments.views,
        seed=arguments.seed,
        i_have_the_rights=arguments.i_have_the_rights,
    )
    if not 1 <= arguments.workers <= 256:
        raise DatasetError(f"--workers {arguments.workers}: expected 1 to 256")
    bars: list[tqdm[NoReturn]] = []

    def show(done: int, total: int) -> None:
        if not bars:  # what was there before counts as done, not as speed
            bars.append(tqdm(total=total, initial=done, unit="picture", smoothing=0.02, mininterval=_interval_s()))
        bars[0].update(done - bars[0].n)

    try:
        manifest = make_dataset(options, arguments.out, arguments.workers, show)
    finally:
        for bar in bars:
            bar.close()
    counts = ", ".join(f"{count} {split}" for split, count in manifest["counts"]["splits"].items())
    sys.stdout.write(f"{arguments.out}: {counts}, {len(manifest['bases'])} characters\n")


def _interval_s() -> float:
    """Return how often progress is shown: a log needs fewer lines than a terminal."""
    return 0.5 if sys.stderr.isatty() else 60.0


def _colour(text: str) -> tuple[int, int, int]:
    digits = text.removeprefix("#")
    try:
        red, green, blue = bytes.fromhex(digits)
    except ValueError as error:
        raise FilmError(f"--background {text}: expected a colour like #20a0ff") from error
    return red, green, blue
