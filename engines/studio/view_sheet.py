"""Draws an avatar's key views: the pictures of a sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engines.key_view import KeyView
from engines.sheet import Sheet
from engines.studio.avatar import Avatar
from engines.studio.posing import Posed, posed
from engines.studio.renderer import Renderer
from engines.studio.spring_simulation import settled
from engines.studio.views import drawn_in

U8 = npt.NDArray[np.uint8]


def view_pose(avatar: Avatar, view: KeyView) -> Posed:
    """Return the avatar in a view's pose, its springs at rest."""
    vector = view.vector()
    return posed(avatar, vector, settled(avatar, vector) if view.swinging else None)


def draw_views(renderer: Renderer, avatar: Avatar, views: Sequence[KeyView], parts: U8 | None = None) -> Sheet:
    """Draw an avatar's key views, supersampled; `parts` as for :func:`engines.studio.views.drawn_triangles`."""
    pictures = [
        renderer.render(
            avatar,
            view_pose(avatar, view),
            view.matrix(avatar.proportions),
            view.size_px,
            supersample=2,
            only=only,
        )
        for view, only in zip(views, drawn_in(avatar, views, parts), strict=True)
    ]
    return Sheet(views=tuple(views), pictures=tuple(pictures))
