"""Draws one contact sheet per avatar: `python -m scripts.contact_sheet AVATARS --out DIR [--reference DIR]`.

A sheet shows the front, 45 degrees, both blinks, five visemes, joy, raised arms and the full body.  With --reference
(the folder that `scripts.parity.compare --contact` leaves three-vrm's pictures in) each has three-vrm's below it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from engines.studio.avatar import load_avatar
from engines.studio.renderer import Renderer
from realtime.compositing import over_colour
from scripts.parity.compare import take_ours
from scripts.parity.reference import picture_path, read_picture
from scripts.parity.shots import CONTACT, LEFT_OUT

U8 = npt.NDArray[np.uint8]

BACKGROUND = (219, 225, 237)
COLUMNS = 6
#: Pixels per side of a picture on the sheet.
TILE_PX = 320
_CAPTION_PX = 18
_INK = (60, 64, 80)


def main() -> None:
    """Write `contact_<avatar>.png` for every avatar in a folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("avatars", type=Path, help="folder of VRM files")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--reference", type=Path, help="folder of three-vrm's pictures")
    parser.add_argument("--avatar", action="append", help="only this one; may be repeated")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    renderer = Renderer()
    for path in sorted(options.avatars.glob("*.vrm")):
        if options.avatar and path.stem not in options.avatar:
            continue
        avatar = load_avatar(path, leave_out=LEFT_OUT.get(path.stem, ()))
        tiles = []
        for shot in CONTACT:
            pictures = [take_ours(renderer, avatar, shot)]
            kept = picture_path(options.reference, avatar.name, shot) if options.reference else None
            if kept is not None and kept.exists():
                pictures.append(read_picture(kept))
            tiles.append((shot.name, pictures))
        place = options.out / f"contact_{avatar.name}.png"
        Image.fromarray(sheet(tiles)).save(place)
        print(place)
    renderer.close()


def sheet(tiles: Sequence[tuple[str, Sequence[U8]]], columns: int = COLUMNS) -> U8:
    """Return captioned pictures side by side, uint8 (H, W, 3).

    Args:
        tiles: caption and pictures, uint8 (h, w, 4) with straight alpha; a tile's pictures stand one below the other.
        columns: tiles in a row.
    """
    high = max(len(pictures) for _, pictures in tiles)
    tile_height = _CAPTION_PX + high * TILE_PX
    rows = -(-len(tiles) // columns)
    canvas = Image.new("RGB", (min(columns, len(tiles)) * TILE_PX, rows * tile_height), BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    for index, (caption, pictures) in enumerate(tiles):
        left, top = index % columns * TILE_PX, index // columns * tile_height
        draw.text((left + 6, top + 3), caption, fill=_INK)
        for place, picture in enumerate(pictures):
            shown = Image.fromarray(over_colour(picture, BACKGROUND)).resize((TILE_PX, TILE_PX), Image.Resampling.BOX)
            canvas.paste(shown, (left, top + _CAPTION_PX + place * TILE_PX))
    return np.array(canvas, np.uint8)


if __name__ == "__main__":
    main()
