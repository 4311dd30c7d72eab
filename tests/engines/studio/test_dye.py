"""Dyes: the map from old colours to new ones."""

from __future__ import annotations

import numpy as np
import pytest

from engines.studio.colour import lab_of_lch, to_lab
from engines.studio.dye import Dye, Kind, dyed_image, dyed_rgb


def _lab(lightness: float, chroma: float, hue: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(lab_of_lch(lightness, chroma, hue), np.float32)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_main_colour_becomes_the_target(kind: Kind) -> None:
    """Whatever is dyed, its main colour arrives."""
    source, target = _lab(70, 20, 60), _lab(45, 26, 56)
    np.testing.assert_allclose(Dye(source=source, target=target, kind=kind)(source[None])[0], target, atol=0.5)


@pytest.mark.parametrize("lightness", [12.0, 50.0, 91.0])
@pytest.mark.parametrize("kind", [Kind.HAIR, Kind.CLOTH, Kind.IRIS])
def test_what_was_lighter_stays_lighter(lightness: float, kind: Kind) -> None:
    """Shading keeps its order at every target: nothing is cut off."""
    ramp = np.stack([np.linspace(1, 99, 60), np.zeros(60), np.zeros(60)], axis=1).astype(np.float32)
    dyed = Dye(source=_lab(60, 0, 0), target=_lab(lightness, 20, 250), kind=kind)(ramp)
    assert (np.diff(dyed[:, 0]) > 0).all()


def test_pupil_and_highlight_of_an_iris_stay() -> None:
    """Black and white take no colour."""
    dye = Dye(source=_lab(40, 40, 270), target=_lab(60, 60, 30), kind=Kind.IRIS)
    black, white = dyed_rgb(dye, [[0.02, 0.02, 0.02], [1.0, 1.0, 1.0]])
    assert black.max() < 0.12
    assert white.min() > 0.9


def test_lips_stay_redder_and_darker_than_dark_skin() -> None:
    """Skin moves as a whole."""
    skin, lips = _lab(90, 14, 60), _lab(70, 32, 35)
    dye = Dye(source=skin, target=_lab(45, 26, 56), kind=Kind.SKIN)
    new_skin, new_lips = dye(np.stack([skin, lips]))
    assert new_lips[0] < new_skin[0] - 5
    assert new_lips[1] > new_skin[1] + 5


def test_a_sign_painted_on_skin_keeps_its_colour() -> None:
    """Blue lines on a face are no skin."""
    line = _lab(60, 40, 200)[None]
    dye = Dye(source=_lab(90, 14, 60), target=_lab(45, 26, 56), kind=Kind.SKIN)
    np.testing.assert_allclose(dye(line), line, atol=0.1)


def test_a_bright_streak_in_grey_hair_keeps_its_colour() -> None:
    """On a grey main colour, strong colours are accents."""
    streak = _lab(85, 80, 110)[None]
    dye = Dye(source=_lab(77, 3, 250), target=_lab(70, 40, 355), kind=Kind.HAIR)
    np.testing.assert_allclose(dye(streak), streak, atol=0.1)


def test_a_dyed_image_is_what_its_colours_become() -> None:
    """The interpolated table is near the map itself (four steps, but for the gamut's edges); alpha stays."""
    rng = np.random.default_rng(2)
    image = np.concatenate([rng.integers(90, 250, (16, 16, 3)), np.full((16, 16, 1), 77)], axis=2).astype(np.uint8)
    dye = Dye(source=_lab(60, 20, 60), target=_lab(45, 40, 280))
    dyed = dyed_image(dye, image, (0.9, 1.0, 0.8))
    exact = dyed_rgb(dye, image[:, :, :3] / 255 * np.array([0.9, 1.0, 0.8])) * 255
    off = np.abs(dyed[:, :, :3] - exact)
    assert np.quantile(off, 0.9) < 4
    assert off.mean() < 1
    assert (dyed[:, :, 3] == 77).all()


def test_gain_in_chroma_is_added_where_the_source_has_none() -> None:
    """White cloth becomes red, its white highlights stay lighter and paler."""
    dye = Dye(source=_lab(90, 2, 90), target=_lab(45, 50, 30))
    cloth, highlight = dye(to_lab([[0.886, 0.886, 0.87], [1.0, 1.0, 1.0]]))
    assert np.hypot(*cloth[1:]) == pytest.approx(50, abs=6)
    assert highlight[0] > cloth[0]
    assert np.hypot(*highlight[1:]) < np.hypot(*cloth[1:])
