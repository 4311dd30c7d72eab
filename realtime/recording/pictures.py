"""Pictures of a video, a gif, a folder or a single file, upright, with their times."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from realtime.errors import SourceError

U8 = npt.NDArray[np.uint8]

#: Still pictures; everything else goes to FFmpeg, also animated ones.
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"})
#: The rate of pictures that do not say their own.
DEFAULT_FPS = 30.0
#: Time stamps at least this far apart count as apart, seconds.
_MIN_STEP_S = 1e-4
_MICROSECONDS = 1_000_000
#: What a picture file that is damaged makes Pillow raise.
_PICTURE_ERRORS = (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedPicture:
    """A picture and when it was shown.

    Args:
        image: uint8 (H, W, 3), RGB, upright.
        time_s: seconds since the first picture.
    """

    image: U8
    time_s: float


class PictureSource:
    """Reads pictures one after the other; damaged ones are left out and counted.

    Args:
        path: a video, a gif, a folder of pictures, or a picture.
        fps: of a folder's pictures; videos say their own times.

    Raises:
        SourceError: there is nothing, or nothing that can be read.
    """

    def __init__(self, path: Path, fps: float | None = None) -> None:
        self.name = path.resolve().name
        self.skipped = 0
        self._path = path
        if not path.exists():
            raise SourceError(f"{path}: does not exist; give a video, a gif, a folder of pictures or a picture")
        self._files = _picture_files(path)
        self.fps = fps or DEFAULT_FPS
        self.expected: int | None = len(self._files) or None
        if not self._files:
            self._probe()

    def __iter__(self) -> Iterator[TimedPicture]:
        """Yield the pictures in order; their times grow.

        Raises:
            SourceError: the file cannot be opened, or none of its pictures can be read.
        """
        count = 0
        for picture in self._stills() if self._files else self._decoded():
            count += 1
            yield picture
        if count == 0:
            raise SourceError(f"{self.name}: holds no picture that can be read")

    def _stills(self) -> Iterator[TimedPicture]:
        for at, file in enumerate(self._files):
            try:
                with Image.open(file) as opened:
                    image = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"), np.uint8)
            except _PICTURE_ERRORS:
                self.skipped += 1
                continue
            yield TimedPicture(image=image, time_s=at / self.fps)

    def _probe(self) -> None:
        with self._open() as container:
            stream = container.streams.video[0]
            rate = stream.average_rate or stream.guessed_rate
            if rate and 0.001 <= rate <= 1000:
                self.fps = float(rate)
            self.expected = stream.frames or None
            if self.expected is None and container.duration:
                self.expected = max(1, round(container.duration / _MICROSECONDS * self.fps))

    def _decoded(self) -> Iterator[TimedPicture]:
        first_s: float | None = None
        last_s = -math.inf
        with self._open() as container:
            for decoded in self._frames(container):
                stamp_s = decoded.time
                if stamp_s is None:  # some formats stamp no frames: they come at an even rate
                    stamp_s = 0.0 if first_s is None else first_s + last_s + 1 / self.fps
                if first_s is None:
                    first_s = stamp_s
                time_s = stamp_s - first_s
                if time_s < last_s + _MIN_STEP_S:  # time stamps that stand still or go back, as after a bad cut
                    time_s = last_s + 1 / self.fps
                try:
                    image = upright(np.asarray(decoded.to_ndarray(format="rgb24"), np.uint8), decoded.rotation)
                except (av.FFmpegError, ValueError):
                    self.skipped += 1
                    continue
                last_s = time_s
                yield TimedPicture(image=image, time_s=time_s)

    def _frames(self, container: Any) -> Iterator[Any]:
        """Yield the decoder's frames; a packet that cannot be decoded costs its own frame only."""
        stream = container.streams.video[0]
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:  # the file ends in the middle of something
                self.skipped += 1
                return
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self.skipped += 1
                continue
            for frame in frames:
                if frame.is_corrupt:
                    self.skipped += 1
                else:
                    yield frame

    def _open(self) -> Any:
        try:
            container = av.open(str(self._path))
        except (av.FFmpegError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SourceError(f"{self.name}: is no video or picture that can be read ({reason})") from error
        if not container.streams.video:
            container.close()
            raise SourceError(f"{self.name}: holds no pictures, only sound or text")
        return container


def upright(image: U8, rotation_deg: int) -> U8:
    """Return a picture turned counterclockwise by quarter turns, as a phone's file asks of whoever shows it.

    Other angles than quarter turns are taken to the nearest.
    """
    return np.ascontiguousarray(np.rot90(image, round(rotation_deg / 90) % 4))


def exact_time(time_s: float) -> tuple[int, Fraction]:
    """Return a time as pts and time base."""
    return round(time_s * _MICROSECONDS), Fraction(1, _MICROSECONDS)


def _picture_files(path: Path) -> list[Path]:
    """Return a folder's pictures in natural order (2 before 10), or the picture itself; none for anything else."""
    if path.is_file():
        return [path] if path.suffix.lower() in PICTURE_SUFFIXES else []
    files = [file for file in path.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file()]
    if not files:
        raise SourceError(f"{path}: is a folder without pictures ({', '.join(sorted(PICTURE_SUFFIXES))})")
    return sorted(files, key=lambda file: [int(part) if part.isdigit() else part for part in _parts(file.name)])


def _parts(name: str) -> list[str]:
    return re.split(r"(\d+)", name.casefold())
