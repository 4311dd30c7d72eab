"""Reads a character's style `w` off its sheet, so that it needs no training to move."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from engines.character import PRETRAINED, characters_folder
from engines.errors import BackendError, CharacterError
from engines.onnx_session import OnnxSession
from engines.sheet import Sheet, premultiplied
from engines.weights import ENCODER_ONNX_FILE

F32 = npt.NDArray[np.float32]

#: The key views that the encoder reads, and their size.
ENCODER_VIEWS = ("front", "left", "up", "face")
ENCODER_PX = 64
#: Of weights that do not say how long a style is.
_W_DIM = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Style:
    """A style `w`, float32 (w_dim,), and where it comes from, in words."""

    w: F32
    source: str


def style_of(sheet: Sheet, weights: Path | None = None) -> Style:
    """Return the style of a sheet's character.

    Args:
        sheet: the character's.
        weights: folder of weights; None for those that ship.

    Raises:
        CharacterError: the encoder is damaged, or the sheet lacks a view that it reads.
    """
    folder = weights or PRETRAINED
    encoder = folder / ENCODER_ONNX_FILE
    if encoder.is_file():
        return Style(w=_encoded(encoder, encoder_input(sheet)), source=f"read off the sheet by {encoder.name}")
    styles = _known(folder)
    if styles:
        mean = np.mean(styles, axis=0).astype(np.float32)
        return Style(w=mean, source=f"the mean of {len(styles)} characters' ({encoder} is not there)")
    return Style(w=np.zeros(_w_dim(folder), np.float32), source=f"zero ({encoder} is not there, nor any character)")


def encoder_input(sheet: Sheet) -> F32:
    """Return what the encoder reads of a sheet, float32 (1, 16, ENCODER_PX, ENCODER_PX), premultiplied RGBA 0..1.

    Raises:
        CharacterError: the sheet has no such view.
    """
    pictures = {view.name: picture for view, picture in zip(sheet.views, sheet.pictures, strict=True)}
    missing = [name for name in ENCODER_VIEWS if name not in pictures]
    if missing:
        raise CharacterError(f"the sheet has no view {missing[0]!r}; make the character again")
    small = [
        cv2.resize(premultiplied(pictures[name]), (ENCODER_PX, ENCODER_PX), interpolation=cv2.INTER_AREA)
        for name in ENCODER_VIEWS
    ]
    views = np.concatenate([view.transpose(2, 0, 1) for view in small])
    return np.asarray(views[None] / 255, np.float32)


def _encoded(encoder: Path, views: F32) -> F32:
    try:
        (w,) = OnnxSession(encoder.name, encoder.read_bytes()).run(["w"], {"views": views})
    except (OSError, BackendError) as error:
        raise CharacterError(f"{encoder}: cannot be run ({error}); fetch it again") from error
    return np.asarray(w, np.float32).reshape(-1)


def _known(folder: Path) -> list[F32]:
    """Return the styles of the characters beside weights."""
    found = []
    for path in sorted(characters_folder(folder).glob("*/character.json")):
        try:
            w = np.array(json.loads(path.read_text(encoding="utf-8"))["w"], np.float32)
        except (OSError, ValueError, KeyError, TypeError):
            continue  # whoever loads that character is told
        if w.ndim == 1 and w.size:
            found.append(w)
    return [w for w in found if len(w) == len(found[0])]


def _w_dim(folder: Path) -> int:
    try:
        return int(json.loads((folder / "model.json").read_text(encoding="utf-8"))["config"]["w_dim"])
    except (OSError, ValueError, KeyError, TypeError):
        return _W_DIM
