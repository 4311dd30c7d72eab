"""The pictures of the page: best, middle and worst, each with its render and the difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from engines import affine
from engines.condition import Condition
from engines.engine import Engine
from engines.evaluation.background import over_background
from engines.evaluation.measurement import SplitMeasurement, fitted
from engines.evaluation.reading import premultiplied
from engines.framing import between
from engines.studio.dataset_reader import DatasetReader
from engines.studio.labels import LabelledPicture

U8 = npt.NDArray[np.uint8]

#: Differences are shown this many times as strong, on white.
STRONGER = 3.0
#: Pixels per side of a face beside its picture.
FACE_PX = 256
#: Characters in the picture that shows each once.
MOST_CHARACTERS = 8
_QUALITY = 88


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePicture:
    """One picture of the page.

    Args:
        file: its name, beside the page.
        caption: what it shows.
    """

    file: str
    caption: str


def write_pictures(out: Path, reader: DatasetReader, measured: SplitMeasurement) -> list[PagePicture]:
    """Draw chosen samples again, write them beside the page, and return them in order.

    Args:
        out: the page's folder.
        reader: the split's.
        measured: what was measured on it.
    """
    one_only = len(measured.contenders) == 1
    columns = "render | generated | difference" if one_only else "render | first | difference | second | difference"
    lines = "the render above, generated below" if one_only else "render, first, second"
    chosen = _chosen(measured)
    firsts = [measured.characters.index(name) for name in dict.fromkeys(measured.characters)][:MOST_CHARACTERS]
    names = list(dict.fromkeys(measured.characters[row] for row in (*firsts, *(row for row, _ in chosen))))
    written = []
    with ExitStack() as stack:
        engines = [
            stack.enter_context(closing(contender.engine(contender.characters(reader, names))))
            for contender in measured.contenders
        ]
        cells = []
        for row in firsts:
            drawn = _drawn(engines, reader[measured.indices[row]])
            cells.append(np.vstack([over_background(fitted(one, FACE_PX)) for one in drawn]))
        file = f"{measured.split}-characters.webp"
        _save(out / file, np.hstack(cells))
        written.append(PagePicture(file=file, caption=f"The first sample of each character: {lines}"))
        for number, (row, why) in enumerate(chosen):
            sample = reader[measured.indices[row]]
            file = f"{measured.split}-{number}.webp"
            _save(out / file, _strip(_drawn(engines, sample), sample))
            figures = [_said(one.figures[row], measured.size) for one in measured.generated]
            caption = f"{why}: {sample.character}, sample {measured.indices[row]}. {columns}. {' / '.join(figures)}"
            written.append(PagePicture(file=file, caption=caption))
    return written


def _chosen(measured: SplitMeasurement) -> list[tuple[int, str]]:
    """Return rows and why each is shown; one row may have several reasons."""
    size = measured.size
    first = measured.generated[0].figures
    whole = np.array([row[f"whole.psnr@{size}"] for row in first])
    order = whole.argsort()
    chosen = [
        (int(order[-1]), "Best whole picture"),
        (int(order[len(order) // 2]), "Middle"),
        (int(order[0]), "Worst"),
    ]
    for region in ("eyes", "mouth", "hands"):
        figures = np.array([row.get(f"{region}.psnr@{size}", math.inf) for row in first])
        if np.isfinite(figures).any():
            chosen.append((int(figures.argmin()), f"Worst {region}"))
    if len(measured.generated) == 2:
        second = np.array([row[f"whole.psnr@{size}"] for row in measured.generated[1].figures])
        chosen += [
            (int((second - whole).argmax()), "Where the second gains most"),
            (int((second - whole).argmin()), "Where the second loses most"),
        ]
    reasons: dict[int, list[str]] = {}
    for row, why in chosen:
        reasons.setdefault(row, []).append(why)
    return [(row, ", ".join(several).capitalize()) for row, several in reasons.items()]


def _drawn(engines: Sequence[Engine], sample: LabelledPicture) -> list[U8]:
    """Return a sample's render and every engine's picture, premultiplied RGBA."""
    true = premultiplied(sample.picture)
    condition = Condition(character=sample.character, controls=sample.controls, framing=sample.framing)
    return [true, *(fitted(premultiplied(engine.generate(condition)), len(true)) for engine in engines)]


def _strip(pictures: list[U8], sample: LabelledPicture) -> U8:
    """Return whole pictures and differences side by side, and the same of the face below."""
    plain = [over_background(picture) for picture in pictures]
    box = affine.box_of_unit_square(between(sample.camera, sample.face_camera), len(plain[0]))
    faces = [cv2.resize(one[box], (FACE_PX, FACE_PX), interpolation=cv2.INTER_CUBIC) for one in plain if one[box].size]
    line = np.hstack(_with_differences(plain))
    if not faces:
        return line
    below = np.hstack(_with_differences([np.asarray(face, np.uint8) for face in faces]))
    width = line.shape[1]
    scaled = cv2.resize(below, (width, round(below.shape[0] * width / below.shape[1])), interpolation=cv2.INTER_CUBIC)
    return np.vstack([line, np.asarray(scaled, np.uint8)])


def _with_differences(plain: list[U8]) -> list[U8]:
    true, *others = plain
    found = [true]
    for other in others:
        apart = np.abs(other.astype(np.float32) - true)
        found += [other, np.asarray(255 - np.clip(apart * STRONGER, 0, 255), np.uint8)]
    return found


def _said(figures: dict[str, float], size: int) -> str:
    names = (("whole", f"whole.psnr@{size}"), ("face", f"face.psnr@{size}"), ("eyes", f"eyes.psnr@{size}"))
    return ", ".join(f"{name} {figures[key]:.1f} dB" for name, key in names if key in figures)


def _save(path: Path, picture: U8) -> None:
    Image.fromarray(picture).save(path, "WEBP", quality=_QUALITY, method=2)
