"""Spread, density and coverage of sampled characters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from engines.errors import DatasetError
from engines.evaluation.coverage import coarse_colours, sampled_pictures, spread_figures
from engines.evaluation.reading import READ_PX

F32 = npt.NDArray[np.float32]


def cloud(count: int, centre: float = 0.0, width: float = 1.0, seed: int = 0) -> F32:
    """Return features about a centre, (count, 4)."""
    return (np.random.default_rng(seed).normal(size=(count, 4)) * width + centre).astype(np.float32)


def test_samples_of_the_same_distribution_cover_it() -> None:
    """Density and coverage near one, as in the paper."""
    figures = spread_figures(cloud(300, seed=1), cloud(300))
    assert figures["density"] == pytest.approx(1, abs=0.25)
    assert figures["coverage"] > 0.9
    assert figures["apart"] == pytest.approx(1, abs=0.1)


def test_one_character_over_and_over_covers_little() -> None:
    """Samples that are all alike lie close together and reach few renders."""
    figures = spread_figures(cloud(300, width=0.01, seed=1), cloud(300))
    assert figures["coverage"] < 0.2
    assert figures["apart"] < 0.05


def test_copies_are_near_and_strangers_far() -> None:
    """A copy has no distance to a render; who is elsewhere has no density."""
    renders = cloud(100)
    assert spread_figures(renders, renders)["nearest"] == pytest.approx(0, abs=1e-6)
    strangers = spread_figures(cloud(100, centre=50), renders)
    assert strangers["nearest"] > 10
    assert strangers["density"] == strangers["coverage"] == 0


def test_few_pictures_say_nothing() -> None:
    """All figures are unknown then."""
    assert all(np.isnan(value) for value in spread_figures(cloud(1), cloud(5)).values())


def test_sampled_pictures_come_in_order_of_names(tmp_path: Path) -> None:
    """PNG and WebP, with or without alpha, at the regressor's size."""
    for name, shade in (("b.png", 200), ("a.webp", 50)):
        Image.fromarray(np.full((32, 32, 3), shade, np.uint8)).save(tmp_path / name, lossless=True)
    found = sampled_pictures(tmp_path)
    assert found.shape == (2, READ_PX, READ_PX, 4)
    assert found[0, 0, 0, 0] == 50
    assert coarse_colours(found).shape == (2, 192)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    """So is a file that is no picture."""
    with pytest.raises(DatasetError, match=r"holds no \.png or \.webp"):
        sampled_pictures(tmp_path)
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"a\.png: cannot be read"):
        sampled_pictures(tmp_path)
