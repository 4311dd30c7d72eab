"""Golden pictures: PNG files with a tolerance."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

U8 = npt.NDArray[np.uint8]


def assert_golden(picture: U8, golden: Path, failures: Path, *, mean: float = 0.5, outliers: float = 0.01) -> None:
    """Assert that `picture`, uint8 (H, W, 4), matches the PNG at `golden`.

    With ``ANIMIRROR_GOLDEN=write`` in the environment the file is written instead.

    Args:
        picture: what was drawn.
        golden: what was drawn when somebody looked at it.
        failures: folder that gets actual, difference and side by side when they do not match.
        mean: largest mean absolute difference, of 255.
        outliers: largest share of pixels that differ by more than 32: rasterisers disagree along edges.
    """
    if os.environ.get("ANIMIRROR_GOLDEN") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(golden)
    expected = np.array(Image.open(golden).convert("RGBA"))
    assert picture.shape == expected.shape, f"{golden.name}: got {picture.shape}, expected {expected.shape}"
    difference = np.abs(picture.astype(np.int16) - expected)
    share = float((difference.max(axis=2) > 32).mean())
    if difference.mean() <= mean and share <= outliers:
        return
    failures.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(failures / f"{golden.stem}_actual.png")
    bright = np.minimum(difference[:, :, :3] * 4, 255).astype(np.uint8)
    Image.fromarray(bright).save(failures / f"{golden.stem}_difference.png")
    side_by_side = np.concatenate([expected[:, :, :3], picture[:, :, :3], bright], axis=1)
    Image.fromarray(side_by_side).save(failures / f"{golden.stem}_side_by_side.png")
    raise AssertionError(f"{golden.name}: mean {difference.mean():.2f}, {share:.2%} outliers; pictures in {failures}")
