"""Pictures of videos and folders: upright, with their own times, without the damaged ones."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from realtime.errors import SourceError
from realtime.recording.pictures import PictureSource, upright

U8 = npt.NDArray[np.uint8]


def _picture(level: int, width: int = 64, height: int = 48) -> U8:
    return np.full((height, width, 3), level, np.uint8)


def _video(
    path: Path, times_ms: list[int], *, with_sound: bool = False, codec: Literal["mpeg4", "mjpeg"] = "mpeg4"
) -> Path:
    """Write pictures that get brighter, at these times."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        sound = container.add_stream("aac", rate=44100) if with_sound else None
        for at, time_ms in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(_picture(20 + 10 * at), format="rgb24")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            silence.sample_rate = 44100
            container.mux(sound.encode(silence))
            container.mux(sound.encode(None))
    return path


def _levels(source: PictureSource) -> list[int]:
    return [int(picture.image.mean()) for picture in source]


def test_uneven_frames_keep_their_times(tmp_path: Path) -> None:
    """A variable frame rate is told by the time stamps, counted from the first; sound does not matter."""
    path = _video(tmp_path / "a.mkv", [400, 433, 500, 900, 933], with_sound=True)
    times = [picture.time_s for picture in PictureSource(path)]
    assert times == pytest.approx([0.0, 0.033, 0.1, 0.5, 0.533], abs=2e-3)


def test_animated_gif_is_a_video(tmp_path: Path) -> None:
    """Its delays are its times."""
    frames = [Image.fromarray(_picture(level)) for level in (20, 120, 220)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=[100, 300, 100])
    source = PictureSource(tmp_path / "a.gif")
    times = [picture.time_s for picture in source]
    assert times == pytest.approx([0.0, 0.1, 0.4], abs=0.011)
    assert source.name == "a.gif"


def test_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    """Picture 2 comes before picture 10, at the rate that was asked for; other files are passed over."""
    for number in (10, 2, 1):
        Image.fromarray(_picture(number * 10)).save(tmp_path / f"frame{number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    source = PictureSource(tmp_path, fps=10)
    pictures = list(source)
    assert [int(picture.image.mean()) for picture in pictures] == [10, 20, 100]
    assert [picture.time_s for picture in pictures] == pytest.approx([0.0, 0.1, 0.2])


def test_damaged_picture_in_a_folder_is_left_out_and_counted(tmp_path: Path) -> None:
    """The others keep their times."""
    for number in range(3):
        Image.fromarray(_picture(50)).save(tmp_path / f"{number}.png")
    (tmp_path / "1.png").write_bytes((tmp_path / "1.png").read_bytes()[:40])
    source = PictureSource(tmp_path, fps=10)
    assert [picture.time_s for picture in source] == pytest.approx([0.0, 0.2])
    assert source.skipped == 1


def test_damaged_frame_in_a_video_is_left_out_and_counted(tmp_path: Path) -> None:
    """A video with a hole goes on behind it."""
    path = _video(tmp_path / "a.mkv", [at * 33 for at in range(30)], codec="mjpeg")
    whole = len(_levels(PictureSource(path)))
    data = bytearray(path.read_bytes())
    starts = [at for at in range(len(data) - 3) if data[at : at + 3] == b"\xff\xd8\xff"]
    data[starts[12] : starts[13] - 30] = bytes(starts[13] - 30 - starts[12])
    path.write_bytes(data)
    source = PictureSource(path)
    assert len(_levels(source)) == whole - 1
    assert source.skipped == 1


def test_truncated_video_gives_what_is_there(tmp_path: Path) -> None:
    """Half a file is half a film."""
    path = _video(tmp_path / "a.mkv", [at * 33 for at in range(30)], codec="mjpeg")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 5 < len(_levels(PictureSource(path))) < 25


def test_photograph_of_a_turned_camera_stands_upright(tmp_path: Path) -> None:
    """The orientation in a photograph's notes is obeyed."""
    image = _picture(0)
    image[:10] = 255  # bright on top
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    Image.fromarray(np.rot90(image).copy()).save(tmp_path / "a.png", exif=exif)
    (picture,) = PictureSource(tmp_path / "a.png")
    assert picture.image.shape == (48, 64, 3)
    assert picture.image[:8].mean() > 250 and picture.image[12:].mean() < 5


def test_video_of_a_turned_phone_stands_upright(tmp_path: Path) -> None:
    """The matrix in an MP4's track header is obeyed: here, shown turned clockwise by a quarter."""
    path = tmp_path / "a.mp4"
    image = _picture(0)
    image[:, :12] = 255  # bright on the left, which a turn clockwise brings to the top
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    one, w = 1 << 16, 1 << 30
    straight = struct.pack(">9i", one, 0, 0, 0, one, 0, 0, 0, w)
    turned = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, w)
    data = path.read_bytes()
    at = data.index(straight, data.index(b"tkhd"))
    path.write_bytes(data[:at] + turned + data[at + len(turned) :])
    pictures = list(PictureSource(path))
    assert len(pictures) == 3 and pictures[0].image.shape == (64, 48, 3)
    assert pictures[0].image[:8].mean() > 200 and pictures[0].image[20:].mean() < 30


def test_turned_frames_are_set_upright() -> None:
    """Quarter turns counterclockwise, as a display matrix counts them."""
    image = _picture(0)
    image[:, -5:] = 255  # bright on the right
    assert upright(image, 90)[:5].min() == 255, "the right side goes up"
    assert upright(image, -90)[-5:].min() == 255
    assert upright(image, 180)[:, :5].min() == 255
    assert upright(image, 0) is not None and upright(image, -180).shape == image.shape


@pytest.mark.parametrize("name", ["none.mp4", "text.mp4", "empty", "sound.mka", "broken.png"])
def test_nothing_to_see_is_an_error_in_words(tmp_path: Path, name: str) -> None:
    """The message names what was given."""
    path = tmp_path / name
    if name == "empty":
        path.mkdir()
    elif name == "sound.mka":
        with av.open(str(path), "w") as container:
            sound = container.add_stream("aac", rate=44100)
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            silence.sample_rate = 44100
            container.mux(sound.encode(silence))
            container.mux(sound.encode(None))
    elif name != "none.mp4":
        path.write_text("this is no picture")
    with pytest.raises(SourceError, match=name):
        list(PictureSource(path))
