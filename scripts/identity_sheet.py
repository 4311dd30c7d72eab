"""Draws portraits of random identities on sheets: `python -m scripts.identity_sheet OUT AVATAR.vrm...`.

Prints each identity's distance to the nearest of its base, so that one sees what the sheets look like in numbers.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from engines.controls import controls
from engines.framing import portrait_camera
from engines.studio.avatar import Avatar, load_avatar
from engines.studio.identity import Appearance, Cast, nearest, sample_identities
from engines.studio.renderer import Renderer

BACKGROUND = np.array([150.0, 160.0, 180.0])
#: The portrait's camera, drawn nearer: what differs is above the chest.
ZOOM = 1.45
COLUMNS, ROWS = 8, 5


def draw(renderer: Renderer, avatar: Avatar, size: int) -> npt.NDArray[np.uint8]:
    """Return a portrait on the background, uint8 (size, size, 3)."""
    camera = portrait_camera(avatar.proportions) * np.float32(ZOOM)
    camera[:, 2] += np.array([0.5 * (1 - ZOOM), -0.04], np.float32)
    picture = renderer.render(avatar, controls({"head_yaw": 8, "smile": 0.3}), camera, size)
    alpha = picture[..., 3:] / 255
    return np.asarray(picture[..., :3] * alpha + BACKGROUND * (1 - alpha), np.uint8)


def main() -> None:
    """Write `identities_NN.png` into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("avatars", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=190, help="width of a portrait in pixels")
    parser.add_argument("--max-texture-px", type=int, default=1024)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    cast = Cast(load_avatar(path, max_texture_px=options.max_texture_px) for path in options.avatars)
    start = time.perf_counter()
    identities = sample_identities(cast, options.count, options.seed)
    print(f"{len(identities)} identities drawn in {time.perf_counter() - start:.1f} s")
    renderer, found, times = Renderer(), [], []
    tiles: list[npt.NDArray[np.uint8]] = []
    for identity in identities:
        start = time.perf_counter()
        appearance: Appearance = cast.apply(identity)
        times.append(time.perf_counter() - start)
        found.append((identity.base, appearance.palette))
        tile = Image.fromarray(draw(renderer, appearance.avatar, options.size))
        label = " ".join([str(len(tiles)), *(f"{swap.slot.name.lower()}:{swap.donor[:4]}" for swap in identity.swaps)])
        ImageDraw.Draw(tile).text((2, 0), label, fill=(20, 20, 30))
        tiles.append(np.asarray(tile))
    for page, first in enumerate(range(0, len(tiles), COLUMNS * ROWS)):
        shown = tiles[first : first + COLUMNS * ROWS]
        shown += [np.zeros_like(tiles[0])] * (-len(shown) % COLUMNS)
        rows = [np.concatenate(shown[i : i + COLUMNS], axis=1) for i in range(0, len(shown), COLUMNS)]
        Image.fromarray(np.concatenate(rows)).save(options.out / f"identities_{page:02d}.png")
    apart = np.array(nearest(found))
    for name, column in (("largest", 0), ("mean", 1)):
        values = apart[:, column]
        print(f"to the nearest of the same base, {name} CIEDE2000: least {values.min():.1f}, "
              f"median {np.median(values):.1f}")  # fmt: skip
    print(f"apply: median {np.median(times):.2f} s, worst {max(times):.2f} s")
    renderer.close()


if __name__ == "__main__":
    main()
