"""A sheet of any key views: drawn from an avatar, kept in a folder as WebP pictures and a description."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines import controls
from engines.errors import ViewsError
from engines.studio.avatar import Avatar
from engines.studio.posing import Posed, posed
from engines.studio.renderer import Renderer
from engines.studio.spring_simulation import settled
from engines.studio.views import KeyView, drawn_in

U8 = npt.NDArray[np.uint8]

_DESCRIPTION = "views.json"
#: WebP quality 0..100: at 90 the loss is below the renderer's own dithering of edges to the eye.
QUALITY = 90


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ViewSheet:
    """Key views and their pictures.

    Args:
        views: what the pictures show.
        pictures: uint8, (size_px, size_px, 4) each, straight-alpha RGBA.
    """

    views: tuple[KeyView, ...]
    pictures: tuple[U8, ...]

    def save(self, folder: Path, quality: int = QUALITY) -> int:
        """Write one WebP picture per view and the description; return the number of bytes.

        Args:
            folder: made if it is not there.
            quality: 0..100; 100 is lossless.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for view, picture in zip(self.views, self.pictures, strict=True):
            image = Image.fromarray(picture)
            image.save(folder / f"{view.name}.webp", lossless=quality == 100, quality=quality, method=4)
        text = json.dumps({"spec_hash": controls.spec_hash(), "views": [_plain(view) for view in self.views]}, indent=1)
        (folder / _DESCRIPTION).write_text(text + "\n", encoding="utf-8")
        return sum(path.stat().st_size for path in folder.iterdir())

    @classmethod
    def load(cls, folder: Path) -> ViewSheet:
        """Read a folder that :meth:`save` wrote.

        Raises:
            ViewsError: something is missing, damaged or made for another control spec.
        """
        try:
            document = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
            if document["spec_hash"] != controls.spec_hash():
                raise ViewsError(
                    f"{folder.name}: made for control spec {document['spec_hash']}, this is {controls.spec_hash()}; "
                    "render the sheet again"
                )
            views = tuple(KeyView(**view) for view in document["views"])
            pictures = []
            for view in views:
                with Image.open(folder / f"{view.name}.webp") as image:
                    pictures.append(np.array(image.convert("RGBA"), np.uint8))
        except (OSError, KeyError, TypeError, ValueError, SyntaxError) as error:
            raise ViewsError(f"{folder.name}: cannot be read as a sheet ({error}); render it again") from error
        return cls(views=views, pictures=tuple(pictures))


def view_pose(avatar: Avatar, view: KeyView) -> Posed:
    """Return the avatar in a view's pose, its springs at rest."""
    vector = view.vector()
    return posed(avatar, vector, settled(avatar, vector) if view.swinging else None)


def draw_views(renderer: Renderer, avatar: Avatar, views: Sequence[KeyView], parts: U8 | None = None) -> ViewSheet:
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
    return ViewSheet(views=tuple(views), pictures=tuple(pictures))


def _plain(view: KeyView) -> dict[str, object]:
    """Return the view as JSON takes it."""
    return asdict(view) | {"controls": dict(view.controls)}
