"""The commands around recordings: `animirror track` and `animirror export`.

The parsers stand here and are light; what a command needs is imported when it runs.
"""

from __future__ import annotations

import argparse
import contextlib
import re
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
    from realtime.recording.recording import Header, Moment, Recording
    from realtime.tracker import Tracker

#: As many as the tracker follows.
MAX_PEOPLE = 6
FRAMINGS: tuple[Framing, ...] = ("portrait", "full")
ESTIMATES = ("openpose", "coco-wholebody")
#: A budget that never runs out: nothing is left out for want of time, and the same film gives the same recording.
AT_LEISURE_MS = 1e6
_DEFAULT_FPS, _MAX_FPS = 30.0, 240.0
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers; each sets `run`, a function of the parsed arguments."""
    track = commands.add_parser(
        "track",
        help="record what people in a video do, as observations and controls",
        description="Writes what people do, frame by frame: what the tracker saw, and the controls made of it. "
        "The poses of other estimators (OpenPose, COCO-WholeBody) take the tracker's place.",
    )
    track.add_argument("source", type=Path, metavar="IN", help="a video, a gif, a folder of pictures, a picture, "
                       "OpenPose's folder or a COCO-WholeBody file")  # fmt: skip
    track.add_argument("out", type=Path, metavar="OUT.json", help="the recording; .json.gz compresses it")
    track.add_argument("--people", type=int, default=1, help=f"how many to follow, 1 to {MAX_PEOPLE}; default 1")
    track.add_argument("--masks", type=Path, metavar="FOLDER", help="also write a mask of each person and frame")
    track.add_argument(
        "--framing", choices=FRAMINGS, default="full", help="what characters show: full also follows legs; default full"
    )
    track.add_argument("--format", choices=ESTIMATES, help="whose poses IN holds; default: what it looks like")
    track.add_argument("--fps", type=float, help="frames per second of pictures or poses without times; default 30")
    track.add_argument("--size", metavar="WxH", help="of the pictures behind poses that do not say it, e.g. 1280x720")
    track.set_defaults(run=_track)

    export = commands.add_parser(
        "export",
        help="write a recording in another format",
        description="Writes a recording as OpenPose's folder, as a COCO-WholeBody file, or the controls of one person "
        "as a clip for `animirror avatar render --controls`.",
    )
    export.add_argument("source", type=Path, metavar="IN.json", help="a recording")
    export.add_argument("out", type=Path, metavar="OUT", help="a folder for openpose, else a file")
    export.add_argument("--format", choices=(*ESTIMATES, "controls"), required=True, help="what to write")
    export.add_argument("--person", type=int, metavar="ID", help="whose controls; default whoever came first")
    export.add_argument("--fps", type=float, help="rate of the controls; default the recording's")
    export.set_defaults(run=_export)


def _track(arguments: argparse.Namespace) -> None:
    if not 1 <= arguments.people <= MAX_PEOPLE:
        raise SourceError(f"--people {arguments.people}: expected 1 to {MAX_PEOPLE}")
    size = _size(arguments.size)
    _check_rate(arguments.fps)

    from realtime.recording.estimates import guessed_format

    with _terminable():
        kind = arguments.format or guessed_format(arguments.source)
        if kind is None:
            _track_pictures(arguments)
        else:
            _track_estimates(arguments, kind, size)


def _track_pictures(arguments: argparse.Namespace) -> None:
    from importlib.metadata import version

    from realtime.recording.pictures import PictureSource
    from realtime.recording.recording import Header

    source = PictureSource(arguments.source, arguments.fps)
    with contextlib.closing(_make_tracker(arguments)) as tracker:
        moments = _tracked(source, tracker)
        first, size = next(moments)
        header = Header(
            source=source.name,
            image_size=size,
            fps=source.fps,
            tracker={"name": "mediapipe", "version": version("mediapipe"), "framing": arguments.framing},
        )

        def everything() -> Iterator[Moment]:
            yield first
            yield from (moment for moment, _ in moments)

        _record(arguments, header, everything(), source.expected, source)


def _track_estimates(arguments: argparse.Namespace, kind: str, size: tuple[int, int] | None) -> None:
    from realtime.recording.estimates import Estimates

    if arguments.masks is not None:
        raise SourceError(f"--masks {arguments.masks}: poses show no masks; track the video itself")
    estimates = Estimates(arguments.source, "openpose" if kind == "openpose" else "coco-wholebody",
                          arguments.fps or _DEFAULT_FPS, size)  # fmt: skip
    if estimates.note:
        sys.stderr.write(f"animirror: {estimates.note}; --size says otherwise\n")
    _record(arguments, estimates.header, iter(estimates), len(estimates))


def _record(
    arguments: argparse.Namespace,
    header: Header,
    moments: Iterator[Moment],
    expected: int | None,
    source: PictureSource | None = None,
) -> None:
    """Write moments with their controls, and say what was written."""
    from realtime.recording.masks import MaskWriter
    from realtime.recording.performing import Performing
    from realtime.recording.progress import Progress
    from realtime.recording.recording_file import writing
    from realtime.recording.whole_file import whole_folder

    performing = Performing(framing=arguments.framing)
    progress = Progress("frames", expected)
    seen: set[int] = set()
    count, last_s = 0, 0.0
    with contextlib.ExitStack() as stack:
        stack.callback(progress.close)
        masks = MaskWriter(stack.enter_context(whole_folder(arguments.masks))) if arguments.masks else None
        writer = stack.enter_context(writing(arguments.out, header))
        for moment in moments:
            writer.put(performing(moment))
            if masks is not None:
                masks.put(moment)
            seen.update(person.person_id for person in moment.people)
            count, last_s = count + 1, moment.time_s
            progress.step()
        skipped = writer.skipped = source.skipped if source is not None else 0
    people = f"{len(seen)} {'person' if len(seen) == 1 else 'people'}"
    sys.stdout.write(f"{arguments.out}: {count} frames, {last_s:.1f} s, {people}\n")
    if masks is not None:
        sys.stdout.write(f"{arguments.masks}: {masks.count} masks\n")
    if skipped:
        sys.stderr.write(
            f"animirror: {skipped} damaged {'picture was' if skipped == 1 else 'pictures were'} left out\n"
        )


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

    return MediaPipeTracker(
        people=arguments.people,
        pose_every=1,
        budget_ms=AT_LEISURE_MS,
        framing=arguments.framing,
        masks=arguments.masks is not None,
    )


def _export(arguments: argparse.Namespace) -> None:
    from realtime.recording.recording_file import read_recording

    _check_rate(arguments.fps)
    with _terminable():
        recording = read_recording(arguments.source)
        if recording.note:
            sys.stderr.write(f"animirror: {arguments.source.name}: {recording.note}\n")
        if arguments.format == "controls":
            _export_controls(recording, arguments)
        else:
            _export_points(recording, arguments)


def _export_points(recording: Recording, arguments: argparse.Namespace) -> None:
    from realtime.recording.coco_wholebody import write_coco_wholebody
    from realtime.recording.lowering import lowered
    from realtime.recording.openpose import write_openpose
    from realtime.recording.whole_file import whole_file, whole_folder

    frames = (lowered(moment, recording.header.image_size) for moment in recording.moments)
    name = Path(recording.header.source).stem or "recording"
    if arguments.format == "openpose":
        with whole_folder(arguments.out) as folder:
            count = write_openpose(frames, folder, name)
    else:
        with whole_file(arguments.out) as file:
            count = write_coco_wholebody(frames, file, name)
    sys.stdout.write(f"{arguments.out}: {count} frames\n")


def _export_controls(recording: Recording, arguments: argparse.Namespace) -> None:
    from engines.motion.clip import Clip, save_clip
    from realtime.recording.performing import controls_of

    person_id = arguments.person if arguments.person is not None else next(iter(recording.person_ids), -1)
    fps = arguments.fps or recording.header.fps
    vectors = controls_of(recording, person_id, fps, framing="full")
    save_clip(Clip(name=Path(recording.header.source).stem, fps=fps, controls=vectors), arguments.out)
    sys.stdout.write(f"{arguments.out}: {len(vectors)} frames of person {person_id}\n")


def _check_rate(fps: float | None) -> None:
    if fps is not None and not 0 < fps <= _MAX_FPS:
        raise SourceError(f"--fps {fps:g}: expected more than 0, up to {_MAX_FPS:g}")


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = _SIZE.fullmatch(text)
    if found is None or "0" in (found[1].lstrip("0") or "0", found[2].lstrip("0") or "0"):
        raise SourceError(f"--size {text}: expected width x height in pixels, e.g. 1280x720")
    return int(found[1]), int(found[2])


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
