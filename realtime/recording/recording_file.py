"""Recordings as files: one JSON document with a line for each frame.

    {"format": "animirror-recording", "version": 1, ..., "frames": [
    {"time_s": 0.0, "people": [...]},
    {"time_s": 0.033, "people": [...]}
    ], "count": 2, "skipped": 0}

Any JSON reader takes the file whole; a reader of lines needs memory for one frame only.  Files that somebody else has
laid out anew are read as well.  A name that ends with .gz is compressed.  docs/recordings.md describes each field.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TextIO

from engines.controls import NAMES, spec_hash
from realtime.errors import SourceError
from realtime.recording.frame_line import FrameDecoder, FrameEncoder, mapping, number, picture_size, whole_number
from realtime.recording.recording import Header, Moment, Recording
from realtime.recording.whole_file import whole_file

FORMAT, VERSION = "animirror-recording", 1
#: A frame of 64 people is 1 MB.
_MAX_LINE = 4 * 2**20
#: A file that was laid out anew is taken whole, up to this size, bytes.
_MAX_WHOLE = 512 * 2**20
_MAX_FRAMES = 10_000_000
_FRAMES_OPEN = '"frames": ['
_MAX_FPS = 1000.0


class RecordingWriter:
    """Writes moments as they come; made by :func:`writing`."""

    def __init__(self, file: TextIO, header: Header) -> None:
        self._file = file
        self._encode = FrameEncoder(header.image_size)
        self._count = 0
        self.skipped = 0
        opening = {
            "format": FORMAT,
            "version": VERSION,
            "spec_hash": spec_hash(),
            "controls": list(NAMES),
            "source": header.source,
            "image_size": list(header.image_size),
            "fps": round(header.fps, 4),
            "tracker": dict(header.tracker),
        }
        file.write(f"{_compact(opening)[:-1]}, {_FRAMES_OPEN}\n")

    def put(self, moment: Moment) -> None:
        """Write the next moment."""
        self._file.write(",\n" if self._count else "")
        self._file.write(_compact(self._encode(moment)))
        self._count += 1

    def end(self) -> None:
        """Write what tells a whole file from a truncated one."""
        self._file.write(f'\n], "count": {self._count}, "skipped": {self.skipped}}}\n')


@contextlib.contextmanager
def writing(path: Path, header: Header) -> Iterator[RecordingWriter]:
    """Open a recording to write; the file appears when the block ends well.

    Raises:
        SinkError: the file cannot be written.
    """
    with whole_file(path) as file:
        writer = RecordingWriter(file, header)
        yield writer
        writer.end()


def save_recording(recording: Recording, path: Path) -> None:
    """Write a recording, whole or not at all.

    Raises:
        SinkError: the file cannot be written.
    """
    with writing(path, recording.header) as writer:
        writer.skipped = recording.skipped
        for moment in recording.moments:
            writer.put(moment)


def read_recording(path: Path) -> Recording:
    """Return the recording in a file, checked.

    Controls that were made for another control spec are left out, and `note` says so:
    `realtime.recording.performing.with_controls` makes them anew from the observations.

    Raises:
        SourceError: the file is missing, truncated, damaged, of another version, or no recording.
    """
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            data: IO[bytes] = gzip.GzipFile(fileobj=plain) if packed else plain  # type: ignore[assignment]
            with data, io.TextIOWrapper(data, encoding="utf-8") as file:
                return _read(file)
    except SourceError as error:
        raise SourceError(f"{path.name}: {error}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(f"{path.name}: is truncated or damaged ({error}); record it again") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path.name}: is no text, so no recording; give what `animirror track` writes") from error
    except OSError as error:
        raise SourceError(f"{path.name}: cannot be read: {error.strerror or error}") from error


def _read(file: TextIO) -> Recording:
    first = file.readline(_MAX_LINE)
    if not first.rstrip().endswith(_FRAMES_OPEN):
        return _read_whole(first, file)
    opening = mapping(_parsed(f"{first.rstrip()}]}}", 1), "the first line")
    header, note = _header(opening)
    decode = FrameDecoder(header.image_size, with_controls=not note)
    moments: list[Moment] = []
    for at, line in enumerate(iter(lambda: file.readline(_MAX_LINE), ""), start=2):
        text = line.strip()
        if text.startswith("]"):
            closing = mapping(_parsed("{" + text[1:].lstrip().removeprefix(","), at), "the last line")
            if file.readline(_MAX_LINE).strip():  # also lets a compressed file check its sum
                raise SourceError(f"line {at + 1}: goes on after its end; it is damaged, record it again")
            return _recording(header, moments, closing, note)
        if text:
            with _place(f"line {at}"):
                moments.append(decode(_parsed(text.removesuffix(","), at)))
    raise SourceError(f"is truncated after {len(moments)} frames; record it again")


def _read_whole(first: str, file: TextIO) -> Recording:
    if not first.lstrip().startswith("{"):
        raise SourceError("is no recording; give what `animirror track` writes")
    text = first + file.read(_MAX_WHOLE)
    if len(text) > _MAX_WHOLE:
        raise SourceError(f"is larger than {_MAX_WHOLE >> 20} MB without a line for each frame")
    document = mapping(_parsed(text, 1), "the file")
    header, note = _header(document)
    decode = FrameDecoder(header.image_size, with_controls=not note)
    frames = document.get("frames")
    if not isinstance(frames, list):
        raise SourceError("frames: expected a list")
    moments = []
    for at, frame in enumerate(frames, start=1):
        with _place(f"frame {at}"):
            moments.append(decode(frame))
    return _recording(header, moments, document, note)


def _header(opening: Mapping[str, Any]) -> tuple[Header, str]:
    """Return the header, and why the controls cannot be used or ""."""
    if opening.get("format") != FORMAT:
        raise SourceError(f"is no recording: its format is not {FORMAT!r}; give what `animirror track` writes")
    if opening.get("version") != VERSION:
        got = str(opening.get("version"))[:20]
        raise SourceError(f"is a recording of version {got}, this program reads version {VERSION}; record it again")
    tracker = mapping(opening.get("tracker", {}), "tracker")
    header = Header(
        source=str(opening.get("source", ""))[:255],
        image_size=picture_size(opening.get("image_size")),
        fps=number(opening.get("fps"), "fps", 0.001, _MAX_FPS),
        tracker={str(name): str(value) for name, value in tracker.items()},
    )
    got = str(opening.get("spec_hash"))[:20]
    if got == spec_hash():
        return header, ""
    return header, f"its controls are for spec {got}, not {spec_hash()}, and are made anew from the observations"


def _recording(header: Header, moments: list[Moment], closing: Mapping[str, Any], note: str) -> Recording:
    if not moments:
        raise SourceError("holds no frames")
    count = whole_number(closing.get("count", len(moments)), "count", 0, _MAX_FRAMES)
    if count != len(moments):
        raise SourceError(f"holds {len(moments)} frames and says {count}; it is damaged, record it again")
    skipped = whole_number(closing.get("skipped", 0), "skipped", 0, _MAX_FRAMES)
    return Recording(header=header, moments=tuple(moments), skipped=skipped, note=note)


def _parsed(text: str, line: int) -> object:
    try:
        return json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError) as error:  # JSONDecodeError is a ValueError
        if "NaN" in str(error) or "Infinity" in str(error):
            raise SourceError(f"line {line}: {error}") from error
        if len(text) >= _MAX_LINE:
            raise SourceError(f"line {line}: is longer than {_MAX_LINE >> 20} MB") from error
        raise SourceError(f"line {line}: is truncated or not JSON ({error})") from error


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no measurement; every number must be finite")


@contextlib.contextmanager
def _place(where: str) -> Iterator[None]:
    try:
        yield
    except SourceError as error:
        text = str(error)
        raise SourceError(text if text.startswith("line") else f"{where}: {text}") from None


def _compact(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))
