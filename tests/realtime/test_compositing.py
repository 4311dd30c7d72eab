"""Compositing: the fast way against plain numpy, and the benchmark's marker."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.compositing import copy_marker, format_colour, over_colour, over_colour_reference, parse_colour


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (20, 130, 240)])
def test_over_colour_equals_its_reference_exactly(colour: tuple[int, int, int]) -> None:
    """Every alpha with every value gives what exact arithmetic gives, rounded."""
    alpha, value = np.mgrid[:256, :256].astype(np.uint8)
    rgba = np.stack([value, value[::-1], value[:, ::-1], alpha], axis=-1)
    np.testing.assert_array_equal(over_colour(rgba, colour), over_colour_reference(rgba, colour))


def test_over_colour_refuses_what_is_not_rgba() -> None:
    """The border says what it got and what it expected."""
    with pytest.raises(ValueError, match=r"got uint8 \(2, 2, 3\), expected uint8 \(H, W, 4\)"):
        over_colour(np.zeros((2, 2, 3), np.uint8), (0, 0, 0))


def test_colour_is_read_and_written_alike() -> None:
    """#rrggbb survives the way there and back."""
    assert parse_colour("#0a80fF") == (10, 128, 255)
    assert format_colour((10, 128, 255)) == "#0a80ff"
    for wrong in ("red", "#fff", "0a80ff0", "#gggggg"):
        with pytest.raises(ValueError, match=r"."):
            parse_colour(wrong)


def test_marker_is_stretched_to_the_pictures_width() -> None:
    """The left half of the camera's top rows becomes the left half of the picture's; the rest stays."""
    camera = np.zeros((48, 64, 3), np.uint8)
    camera[:8, :32] = 255
    picture = np.full((32, 32, 3), 7, np.uint8)
    copy_marker(camera, picture, 8)
    assert (picture[:8, :16] == 255).all()
    assert (picture[:8, 16:] == 0).all()
    assert (picture[8:] == 7).all()


def test_no_marker_leaves_the_picture_alone() -> None:
    """Nought rows are nought rows."""
    picture = np.full((4, 4, 3), 7, np.uint8)
    copy_marker(np.zeros((4, 4, 3), np.uint8), picture, 0)
    assert (picture == 7).all()
