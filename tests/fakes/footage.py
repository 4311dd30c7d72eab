"""Real people to look at: a portrait that anyone has, and clips that a clone may lack."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from realtime.frame import Frame

U8 = npt.NDArray[np.uint8]


def assets() -> Path:
    """Return where the clips are: `ANIMIRROR_ASSETS`, or `../shared/assets` beside the repository."""
    default = Path(__file__).parents[2] / "../shared/assets"
    return Path(os.environ.get("ANIMIRROR_ASSETS", default)).resolve()


def clip(name: str) -> list[U8]:
    """Return a clip's frames, uint8 (H, W, 3) RGB; skips the test where the clip is absent."""
    path = assets() / "footage" / name
    if not path.exists():
        pytest.skip(f"no footage at {path}; set ANIMIRROR_ASSETS to the folder that holds footage/")
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]


def portrait() -> U8:
    """Return NASA's portrait of Eileen Collins (public domain), uint8 (512, 512, 3) RGB, bundled with scikit-image."""
    data = pytest.importorskip("skimage.data", reason="scikit-image, which carries the portrait, is not installed")
    return np.asarray(data.astronaut(), np.uint8)


def moved(image: U8, *, roll_deg: float = 0.0, x_px: float = 0.0, y_px: float = 0.0, scale: float = 1.0) -> U8:
    """Return the picture turned (> 0: crown to picture left), shifted and scaled about its middle."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), roll_deg, scale)
    matrix[:, 2] += (x_px, y_px)
    turned = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def frame(image: U8, index: int = 0, rate_hz: int = 30) -> Frame:
    """Return a picture as the frame of that index."""
    return Frame(image=image, pts=index, time_base=Fraction(1, rate_hz), captured_s=index / rate_hz)
