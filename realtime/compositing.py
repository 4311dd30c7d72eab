"""Puts a drawn character over a background."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]


def parse_colour(text: str) -> Colour:
    """Return (red, green, blue), 0-255, of "#rrggbb".

    Raises:
        ValueError: it is not written like that.
    """
    if len(text) != 7 or text[0] != "#":
        raise ValueError(f"colour: got {text!r}, expected #rrggbb")
    value = int(text[1:], 16)
    return value >> 16, value >> 8 & 255, value & 255


def format_colour(colour: Colour) -> str:
    """Return "#rrggbb"."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def over_colour_reference(rgba: U8, colour: Colour) -> U8:
    """Return straight-alpha RGBA over a colour, in plain numpy: the oracle of `over_colour`.

    Source: Porter and Duff, Compositing Digital Images, 1984: "over" with an opaque background.
    """
    alpha = rgba[..., 3:].astype(np.float64) / 255
    mixed = rgba[..., :3] * alpha + np.array(colour, np.float64) * (1 - alpha)
    return np.rint(mixed).astype(np.uint8)


def over_colour(rgba: U8, colour: Colour) -> U8:
    """Return a picture over a colour: uint8, (H, W, 3), RGB.

    Args:
        rgba: uint8, (H, W, 4), straight-alpha RGBA, 0-255.
        colour: red, green, blue, 0-255.
    """
    if rgba.dtype != np.uint8 or rgba.ndim != 3 or rgba.shape[2] != 4:
        raise ValueError(f"picture: got {rgba.dtype} {rgba.shape}, expected uint8 (H, W, 4)")
    alpha = cv2.cvtColor(cv2.extractChannel(rgba, 3), cv2.COLOR_GRAY2RGB)  # (H, W, 3)
    front = cv2.multiply(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB), alpha, dtype=cv2.CV_16U)
    # What the background adds at each alpha, plus the half that rounds: at most 255 * 255 + 128, so 16 bits hold it.
    share = (255 - np.arange(256, dtype=np.uint16))[:, None, None] * np.array(colour, np.uint16) + np.uint16(128)
    mixed = np.asarray(cv2.add(front, cv2.LUT(alpha, share)), np.uint16)
    # Division by 255, exact for 16 bits.  Source: J. Blinn, Three Wrongs Make a Right, IEEE CG&A 15 (6), 1995.
    byte = np.uint16(8)
    return ((mixed + (mixed >> byte)) >> byte).astype(np.uint8)


def copy_marker(camera: U8, picture: U8, rows_px: int) -> None:
    """Copy the top rows of the camera frame into the picture, stretched to its width.

    The latency benchmark paints a frame counter there and reads it back out of the answer.

    Args:
        camera: uint8, (H, W, 3).
        picture: uint8, (h, w, 3); changed in place.
        rows_px: how many rows, the same number in both.
    """
    rows = min(rows_px, camera.shape[0], picture.shape[0])
    if rows:
        strip = cv2.resize(camera[:rows], (picture.shape[1], rows), interpolation=cv2.INTER_NEAREST)
        picture[:rows] = strip
