"""Makes what a character is drawn from out of an avatar: its figure and its sheet."""

from __future__ import annotations

from engines.figure import Figure
from engines.sheet import SHEET_VIEWS, Sheet
from engines.studio.avatar import Avatar
from engines.studio.figures import make_figure
from engines.studio.paint import paints_of
from engines.studio.parts import Parts, parts_of
from engines.studio.renderer import Renderer
from engines.studio.view_sheet import draw_views


def make_sheet(renderer: Renderer, avatar: Avatar, parts: Parts | None = None) -> tuple[Figure, Sheet]:
    """Return an avatar's figure, and its key views drawn.

    Args:
        renderer: draws them.
        avatar: whose.
        parts: where they are known already: those of the avatar that a recoloured one was made of.
    """
    paints = paints_of(avatar, parts_of(avatar) if parts is None else parts)
    figure = make_figure(renderer, avatar, [view.vector() for view in SHEET_VIEWS], paints)
    return figure, draw_views(renderer, avatar, SHEET_VIEWS)
