"""The map from old colours to new ones: it moves the main colour to its target and keeps everything's relations.

In CIELAB, a colour keeps its distance to the main colour in lightness (a little less where the new colour is
darker, a little more where it is lighter), is turned by as much in hue, and keeps its share of the chroma.  So
shading, highlights, outlines and lips stay what they are to each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from engines.studio.colour import to_lab, to_srgb
from engines.studio.skin import skin_likeness, skin_or_near

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]


class Kind(Enum):
    """What is dyed."""

    HAIR = "hair"
    CLOTH = "cloth"
    IRIS = "iris"
    SKIN = "skin"


#: Contrast of the new texture to the old one's: the root of the ratio of lightness, within these.
_CONTRAST = (0.4, 1.5)
#: Main colours with less chroma than this have no hue to turn by.
_NO_HUE = 7.0
#: Differences of hue and chroma within a texture shrink and grow by these factors at most; what the target asks for
#: beyond that is added to all texels alike.  Hair's tips must not turn from green to brown, blush must stay.
_CHROMA_GAIN = {Kind.HAIR: (0.0, 0.7), Kind.CLOTH: (0.0, 1.5), Kind.IRIS: (0.0, 1.6), Kind.SKIN: (0.7, 1.15)}
#: On a grey main colour, texels with this much chroma of their own begin to keep it, and keep it wholly.
_ACCENT = (22.0, 40.0)
#: From this lightness down and up, contrast fades out instead of being cut off.
_DARKEST, _LIGHTEST = 12.0, 90.0
#: Points of a colour table along each side: Pillow interpolates between them.
_TABLE = 33


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dye:
    """Moves one main colour to another.

    Args:
        source, target: CIELAB, float32 (3,).
        kind: what is dyed: of SKIN only what looks like it is moved; an IRIS keeps pupil and highlights; in HAIR and
            CLOTH strongly coloured texels beside a grey main colour stay as they are.
    """

    source: F32
    target: F32
    kind: Kind = Kind.CLOTH

    def __call__(self, lab: F32) -> F32:
        """Return the new colours, CIELAB (n, 3), of old ones, (n, 3)."""
        moved = self._moved(lab)
        keep = np.zeros(len(lab), np.float32)
        if self.kind is Kind.SKIN:
            keep = 1 - skin_or_near(lab, self.source)
        elif self.kind is not Kind.IRIS and np.hypot(*self.source[1:]) < _NO_HUE:
            away = np.hypot(lab[:, 1] - self.source[1], lab[:, 2] - self.source[2])
            keep = np.clip((away - _ACCENT[0]) / (_ACCENT[1] - _ACCENT[0]), 0, 1)
        return np.asarray(moved + (lab - moved) * keep[:, None], np.float32)

    def _moved(self, lab: F32) -> F32:
        (old_l, *old_ab), (new_l, *new_ab) = self.source.tolist(), self.target.tolist()
        if self.kind is Kind.IRIS:
            # Black stays black and white white, whatever lies between.
            lightness = np.interp(lab[:, 0], [0, np.clip(old_l, 1, 99), 100], [0, new_l, 100]).astype(np.float32)
        else:
            contrast = float(np.clip(np.sqrt(max(new_l, 1.0) / max(old_l, 1.0)), *_CONTRAST))
            lightness = _soft(new_l + contrast * (lab[:, 0] - old_l), new_l)

        old_chroma, new_chroma = float(np.hypot(*old_ab)), float(np.hypot(*new_ab))
        if old_chroma < _NO_HUE:
            turn, gain = 0.0, 0.7
        else:
            turn = float(np.arctan2(new_ab[1], new_ab[0]) - np.arctan2(old_ab[1], old_ab[0]))
            gain = float(np.clip(new_chroma / old_chroma, *_CHROMA_GAIN[self.kind]))
        rotation = gain * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        # Where `gain` is short of what the target asks for, the rest is added to light and dark alike; highlights
        # and lines must not be dyed by it.
        added = 1 - min(1.0, gain * old_chroma / max(new_chroma, 1e-3)) if old_chroma >= _NO_HUE else 1.0
        away = np.where(
            lightness > new_l,
            np.clip((100 - lightness) / max(100 - new_l, 4.0), 0, 1) ** 0.7,
            np.clip(lightness / max(new_l, 4.0), 0, 1) ** 0.6,
        )
        ab = (lab[:, 1:] - np.array(old_ab)) @ rotation.T + np.array(new_ab)
        ab *= (1 + added * (away - 1))[:, None]
        return np.asarray(np.concatenate([lightness[:, None], ab], axis=1), np.float32)


def beside_skin(dye: Callable[[F32], F32], skin: Dye) -> Callable[[F32], F32]:
    """Return the map for a garment that is painted on skin: texels of the skin's colour take the skin's dye."""

    def mixed(lab: F32) -> F32:
        like = skin_likeness(lab, skin.source)[:, None]
        return np.asarray(like * skin(lab) + (1 - like) * dye(lab), np.float32)

    return mixed


def unchanged(lab: F32) -> F32:
    """Return the colours as they are."""
    return lab


def dyed_rgb(dye: Callable[[F32], F32], rgb: npt.ArrayLike) -> F32:
    """Return sRGB 0..1, (..., 3), after the map."""
    values = np.clip(np.asarray(rgb, np.float32), 0.0, 1.0)
    return np.asarray(to_srgb(dye(to_lab(values).reshape(-1, 3))).reshape(values.shape), np.float32)


def dyed_image(dye: Callable[[F32], F32], image: U8, factor: npt.ArrayLike = (1.0, 1.0, 1.0)) -> U8:
    """Return an image times a factor after the map, alpha untouched.

    The map is computed for a table of colours and interpolated between them, which is fast at any size.

    Args:
        dye: CIELAB (n, 3) to CIELAB (n, 3).
        image: uint8, (H, W, 4), sRGB, straight alpha.
        factor: sRGB, (3,), 0..1, what the image is multiplied with before.
    """
    steps = np.linspace(0, 1, _TABLE, dtype=np.float32)
    # Pillow's table runs through red first.
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    grid = np.stack([red, green, blue], axis=-1).reshape(-1, 3) * np.asarray(factor, np.float32)
    table: Any = dyed_rgb(dye, grid).reshape(-1)
    lookup = ImageFilter.Color3DLUT(_TABLE, table, channels=3, target_mode="RGB")
    coloured = Image.fromarray(np.ascontiguousarray(image[:, :, :3])).filter(lookup)
    return np.dstack([np.asarray(coloured, np.uint8), image[:, :, 3]])


def _soft(lightness: F32, target: float) -> F32:
    """Return lightness, 0..100, bent towards black and white instead of cut off there."""
    low, high = min(_DARKEST, max(target, 1.0)), max(_LIGHTEST, min(target, 99.0))
    dark = low * np.exp(np.minimum(lightness - low, 0.0) / low)
    room = 100 - high
    light = 100 - room * np.exp(-np.maximum(lightness - high, 0.0) / room)
    return np.asarray(np.where(lightness < low, dark, np.where(lightness > high, light, lightness)), np.float32)
