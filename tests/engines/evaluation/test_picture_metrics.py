"""Figures of pictures: right against scikit-image, exact in simple cases."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from engines.evaluation.picture_metrics import MOST_PSNR, PictureMaps, alpha_figures, edges, ssim_map

U8 = npt.NDArray[np.uint8]


@pytest.fixture
def pair() -> tuple[U8, U8]:
    """Return a picture of blocks, and the same with noise."""
    random = np.random.default_rng(0)
    blocks = random.integers(0, 256, (8, 8, 3)).repeat(8, axis=0).repeat(8, axis=1)
    noisy = np.clip(blocks + random.normal(0, 12, blocks.shape), 0, 255)
    return noisy.astype(np.uint8), blocks.astype(np.uint8)


def test_psnr_and_ssim_of_whole_pictures_agree_with_scikit_image(pair: tuple[U8, U8]) -> None:
    """The fast maps give what the slow twin gives."""
    got, true = pair
    figures = PictureMaps.of(got, true).figures()
    assert figures["psnr"] == pytest.approx(peak_signal_noise_ratio(true, got), abs=1e-3)
    assert figures["ssim"] == pytest.approx(structural_similarity(true, got, channel_axis=2), abs=1e-4)


def test_ssim_map_agrees_with_scikit_image_at_every_pixel(pair: tuple[U8, U8]) -> None:
    """Also at the borders, which are reflected."""
    got, true = pair
    _, slow = structural_similarity(true, got, channel_axis=2, full=True)
    assert ssim_map(got, true) == pytest.approx(slow.mean(axis=2), abs=2e-4)


def test_equal_pictures_have_no_error(pair: tuple[U8, U8]) -> None:
    """PSNR has an end, so that means stay numbers."""
    figures = PictureMaps.of(pair[1], pair[1]).figures()
    assert figures == pytest.approx({"psnr": MOST_PSNR, "ssim": 1.0, "edge_error": 0.0, "sharpness": 1.0}, abs=1e-6)


def test_a_region_counts_only_its_pixels(pair: tuple[U8, U8]) -> None:
    """An error outside of the region changes nothing but SSIM's windows at its border."""
    _, true = pair
    got = true.copy()
    got[:, 40:] = 0
    mask = np.zeros(true.shape[:2], np.bool_)
    mask[:, :30] = True
    maps = PictureMaps.of(got, true)
    assert maps.figures(mask)["psnr"] == MOST_PSNR
    assert maps.figures(mask)["ssim"] == pytest.approx(1.0, abs=1e-4)
    assert maps.figures(~mask)["psnr"] < 20


def test_edge_error_of_a_flat_picture_is_one_and_its_sharpness_none(pair: tuple[U8, U8]) -> None:
    """Where all edges are lost, the lost ones are all of the render's."""
    flat = np.full_like(pair[1], 128)
    figures = PictureMaps.of(flat, pair[1]).figures()
    assert figures["edge_error"] == pytest.approx(1.0)
    assert figures["sharpness"] == pytest.approx(0.0)


def test_edges_of_a_ramp_are_its_slope() -> None:
    """A grey level per pixel is a gradient of one."""
    ramp = np.tile(np.arange(0, 64, dtype=np.uint8), (64, 1))
    assert edges(np.dstack([ramp] * 3))[5:-5, 5:-5] == pytest.approx(1.0, abs=1e-4)


def test_pictures_of_different_sizes_are_refused(pair: tuple[U8, U8]) -> None:
    """The message says what came and what was expected."""
    with pytest.raises(ValueError, match=r"got shapes .* expected the same"):
        PictureMaps.of(pair[0][:32], pair[1])


def test_veil_and_missing_alpha_are_told_apart() -> None:
    """A veil is alpha away from the figure; what is missing lies inside."""
    true = np.zeros((128, 128), np.uint8)
    true[32:96, 32:96] = 255
    assert alpha_figures(true, true) == {"alpha_error": 0.0, "veil": 0.0, "missing": 0.0}
    veiled = np.where(true == 0, 51, true).astype(np.uint8)
    assert alpha_figures(veiled, true)["veil"] == pytest.approx(0.2)
    assert alpha_figures(veiled, true)["missing"] == 0
    thin = np.where(true == 255, 204, true).astype(np.uint8)
    assert alpha_figures(thin, true)["missing"] == pytest.approx(0.2)
    assert alpha_figures(thin, true)["veil"] == 0


def test_alpha_at_the_border_is_neither_veil_nor_missing() -> None:
    """An outline that is a pixel off counts as alpha error only."""
    true = np.zeros((128, 128), np.uint8)
    true[32:96, 32:96] = 255
    moved = np.roll(true, 1, axis=1)
    figures = alpha_figures(moved, true)
    assert figures["veil"] == figures["missing"] == 0
    assert figures["alpha_error"] > 0


def test_veil_of_a_full_picture_is_unknown() -> None:
    """Where the render has no empty place, there is nothing to say."""
    full = np.full((64, 64), 255, np.uint8)
    assert np.isnan(alpha_figures(full, full)["veil"])
