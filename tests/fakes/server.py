"""The real server, tracker and motion around an engine that paints discs.  `python -m tests.fakes.server`.

Settings come from the environment, as everywhere.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import uvicorn
from PIL import Image

from engines import controls
from engines.condition import Condition
from realtime.assembly import Parts, build_application
from realtime.mediapipe_tracker import MediaPipeTracker
from realtime.motion import Motion
from realtime.server.application import CharacterEntry
from realtime.settings import load_settings
from tests.fakes.engine import PaintingEngine

NAMES = ("ada", "bob", "cyd")


def main() -> None:
    """Serve until told to stop."""
    logging.basicConfig(level=logging.INFO)
    settings = load_settings()
    engine = PaintingEngine(names=NAMES)
    with tempfile.TemporaryDirectory() as folder:
        parts = Parts(
            engine=engine,
            characters=tuple(_entry(engine, name, Path(folder)) for name in engine.characters),
            make_tracker=MediaPipeTracker,
            make_motion=Motion,
            tracker={"name": "mediapipe"},
        )
        application = build_application(settings, parts)
        uvicorn.run(application, host=settings.server.host, port=settings.server.port, log_level="warning")


def _entry(engine: PaintingEngine, name: str, folder: Path) -> CharacterEntry:
    thumbnail = folder / f"{name}.png"
    picture = engine.generate(Condition(character=name, controls=controls.NEUTRAL.copy()))
    Image.fromarray(picture, "RGBA").save(thumbnail)
    return CharacterEntry(name=name, title=name.title(), credit="a disc", licence="CC0", thumbnail=thumbnail)


if __name__ == "__main__":
    main()
