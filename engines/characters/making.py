"""Makes a character of a user's avatar: looks at it, draws its key views one by one, and reads its style off them.

What was drawn is kept beside the new character's place until that is complete, so a run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines import controls
from engines.character import Character, CharacterCard, card_from_avatar
from engines.characters.folders import check_free, put
from engines.characters.palettes import palette_hex
from engines.errors import CharacterError
from engines.figure import Figure
from engines.key_view import KeyView
from engines.sheet import SHEET_VIEWS, Sheet
from engines.studio.avatar import Avatar, load_avatar
from engines.studio.figures import make_figure
from engines.studio.paint import paints_of
from engines.studio.palette import palette_of
from engines.studio.parts import parts_of
from engines.studio.renderer import Renderer
from engines.studio.view_sheet import draw_views
from engines.style import Style, style_of

U8 = npt.NDArray[np.uint8]
#: Is told how many of how many steps are done.
Show = Callable[[int, int], None]

#: Steps beside the views: loading, the figure, style and files.
_OTHER_STEPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeOptions:
    """What to make.

    Args:
        avatar: VRM file, 0.x or 1.0.
        out: folder that the character's folder goes into.
        name: of the character and its folder; empty for the file's.
        title, credit, licence: instead of what the file says; empty for that.
        leave_out: names of nodes or meshes that are not the character.
        i_have_the_rights: go on although the file's terms forbid modification.
        weights: folder with the encoder; None for the weights that ship.
    """

    avatar: Path
    out: Path
    name: str = ""
    title: str = ""
    credit: str = ""
    licence: str = ""
    leave_out: tuple[str, ...] = ()
    i_have_the_rights: bool = False
    weights: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made: the folder, the card, and where the style comes from, in words."""

    folder: Path
    card: CharacterCard
    style: str


def make(options: MakeOptions, show: Show = lambda done, total: None, views: Sequence[KeyView] = SHEET_VIEWS) -> Made:
    """Make a character of an avatar; started again with the same file it keeps what was drawn.

    Args:
        options: what to make.
        show: is told how far it is.
        views: the sheet's key views.

    Raises:
        AvatarError: the file is damaged, is no avatar, or its terms forbid modification.
        CharacterError: a character of that name is there.
    """
    name = options.name or options.avatar.stem
    target = check_free(options.out, name)
    key = _key(options, views)
    total = len(views) + _OTHER_STEPS
    show(0, total)
    avatar = load_avatar(options.avatar, leave_out=options.leave_out, i_have_the_rights=options.i_have_the_rights)
    show(1, total)
    parts = parts_of(avatar)
    paints = paints_of(avatar, parts)
    work = WorkFolder(target.with_name(f".{name}.part"), key)
    renderer = Renderer()
    try:
        drawn = draw(renderer, avatar, paints, views, work, lambda done: show(1 + done, total))
    finally:
        renderer.close()
    card = card_from_avatar(name, avatar)
    card = replace(
        card,
        title=options.title or card.title,
        credit=options.credit or card.credit,
        licence=options.licence or card.licence,
        kind="made",
        palette=palette_hex(palette_of(avatar, parts, paints)),
    )
    made = finish(target, card, avatar, drawn, options.weights)
    work.remove()
    show(total, total)
    return made


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """An avatar's figure and sheet."""

    figure: Figure
    sheet: Sheet


def draw(
    renderer: Renderer,
    avatar: Avatar,
    paints: U8,
    views: Sequence[KeyView],
    work: WorkFolder | None = None,
    show: Callable[[int], None] = lambda done: None,
) -> Drawn:
    """Return an avatar's figure and its key views, taken from a work folder where they are there.

    Args:
        renderer: draws them.
        avatar: whose.
        paints: uint8, (T,), see :func:`engines.studio.paint.paints_of`.
        views: what to draw.
        work: keeps what was drawn.
        show: is told how many of 1 + V steps are done.
    """
    figure = work.figure() if work else None
    if figure is None:
        figure = make_figure(renderer, avatar, [view.vector() for view in views], paints)
        if work:
            work.keep_figure(figure)
    show(1)
    pictures = []
    for number, view in enumerate(views):
        picture = work.picture(view) if work else None
        if picture is None:
            (picture,) = draw_views(renderer, avatar, [view]).pictures
            if work:
                work.keep_picture(view, picture)
        pictures.append(picture)
        show(2 + number)
    return Drawn(figure=figure, sheet=Sheet(views=tuple(views), pictures=tuple(pictures)))


def finish(target: Path, card: CharacterCard, avatar: Avatar, drawn: Drawn, weights: Path | None) -> Made:
    """Write a drawn character with its style into its place."""
    style: Style = style_of(drawn.sheet, weights)
    put(
        target,
        Character(card=card, proportions=avatar.proportions, figure=drawn.figure, sheet=drawn.sheet, w=style.w),
    )
    return Made(folder=target, card=card, style=style.source)


class WorkFolder:
    """Keeps the figure and the pictures of a character while it is made.

    Args:
        folder: made if it is not there; what was kept for another key is deleted.
        key: what everything in it follows from.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        mark = folder / "key"
        try:
            kept = mark.read_text(encoding="utf-8")
        except OSError:
            kept = ""
        if kept != key:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            mark.write_text(key, encoding="utf-8")

    def figure(self) -> Figure | None:
        """Return the figure, or None where none was kept whole."""
        try:
            return Figure.load(self._folder / "figure.npz")
        except CharacterError:
            return None

    def keep_figure(self, figure: Figure) -> None:
        """Keep the figure."""
        figure.save(self._folder / "figure.npz")

    def picture(self, view: KeyView) -> U8 | None:
        """Return a view's picture, uint8 (S, S, 4), or None where none was kept whole."""
        try:
            with Image.open(self._folder / f"{view.name}.png") as image:
                picture = np.array(image.convert("RGBA"), np.uint8)
        except (OSError, SyntaxError, ValueError):
            return None
        return picture if picture.shape[:2] == (view.size_px, view.size_px) else None

    def keep_picture(self, view: KeyView, picture: U8) -> None:
        """Keep a view's picture."""
        partial = self._folder / f"{view.name}.partial"
        Image.fromarray(picture).save(partial, "PNG", compress_level=1)
        partial.replace(self._folder / f"{view.name}.png")

    def remove(self) -> None:
        """Delete the folder: the character is complete."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _key(options: MakeOptions, views: Sequence[KeyView]) -> str:
    """Return what the drawn pictures follow from, as a hash.

    Raises:
        CharacterError: the avatar's file cannot be read.
    """
    try:
        content = options.avatar.read_bytes()
    except OSError as error:
        raise CharacterError(f"{options.avatar}: cannot be read ({error.strerror or error})") from error
    described = json.dumps(
        [
            sorted(options.leave_out),
            controls.spec_hash(),
            [asdict(view) | {"controls": dict(view.controls)} for view in views],
        ]
    )
    return hashlib.sha256(content + described.encode()).hexdigest()
