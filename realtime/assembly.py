"""The composition root: the one place that knows the concrete tracker, motion and engine."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engines import controls
from engines.condition import Condition
from engines.engine import Engine
from engines.errors import CharacterError, SpecMismatchError
from realtime.clock import Clock, MonotonicClock
from realtime.compositing import parse_colour
from realtime.errors import SettingsError
from realtime.frame import Frame
from realtime.pipeline import Look, MotionSource, Pipeline
from realtime.server.application import Backstage, CharacterEntry, create_application
from realtime.settings import Settings
from realtime.shared_engine import SharedEngine
from realtime.sink import Sink
from realtime.telemetry import Telemetry
from realtime.tracker import Tracker
from realtime.webrtc.sessions import Sessions

if TYPE_CHECKING:
    from fastapi import FastAPI

logger = logging.getLogger(__name__)

PAGE = Path(__file__).resolve().parent.parent / "web"
#: The picture that the tracker is warmed with, height and width in pixels.
WARM_UP_SIZE_PX = (480, 640)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a server is made of.

    Args:
        engine: loaded, warm, drawing for this build's control spec.
        characters: in display order.
        make_tracker: makes a session's tracker, on its tracking thread.
        make_motion: makes a session's motion.
        tracker: what the tracker is, in words.
    """

    engine: Engine
    characters: tuple[CharacterEntry, ...]
    make_tracker: Callable[[], Tracker]
    make_motion: Callable[[], MotionSource]
    tracker: dict[str, Any]


def load_parts(settings: Settings) -> Parts:
    """Load and warm everything; the slow imports of tracker and engine run side by side.

    Raises:
        EnginesError: weights are missing or for another control spec, or no backend runs.
        TrackerError: the tracker cannot be started.
        SourceError: the recording to follow cannot be read.
    """
    began_s = time.perf_counter()
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="load") as pool:
        opened = threading.Event()
        engine_loading = pool.submit(_load_engine, settings, opened)
        tracker_loading = pool.submit(_load_tracker_after, opened, settings)
        engine, characters = engine_loading.result()
        try:
            make_tracker, tracker = tracker_loading.result()
        except BaseException:
            engine.close()
            raise
    logger.info("ready to draw after %.1f s", time.perf_counter() - began_s)
    return Parts(
        engine=engine,
        characters=characters,
        make_tracker=make_tracker,
        make_motion=lambda: _make_motion(settings),
        tracker=tracker,
    )


def build_application(
    settings: Settings, parts: Parts, clock: Clock | None = None, page: Path | None = PAGE
) -> FastAPI:
    """Return the server's ASGI application; it closes the engine when it stops.

    Raises:
        SpecMismatchError: the weights were made for another control spec.
        SettingsError: the character to start with is not known.
    """
    clock = clock or MonotonicClock()
    info = parts.engine.info
    if info.spec_hash != controls.spec_hash():
        raise SpecMismatchError(
            f"weights {info.weights}: got control spec {info.spec_hash}, expected {controls.spec_hash()}; "
            "use weights of this version"
        )
    first = settings.engine.character or next(iter(parts.engine.characters), None)
    if first not in parts.engine.characters:
        known = ", ".join(parts.engine.characters) or "none"
        raise SettingsError(f"engine.character: got {first!r}, there are: {known}")
    engine = SharedEngine(parts.engine)
    look = Look(character=first, background=parse_colour(settings.pipeline.background), mirror=settings.pipeline.mirror)

    def make_pipeline(
        *, name: str, look: Look, sink: Sink, telemetry: Telemetry, on_failure: Callable[[Exception], None]
    ) -> Pipeline:
        return Pipeline(
            name=name,
            make_tracker=parts.make_tracker,
            motion=parts.make_motion(),
            engine=engine,
            sink=sink,
            look=look,
            settings=settings.pipeline,
            clock=clock,
            telemetry=telemetry,
            on_failure=on_failure,
            watch_camera=settings.tracker.replay is None,
        )

    def open_backstage() -> Backstage:
        sessions = Sessions(
            make_pipeline=make_pipeline,
            characters=parts.engine.characters,
            look=look,
            server=settings.server,
            media=settings.media,
            clock=clock,
        )
        return Backstage(
            sessions=sessions, engine=info, characters=parts.characters, tracker=parts.tracker, close=engine.close
        )

    return create_application(settings, open_backstage, page if page is not None and page.is_dir() else None)


def _load_engine(settings: Settings, opened: threading.Event) -> tuple[Engine, tuple[CharacterEntry, ...]]:
    """Return the engine, warm, and who can be drawn; `opened` is set when the machine may be used for other things."""
    from engines.character import list_cards
    from engines.loading import load_engine, must_measure

    wanted, folder = settings.engine, settings.engine.characters
    try:
        if not must_measure(wanted.backend, folder, wanted.threads, cache=wanted.cache):
            opened.set()
        engine = load_engine(
            wanted.backend,
            folder,
            wanted.threads,
            precision=wanted.precision,
            provider=wanted.provider,
            cache=wanted.cache,
        )
    finally:
        opened.set()
    try:
        if not engine.characters:
            raise CharacterError("the engine knows no characters; expected at least one")
        cards = {card.name: card for card in list_cards(folder)}
        engine.generate(Condition(character=engine.characters[0], controls=controls.NEUTRAL.copy()))  # warm
    except BaseException:
        engine.close()
        raise
    return engine, tuple(
        CharacterEntry(
            name=card.name, title=card.title, credit=card.credit, licence=card.licence, thumbnail=card.thumbnail
        )
        for name in sorted(
            engine.characters, key=lambda name: name != settings.engine.character
        )  # the page takes the first
        if (card := cards.get(name)) is not None
    )


def _load_tracker_after(opened: threading.Event, settings: Settings) -> tuple[Callable[[], Tracker], dict[str, Any]]:
    """Load the tracker once backends that have to be measured have had the machine for themselves."""
    opened.wait()
    return _load_tracker(settings)


def _load_tracker(settings: Settings) -> tuple[Callable[[], Tracker], dict[str, Any]]:
    """Return what makes a session's tracker, with everything slow done, and what it is, in words."""
    _make_motion(settings)
    if settings.tracker.replay is not None:
        return _load_replay(settings.tracker.replay, settings.tracker.replay_loops)
    from importlib.metadata import version

    tracker = _make_tracker(settings)
    try:
        blank = np.zeros((*WARM_UP_SIZE_PX, 3), np.uint8)
        tracker.track(Frame(image=blank, pts=0, time_base=Fraction(1, 30), captured_s=0.0))
    finally:
        tracker.close()
    info = {
        "name": "mediapipe",
        "version": version("mediapipe"),
        "networks": f"openvino {version('openvino')}, CPU, f32, {settings.tracker.threads} thread(s)",
        "people": settings.tracker.people,
        "pose_every": settings.tracker.pose_every,
        "budget_ms": settings.tracker.budget_ms,
    }
    return lambda: _make_tracker(settings), info


def _load_replay(path: Path, loops: bool) -> tuple[Callable[[], Tracker], dict[str, Any]]:
    from realtime.recording.recording_file import read_recording
    from realtime.recording.replay import RecordedTracker

    recording = read_recording(path)
    info = {
        "name": "recording",
        "source": recording.header.source,
        "recorded_with": dict(recording.header.tracker),
        "duration_s": round(recording.duration_s, 2),
        "people": len(recording.person_ids),
        "loops": loops,
    }
    logger.info("follows the recording %s instead of the camera", path.name)
    return lambda: RecordedTracker(recording, loops=loops), info


def _make_tracker(settings: Settings) -> Tracker:
    from realtime.tracking.mediapipe_tracker import MediaPipeTracker

    return MediaPipeTracker(
        people=settings.tracker.people,
        pose_every=settings.tracker.pose_every,
        budget_ms=settings.tracker.budget_ms,
        threads=settings.tracker.threads,
        framing=settings.pipeline.framing,
    )


def _make_motion(settings: Settings) -> MotionSource:
    from realtime.motion import Motion

    # A recording shows nobody by accident, and the poses of other estimators may lack faces.
    return Motion(framing=settings.pipeline.framing, needs_face=settings.tracker.replay is None)
