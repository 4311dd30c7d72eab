"""Where real motion files are, if anywhere: they are not part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ASSETS = Path(os.environ.get("ANIMIRROR_ASSETS") or Path(__file__).parents[3].parent / "shared" / "assets")


def motion_asset(name: str) -> Path:
    """Return the path of a motion file, or skip where it is absent."""
    path = ASSETS / "motion" / name
    if not path.exists():
        pytest.skip(f"{name} is not here: set ANIMIRROR_ASSETS to the folder of the assets")
    return path
