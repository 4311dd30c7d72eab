"""Shows people and the characters that follow them: `python -m scripts.motion_pairs OUT CLIP:FRAME...`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from scripts.motion_film import U8, engine_draw, moments

SIDE_PX = 300
COLUMNS = 4
#: The part of the picture around a person's head and hands, in parts of its height.
VIEW = 0.92


def pair(clip: Path, frame: int, character: str) -> U8:
    """Return the person in one frame of a clip, and below them the character at that moment, RGB."""
    draw = engine_draw([character], "portrait")
    _, moment = next(islice(moments(clip, 1, "portrait"), frame, None))
    height, width = moment.picture.shape[:2]
    side = round(height * VIEW)
    person = moment.people[0]
    centre = width // 2 if person.pose is None else round(float(person.pose[[11, 12], 0].mean()) * width)
    left = int(np.clip(centre - side // 2, 0, width - side))
    square = moment.picture[:side, left : left + side]
    drawn = draw(1, moment.controls[person.person_id])
    return np.concatenate([_fitted(square), _fitted(drawn)])


def _fitted(picture: U8) -> U8:
    return np.asarray(cv2.resize(picture, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("moments", nargs="+", metavar="CLIP:FRAME:CHARACTER")
    given = parser.parse_args(arguments)
    pairs = []
    for text in given.moments:
        clip, frame, character = text.rsplit(":", 2)
        pairs.append(pair(Path(clip), int(frame), character))
    rows = [np.concatenate(pairs[at : at + COLUMNS], axis=1) for at in range(0, len(pairs), COLUMNS)]
    Image.fromarray(np.concatenate([row for row in rows if row.shape == rows[0].shape])).save(given.out, quality=88)


if __name__ == "__main__":
    main()
