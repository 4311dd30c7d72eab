"""Writing pictures to files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.video.codeccontext import VideoCodecContext
from PIL import Image

from engines.errors import FilmError
from engines.studio.film import check_output, over, write_film, write_still

U8 = npt.NDArray[np.uint8]


def _pictures(count: int) -> Iterator[U8]:
    """Yield a half transparent red square that moves over nothing."""
    for index in range(count):
        picture = np.zeros((64, 96, 4), np.uint8)
        picture[16:48, 8 + 8 * index : 40 + 8 * index] = (255, 0, 0, 255)
        yield picture


def _decoded(path: Path, codec: str | None = None) -> list[U8]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        decoder = stream.codec_context
        if codec is not None:  # the default decoder of VP9 leaves the alpha channel out
            decoder = cast(VideoCodecContext, av.CodecContext.create(codec, "r"))
        frames = [frame for packet in container.demux(stream) for frame in decoder.decode(packet)]
    return [np.asarray(frame.to_ndarray(format="rgba"), np.uint8) for frame in frames]


def test_write_still_png_gives_back_the_pixels(tmp_path: Path) -> None:
    """A PNG holds the very RGBA values."""
    picture = next(_pictures(1))
    write_still(tmp_path / "a.png", picture)
    assert np.array_equal(np.array(Image.open(tmp_path / "a.png")), picture)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(("suffix", "codec"), [(".webm", "libvpx-vp9"), (".mov", None)])
def test_write_film_keeps_transparency(tmp_path: Path, suffix: str, codec: str | None) -> None:
    """WebM and MOV have every frame, opaque where the figure is and empty beside it."""
    path = tmp_path / f"a{suffix}"
    assert write_film(path, _pictures(6), 30.0) == 6
    frames = _decoded(path, codec)
    assert len(frames) == 6
    for index, frame in enumerate(frames):
        inside, outside = frame[32, 24 + 8 * index].astype(int), frame[4, 4]
        assert inside[3] > 245
        assert inside[0] > 200
        assert inside[2] < 60
        assert outside[3] < 10


def test_write_film_mp4_draws_over_the_background(tmp_path: Path) -> None:
    """An MP4 has the chosen colour where the figure is not."""
    path = tmp_path / "a.mp4"
    write_film(path, _pictures(3), 25.0, background=(0, 128, 255))
    frames = _decoded(path)
    assert len(frames) == 3
    np.testing.assert_allclose(frames[0][4, 4, :3].astype(int), (0, 128, 255), atol=14)


def test_write_film_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """When the pictures end in an error, neither the file nor its part is there."""

    def broken() -> Iterator[U8]:
        yield from _pictures(2)
        raise RuntimeError("the renderer broke")

    with pytest.raises(RuntimeError, match="broke"):
        write_film(tmp_path / "a.webm", broken(), 30.0)
    with pytest.raises(FilmError, match="no frame"):
        write_film(tmp_path / "a.mp4", iter(()), 30.0)
    assert not list(tmp_path.iterdir())


def test_write_film_keeps_the_old_file_when_it_fails(tmp_path: Path) -> None:
    """A film that was there before is not lost to one that cannot be made."""
    path = tmp_path / "a.mp4"
    write_film(path, _pictures(2), 25.0)
    before = path.read_bytes()
    with pytest.raises(FilmError):
        write_film(path, iter(()), 25.0)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "message"), [("a.gif", r"choose \.png"), ("nowhere/a.png", "make it first"), ("a", "cannot write this")]
)
def test_check_output_says_what_to_do(tmp_path: Path, name: str, message: str) -> None:
    """Files that cannot be written are refused before any work."""
    with pytest.raises(FilmError, match=message):
        check_output(tmp_path / name)


def test_over_mixes_by_alpha() -> None:
    """Half transparent black over white is grey."""
    picture = np.array([[[0, 0, 0, 128], [10, 20, 30, 255], [9, 9, 9, 0]]], np.uint8)
    assert over(picture, (255, 255, 255)).tolist() == [[[127, 127, 127], [10, 20, 30], [255, 255, 255]]]
