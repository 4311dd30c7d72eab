"""Draws a split's pictures with every contender and measures each against its render."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from engines.character import Character
from engines.condition import Condition
from engines.engine import Engine
from engines.evaluation.background import over_background
from engines.evaluation.control_reader import ControlReader
from engines.evaluation.drawing import Contender
from engines.evaluation.flicker import follows, warped_change
from engines.evaluation.picture_metrics import PictureMaps, alpha_figures
from engines.evaluation.picture_set import PictureSet
from engines.evaluation.reading import premultiplied
from engines.evaluation.region_colours import at_label_size, colour_cells, colours
from engines.evaluation.regions import regions, scaled
from engines.evaluation.still_pictures import StillPictures
from engines.studio.dataset_plan import Split
from engines.studio.dataset_reader import DatasetReader
from engines.studio.labels import LabelledPicture

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

#: Pictures are also compared averaged to this many pixels per side: what a small window shows, and the size at which
#: the project's first figures were taken.
AVERAGED_PX = 256
#: Characters that one engine holds at a time: about 40 MB each.
AT_ONCE = 12


@dataclass(slots=True, kw_only=True, eq=False)
class SplitMeasurement:
    """What was measured on one split, a row per picture.

    Args:
        split: which.
        contenders: whose pictures `generated` are.
        renders: what the data set's own pictures show.
        generated: the same of each contender's.
        indices: of the samples in the split.
        characters: of each picture.
        vectors: (len(SPEC),) each.
        palettes: (len(PALETTE), 3) each, CIELAB, NaN where absent.
        size: pixels per side of the renders.
        skipped: what could not be measured -> why.
    """

    split: Split
    contenders: tuple[Contender, ...]
    renders: PictureSet
    generated: tuple[PictureSet, ...]
    indices: list[int] = field(default_factory=list)
    characters: list[str] = field(default_factory=list)
    vectors: list[F32] = field(default_factory=list)
    palettes: list[F32] = field(default_factory=list)
    size: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


def chosen_indices(reader: DatasetReader, limit: int) -> list[list[int]]:
    """Return which samples are measured, a list per character: as many of each, the first ones, so that frames follow.

    Args:
        reader: the split.
        limit: of them all; with more characters than that, characters are chosen at even distances.
    """
    rows: dict[int, list[int]] = {}
    for index, character in enumerate(reader.character_of):
        rows.setdefault(character, []).append(index)
    groups = list(rows.values())
    if len(groups) > limit:
        groups = [groups[int(at)] for at in np.linspace(0, len(groups) - 1, limit).round()]
    each = max(1, limit // len(groups))
    return [group[:each] for group in groups]


def measure_split(
    reader: DatasetReader,
    split: Split,
    contenders: Sequence[Contender],
    control_reader: ControlReader,
    limit: int,
    avatars: Path | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> SplitMeasurement:
    """Draw and measure a split.

    Args:
        reader: the split's.
        split: its name.
        contenders: weights.
        control_reader: the regressor.
        limit: pictures in all.
        avatars: folder of the avatars' VRM files, for the renderer's own flicker; None leaves it out.
        progress: told after each picture how many more are done.

    Raises:
        DatasetError: a sample is damaged.
        CharacterError: a character is missing or damaged.
        BackendError: an engine cannot run here.
    """
    found = SplitMeasurement(
        split=split,
        contenders=tuple(contenders),
        renders=PictureSet(control_reader),
        generated=tuple(PictureSet(control_reader) for _ in contenders),
    )
    groups = chosen_indices(reader, limit)
    with closing(StillPictures(reader, avatars, found.skipped)) as still:
        for first in range(0, len(groups), AT_ONCE):
            part = groups[first : first + AT_ONCE]
            names = [reader.characters[reader.character_of[group[0]]] for group in part]
            with ExitStack() as stack:
                casts = [contender.characters(reader, names) for contender in contenders]
                engines = [
                    stack.enter_context(closing(contender.engine(cast)))
                    for contender, cast in zip(contenders, casts, strict=True)
                ]
                for group, character in zip(part, casts[0], strict=True):
                    meter = _Meter(found, engines, character)
                    for index in group:
                        meter.measure(index, reader[index])
                        progress(1)
                    name = reader.characters[reader.character_of[group[0]]]
                    still.measure(name, found.vectors[-len(group) :], engines, found.renders, found.generated)
    return found


class _Meter:
    """Measures the pictures of one character, in order."""

    def __init__(self, found: SplitMeasurement, engines: Sequence[Engine], character: Character) -> None:
        self._found, self._engines = found, engines
        self._proportions = character.proportions
        self._before: tuple[LabelledPicture, list[U8]] | None = None

    def measure(self, index: int, sample: LabelledPicture) -> None:
        """Draw and measure one picture, and its step from the one before where they are frames of a sequence."""
        found = self._found
        true = premultiplied(sample.picture)
        where = regions(sample, self._proportions)
        found.renders.look(true, sample.camera, sample.face_camera)
        plain = [over_background(at_label_size(true))]
        cells = colour_cells(sample, plain[0])
        found.renders.colours.append(colours(plain[0], cells))
        condition = Condition(character=sample.character, controls=sample.controls, framing=sample.framing)
        for engine, pictures in zip(self._engines, found.generated, strict=True):
            got = fitted(premultiplied(engine.generate(condition)), len(true))
            pictures.look(got, sample.camera, sample.face_camera)
            pictures.figures.append(picture_figures(got, true, where))
            plain.append(over_background(at_label_size(got)))
            pictures.colours.append(colours(plain[-1], cells))
        if self._before is not None and follows(self._before[0], sample):
            for pictures, now, later in zip((found.renders, *found.generated), self._before[1], plain, strict=True):
                pictures.warped.append(warped_change(self._before[0], now, later))
        self._before = sample, plain
        found.indices.append(index)
        found.characters.append(sample.character)
        found.vectors.append(sample.controls)
        found.palettes.append(sample.palette)
        found.size = len(true)


def picture_figures(got: U8, true: U8, where: dict[str, npt.NDArray[np.bool_]]) -> dict[str, float]:
    """Return one picture's figures, named `region.figure@size`, and alpha's, named `alpha.figure`.

    Args:
        got: uint8, (H, H, 4), premultiplied RGBA.
        true: the same shape.
        where: regions of the render, of any size.
    """
    found = {f"alpha.{name}": value for name, value in alpha_figures(got[..., 3], true[..., 3]).items()}
    for size in compared_sizes(len(true)):
        maps = PictureMaps.of(*(over_background(fitted(picture, size)) for picture in (got, true)))
        masks = {"whole": None} | {name: scaled(mask, size) for name, mask in where.items()}
        for region, mask in masks.items():
            if mask is None or mask.any():
                found |= {f"{region}.{name}@{size}": value for name, value in maps.figures(mask).items()}
    return found


def compared_sizes(size: int) -> tuple[int, ...]:
    """Return the sizes at which pictures of one size are compared."""
    return (AVERAGED_PX, size) if size > AVERAGED_PX else (size,)


def fitted(picture: U8, size: int) -> U8:
    """Return a premultiplied picture at another size, averaged down or enlarged."""
    if len(picture) == size:
        return picture
    how = cv2.INTER_AREA if len(picture) > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (size, size), interpolation=how), np.uint8)
