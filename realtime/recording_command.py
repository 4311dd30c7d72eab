"""The commands around recordings: `animirror track` and `animirror export`.

The parsers stand here and are light; what a command needs is imported when it runs.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from realtime.errors import SourceError
from realtime.settings import Framing

if TYPE_CHECKING:
    from realtime.recording.pictures import PictureSource
    from realtime.recording.recording import Moment
    from realtime.tracker import Tracker

#: As many as the tracker follows.
MAX_PEOPLE = 6
FRAMINGS: tuple[Framing, ...] = ("portrait", "full")
_MAX_FPS = 240.0


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers; each sets `run`, a function of the parsed arguments."""
    track = commands.add_parser(
        "track",
        help="record what people in a video do, as observations and controls",
        description="Writes what people do, frame by frame: what the tracker saw, and the controls made of it.",
    )
    track.add_argument("source", type=Path, metavar="IN", help="a video, a gif, a folder of pictures, or a picture")
    track.add_argument("out", type=Path, metavar="OUT.json", help="the recording; .json.gz compresses it")
    track.add_argument("--people", type=int, default=1, help=f"how many to follow, 1 to {MAX_PEOPLE}; default 1")
    track.add_argument("--masks", type=Path, metavar="FOLDER", help="also write a mask of each person and frame")
    track.add_argument("--framing", choices=FRAMINGS, default="full", help="what to look for; default full")
    track.add_argument("--fps", type=float, help="pictures per second of a folder; default 30")
    track.set_defaults(run=_track)


def _track(arguments: argparse.Namespace) -> None:
    if not 1 <= arguments.people <= MAX_PEOPLE:
        raise SourceError(f"--people {arguments.people}: expected 1 to {MAX_PEOPLE}")
    if arguments.fps is not None and not 0 < arguments.fps <= _MAX_FPS:
        raise SourceError(f"--fps {arguments.fps:g}: expected more than 0, up to {_MAX_FPS:g}")
    with _terminable():
        _track_pictures(arguments)


def _track_pictures(arguments: argparse.Namespace) -> None:
    from importlib.metadata import version

    from realtime.recording.masks import MaskWriter
    from realtime.recording.performing import Performing
    from realtime.recording.pictures import PictureSource
    from realtime.recording.progress import Progress
    from realtime.recording.recording import Header
    from realtime.recording.recording_file import writing
    from realtime.recording.whole_file import whole_folder

    source = PictureSource(arguments.source, arguments.fps)
    performing = Performing(needs_face=False)
    progress = Progress("pictures", source.expected)
    seen: set[int] = set()
    count = 0
    with contextlib.ExitStack() as stack:
        stack.callback(progress.close)
        masks = MaskWriter(stack.enter_context(whole_folder(arguments.masks))) if arguments.masks else None
        tracker = stack.enter_context(contextlib.closing(_make_tracker(arguments)))
        moments = _tracked(source, tracker)
        first, size = next(moments)
        header = Header(
            source=source.name,
            image_size=size,
            fps=source.fps,
            tracker={"name": "mediapipe", "version": version("mediapipe"), "framing": arguments.framing},
        )
        writer = stack.enter_context(writing(arguments.out, header))
        while True:
            writer.put(performing(first))
            if masks is not None:
                masks.put(first)
            seen.update(person.person_id for person in first.people)
            count += 1
            progress.step()
            following = next(moments, None)
            if following is None:
                break
            first = following[0]
        writer.skipped = source.skipped
        progress.close()
    _say(arguments.out, count, first.time_s, len(seen), source.skipped)


def _tracked(source: PictureSource, tracker: Tracker) -> Iterator[tuple[Moment, tuple[int, int]]]:
    """Yield each picture's moment with the picture's size."""
    from realtime.frame import Frame
    from realtime.recording.pictures import exact_time
    from realtime.recording.recording import Moment

    for picture in source:
        pts, time_base = exact_time(picture.time_s)
        people = tracker.track(Frame(image=picture.image, pts=pts, time_base=time_base, captured_s=picture.time_s))
        height, width = picture.image.shape[:2]
        yield Moment(time_s=picture.time_s, people=people), (width, height)


def _make_tracker(arguments: argparse.Namespace) -> Tracker:
    from realtime.tracking.mediapipe_tracker import MediaPipeTracker

    return MediaPipeTracker(pose_every=1)


def _say(out: Path, count: int, last_s: float, people: int, skipped: int) -> None:
    sys.stdout.write(f"{out}: {count} frames, {last_s:.1f} s, {people} {'person' if people == 1 else 'people'}\n")
    if skipped:
        sys.stderr.write(f"animirror: {skipped} damaged pictures were left out\n")


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let a request to terminate be an interrupt, so that nothing half-written stays behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
