"""A character between two: colours and build in between, hair and clothes of the nearer one.

No avatar is needed: the nearer one's key views are dyed and carried over to the new build.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engines.build import Build
from engines.character import Character, CharacterCard
from engines.characters.figure_build import build_towards, reshaped
from engines.characters.palettes import hex_lab, lab_hex
from engines.characters.picture_paints import main_colours, paint_of_pixels, recoloured, recoloured_figure
from engines.characters.picture_warp import warped
from engines.characters.sampling import strictest
from engines.drawing import DrawnFigure, FigureDrawer
from engines.errors import CharacterError
from engines.key_view import KeyView
from engines.posing import posed_figure
from engines.sheet import Sheet
from engines.skeleton import Proportions
from engines.studio.paint import Paint

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: What stands for a garment that the other one does not wear.
_INSTEAD: dict[Paint, tuple[Paint, ...]] = {
    Paint.BOTTOM: (Paint.BOTTOM, Paint.TOP),
    Paint.TOP: (Paint.TOP, Paint.EXTRA),
    Paint.EXTRA: (Paint.EXTRA, Paint.TOP),
    Paint.NECKWEAR: (Paint.NECKWEAR, Paint.BOTTOM, Paint.TOP),
    Paint.LIPS: (),
}


class Mixer:
    """Two characters, looked at once, from which any number between them are made.

    Args:
        one: at 0.
        other: at 1.

    Raises:
        CharacterError: a figure does not say what is dyed as one.
    """

    def __init__(self, one: Character, other: Character) -> None:
        self._sides = (_Side(one), _Side(other))

    def mix(self, t: float, name: str, title: str = "") -> Character:
        """Return the character at `t`, 0..1, on the way from the one to the other.

        Raises:
            CharacterError: `t` is no number from 0 to 1.
        """
        if not 0 <= t <= 1:
            raise CharacterError(f"--t {t}: expected 0 to 1, where 0 is the first and 1 the second character")
        near, far = self._sides if t < 0.5 else self._sides[::-1]
        share = t if t < 0.5 else 1 - t
        build = build_towards(near.character.proportions, far.character.proportions, share)
        pictures, character = near.changed(build, _between(near.colours, far.colours, share))
        one, other = (side.character for side in self._sides)
        palette = {
            paint: _hex_between(colour, far.character.card.palette.get(paint, colour), share)
            for paint, colour in near.character.card.palette.items()
        }
        card = CharacterCard(
            name=name,
            title=title or f"{one.card.title} and {other.card.title}",
            credit="; ".join(dict.fromkeys(card.credit for card in (one.card, other.card) if card.credit)),
            licence=strictest([one.card.licence, other.card.licence]),
            kind="mixed",
            parents=(one.card.name, other.card.name),
            palette=palette,
        )
        if one.w.shape != other.w.shape:
            raise CharacterError(f"{other.card.name}: its style has {other.w.size} numbers, expected {one.w.size}")
        w = ((1 - t) * one.w + t * other.w).astype(np.float32)
        sheet = Sheet(views=near.character.sheet.views, pictures=pictures)
        return replace(character, card=card, sheet=sheet, w=w)


class _Side:
    """One of the two, with what does not depend on how near the mix is."""

    def __init__(self, character: Character) -> None:
        if character.figure.paint is None:
            raise CharacterError(
                f"{character.card.name}: its figure does not say what is hair, skin and cloth; make it again"
            )
        self.character = character
        self._drawn = _drawn(FigureDrawer(character.figure), character.proportions, character.sheet)
        pictures = character.sheet.pictures
        self._paints = [
            paint_of_pixels(drawn, character.figure, picture)
            for (drawn, _), picture in zip(self._drawn, pictures, strict=True)
        ]
        self.colours = main_colours(pictures, self._paints)

    def changed(self, build: Build, targets: dict[Paint, F32]) -> tuple[tuple[U8, ...], Character]:
        """Return the pictures and the figure with another build and in other colours."""
        character = self.character
        pictures: tuple[U8, ...] = character.sheet.pictures
        figure, proportions = character.figure, character.proportions
        moves = {paint: lab for paint, lab in targets.items() if not np.allclose(lab, self.colours[paint], atol=0.05)}
        if moves:
            pictures = recoloured(pictures, self._paints, self.colours, moves)
            figure = recoloured_figure(figure, self.colours, moves)
        if max(abs(getattr(build, name) - 1) for name in build.__dataclass_fields__) > 1e-4:
            figure, proportions = reshaped(figure, proportions, build)
            after = _drawn(FigureDrawer(figure), proportions, character.sheet)
            pictures = tuple(
                warped(picture, figure, old, old_z, new)
                for picture, (old, old_z), (new, _) in zip(pictures, self._drawn, after, strict=True)
            )
        return pictures, replace(character, figure=figure, proportions=proportions)


def _drawn(drawer: FigureDrawer, proportions: Proportions, sheet: Sheet) -> list[tuple[DrawnFigure, F32]]:
    """Return what each view shows of a figure, and its vertices' places towards the viewer."""

    def one(view: KeyView) -> tuple[DrawnFigure, F32]:
        pose = posed_figure(drawer.figure, proportions, view.vector())
        return drawer.draw(pose, view.matrix(proportions), view.size_px), np.ascontiguousarray(pose.positions[:, 2])

    return [one(view) for view in sheet.views]


def _between(near: dict[Paint, F32], far: dict[Paint, F32], share: float) -> dict[Paint, F32]:
    """Return what the near one's colours become, CIELAB."""
    found = {}
    for paint, lab in near.items():
        theirs = next((far[other] for other in _INSTEAD.get(paint, (paint,)) if other in far), lab)
        found[paint] = ((1 - share) * lab + share * theirs).astype(np.float32)
    return found


def _hex_between(one: str, other: str, share: float) -> str:
    return lab_hex((1 - share) * np.array(hex_lab(one)) + share * np.array(hex_lab(other)))
