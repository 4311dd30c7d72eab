"""Moving pictures of a person, for cameras that are not there.

Real footage where the clips are at hand (`ANIMIRROR_FOOTAGE` names the folder, else `../shared/assets/footage`); else
the NASA portrait that scikit-image carries, turned, moved and scaled, on which face and body tracking work.
"""

from __future__ import annotations

import os
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.rows import ROOT

U8 = npt.NDArray[np.uint8]

WIDTH_PX, HEIGHT_PX = 640, 480
JPEG_QUALITY = 92


def find_clip(name: str) -> Path | None:
    """Return a clip's path, e.g. of "gestures/yes.mkv", or None where the footage is not at hand."""
    folder = os.environ.get("ANIMIRROR_FOOTAGE")
    path = (Path(folder) if folder else ROOT.parent / "shared" / "assets" / "footage") / name
    return path if path.exists() else None


def person(length: int, clip: str = "gestures/yes.mkv") -> list[U8]:
    """Return pictures of a moving person.

    Args:
        length: how many pictures at 30 fps.
        clip: which footage to take where it is at hand; a shorter one is played forth and back.

    Returns:
        `length` pictures, uint8, (480, 640, 3), RGB.
    """
    path = find_clip(clip)
    pictures = read_clip(path, length) if path else warped_portrait(length)
    there_and_back = [*pictures, *pictures[-2:0:-1]]
    return [there_and_back[at % len(there_and_back)] for at in range(length)]


def read_clip(path: Path, length: int) -> list[U8]:
    """Return up to `length` pictures of a video file, each uint8, (480, 640, 3), RGB."""
    pictures: list[U8] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            picture = frame.to_ndarray(format="rgb24")
            pictures.append(np.asarray(cv2.resize(picture, (WIDTH_PX, HEIGHT_PX)), np.uint8))
            if len(pictures) == length:
                break
    return pictures


def warped_portrait(length: int) -> list[U8]:
    """Return the portrait nodding, leaning and coming closer, each uint8, (480, 640, 3), RGB."""
    from skimage.data import astronaut

    portrait = astronaut()  # (512, 512, 3)
    pictures: list[U8] = []
    for at in range(length):
        phase = 2 * np.pi * at / 60
        scale = 0.9 + 0.05 * np.sin(phase / 2)
        matrix = cv2.getRotationMatrix2D((224, 200), 8 * float(np.sin(phase)), float(scale))
        matrix[:, 2] += (96 + 30 * np.sin(phase / 3), 20 + 8 * np.sin(phase))
        warped = cv2.warpAffine(portrait, matrix, (WIDTH_PX, HEIGHT_PX), borderMode=cv2.BORDER_REPLICATE)
        pictures.append(np.asarray(warped, np.uint8))
    return pictures


def jpeg(picture: U8) -> bytes:
    """Return a picture as a JPEG file."""
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    assert done
    return data.tobytes()


def write_mjpeg(path: Path, pictures: list[U8]) -> Path:
    """Write pictures as the kind of file that Chromium takes for a camera, and return its path."""
    path.write_bytes(b"".join(jpeg(picture) for picture in pictures))
    return path
