"""Draws samples of a data set with their labels: `python -m scripts.label_sheet DATASET OUT.png`.

A line per sample: picture with joints, parts, depth, the sheet's first view warped onto the picture, and, where the
sample is of a sequence, the next frame warped back.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from engines.sheet import premultiplied
from engines.skeleton import BONES, PARENT
from engines.studio.dataset_plan import SPLITS
from engines.studio.dataset_reader import DatasetReader
from engines.studio.labels import LABEL_PX, LabelledPicture
from engines.studio.part_names import Part

U8 = npt.NDArray[np.uint8]
CELL = 256
GREY = 150
#: A colour per part, by eye.
COLOURS = np.array(
    [
        (150, 150, 150), (240, 120, 60), (255, 214, 190), (255, 255, 255), (40, 120, 255), (120, 220, 255),
        (60, 30, 30),
        (150, 90, 30), (220, 40, 70), (240, 190, 160), (255, 160, 120), (70, 160, 110), (200, 120, 220),
    ],
    np.uint8,
)  # fmt: skip


def over_grey(picture: U8) -> U8:
    """Return premultiplied RGBA over grey, RGB."""
    return (picture[..., :3] + (255 - picture[..., 3:].astype(int)) * GREY // 255).astype(np.uint8)


def scaled(picture: U8) -> U8:
    return cv2.resize(premultiplied(picture), (CELL, CELL), interpolation=cv2.INTER_AREA)


def joints_drawn(sample: LabelledPicture) -> U8:
    """Return the picture with its skeleton; hidden joints are hollow."""
    image = np.ascontiguousarray(over_grey(scaled(sample.picture)))
    places = np.round(sample.joints[:, :2] * CELL).astype(int).tolist()
    for bone, parent in enumerate(PARENT):
        if parent >= 0:
            cv2.line(image, places[bone], places[parent], (40, 40, 220), 1, cv2.LINE_AA)
    for bone in range(len(BONES)):
        cv2.circle(image, places[bone], 3, (220, 30, 30), -1 if sample.joints_visible[bone] else 1, cv2.LINE_AA)
    return image


def depth_drawn(sample: LabelledPicture) -> U8:
    shown = np.isfinite(sample.depth)
    image = np.full((LABEL_PX, LABEL_PX), GREY, np.float32)
    low, high = np.percentile(sample.depth[shown], (1, 99))
    image[shown] = np.clip((sample.depth[shown] - low) / max(high - low, 1e-3), 0, 1) * 215 + 40
    return np.repeat(image[..., None], 3, axis=2).astype(np.uint8)


def line(reader: DatasetReader, sample: LabelledPicture, following: LabelledPicture | None) -> U8:
    """Return one sample's line."""
    cells = [joints_drawn(sample), COLOURS[sample.parts], depth_drawn(sample)]
    places, seen = reader.truth(sample.character).flow(sample.triangle, sample.barycentric)
    view = reader.character(sample.character).sheet.pose_views[0]
    pixels = (places[0].transpose(1, 2, 0) * len(view) - 0.5).astype(np.float32)
    warped = over_grey(cv2.remap(view, pixels, None, cv2.INTER_LINEAR))
    warped[~seen[0]] = GREY
    cells.append(warped)
    back = np.full((CELL, CELL, 3), GREY, np.uint8)
    if following is not None and sample.flow is not None and sample.flow_visible is not None:
        axis = (np.arange(LABEL_PX, dtype=np.float32) + 0.5) / LABEL_PX
        grid = np.stack(np.meshgrid(axis, axis), axis=-1)
        pixels = ((grid + sample.flow) * CELL - 0.5).astype(np.float32)
        back = over_grey(cv2.remap(scaled(following.picture), pixels, None, cv2.INTER_LINEAR))
        back[~sample.flow_visible] = GREY
    return np.hstack([*cells, back])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--lines", type=int, default=6)
    arguments = parser.parse_args()
    assert len(COLOURS) == len(Part)
    reader = DatasetReader(arguments.dataset, arguments.split)
    lines = []
    for index in np.linspace(0, len(reader) - 2, arguments.lines).astype(int).tolist():
        sample, after = reader[index], reader[index + 1]
        same = after.sequence == sample.sequence >= 0 and after.frame == sample.frame + 1
        lines.append(line(reader, sample, after if same else None))
    cv2.imwrite(str(arguments.out), cv2.cvtColor(np.vstack(lines), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
