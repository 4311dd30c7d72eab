"""Serves the page's files."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

#: Browsers refuse modules of any other type, and some systems' registries say text/plain.
MIME_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".webp": "image/webp"}


class Page(StaticFiles):
    """The page's folder; `index.html` at its root.  Files are asked for again each time, so no stale mixtures."""

    def __init__(self, folder: Path) -> None:
        for suffix, mime_type in MIME_TYPES.items():
            mimetypes.add_type(mime_type, suffix)
        super().__init__(directory=folder, html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file; the browser may keep it but asks whether it changed."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response
