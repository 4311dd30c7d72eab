"""Writes rendered pictures to a file: PNG and WebM or MOV with alpha, MP4 over a background.

H.264 in MP4, which everything plays, has no alpha; VP9 in WebM (browsers, OBS) and ProRes 4444 in MOV (editors) have.
A file appears under its name when it is complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream
from PIL import Image

from engines.errors import FilmError

U8 = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

STILL_SUFFIX = ".png"
#: Suffix -> encoder, pixel format, its options.  CRF values are those that the encoders' guides call visually lossless.
_ENCODERS: dict[str, tuple[str, str, dict[str, str]]] = {
    ".mp4": ("libx264", "yuv420p", {"crf": "17", "preset": "medium"}),
    ".webm": ("libvpx-vp9", "yuva420p", {"crf": "24", "b:v": "0", "deadline": "good", "cpu-used": "4"}),
    ".mov": ("prores_ks", "yuva444p10le", {"profile": "4"}),
}
FILM_SUFFIXES = tuple(_ENCODERS)
#: Suffixes whose pictures are drawn over a background.
OPAQUE_SUFFIXES = (".mp4",)


def check_output(path: Path) -> None:
    """Raise FilmError unless pictures can be written to the path."""
    if path.suffix.lower() not in (STILL_SUFFIX, *FILM_SUFFIXES):
        raise FilmError(f"{path.name}: cannot write {path.suffix or 'this'}; choose .png, .webm, .mov or .mp4")
    if not path.parent.is_dir():
        raise FilmError(f"{path}: there is no folder {path.parent}; make it first")
    if path.is_dir():
        raise FilmError(f"{path}: is a folder; give a file name")


def write_still(path: Path, picture: U8) -> None:
    """Write straight-alpha RGBA, uint8 (H, W, 4), to a PNG file."""
    partial = path.with_name(f".{path.name}.part")
    try:
        Image.fromarray(picture).save(partial, format="PNG")
        partial.replace(path)
    except OSError as error:
        raise FilmError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        partial.unlink(missing_ok=True)


def write_film(path: Path, pictures: Iterable[U8], fps: float, background: Colour = (255, 255, 255)) -> int:
    """Write pictures to a video and return how many there were.

    Args:
        path: ``.webm`` or ``.mov`` keep alpha, ``.mp4`` does not.
        pictures: straight-alpha RGBA, uint8 (H, W, 4) each, all of one even size.
        fps: pictures per second.
        background: RGB, what is behind them in a file without alpha.

    Raises:
        FilmError: the file cannot be written, or there is no picture.
    """
    codec, pixel_format, options = _ENCODERS[path.suffix.lower()]
    partial = path.with_name(f".{path.stem}.part{path.suffix}")
    count = 0
    try:
        with av.open(str(partial), "w") as container:
            stream: VideoStream | None = None
            for picture in pictures:
                if stream is None:
                    rate = Fraction(fps).limit_denominator(1001)
                    stream = cast(VideoStream, container.add_stream(codec, rate=rate, options=options))
                    stream.height, stream.width = picture.shape[:2]
                    stream.pix_fmt = pixel_format
                shown = over(picture, background) if path.suffix.lower() in OPAQUE_SUFFIXES else picture
                frame = av.VideoFrame.from_ndarray(shown, format="rgb24" if shown.shape[2] == 3 else "rgba")
                container.mux(stream.encode(frame))
                count += 1
            if stream is not None:
                container.mux(stream.encode())
        if count == 0:
            raise FilmError(f"{path.name}: the clip has no frame; nothing was written")
        partial.replace(path)
    except OSError as error:  # PyAV's errors are OSErrors too
        raise FilmError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        partial.unlink(missing_ok=True)
    return count


def over(picture: U8, background: Colour) -> U8:
    """Return straight-alpha RGBA, (H, W, 4), over a colour, uint8 RGB (H, W, 3)."""
    alpha = picture[..., 3:].astype(np.uint16)
    mixed = picture[..., :3] * alpha + np.array(background, np.uint16) * (255 - alpha)
    return np.asarray((mixed + 127) // 255, np.uint8)
