"""Compares the studio's renderer with three-vrm: SSIM per avatar and pose, and sheets to look at.

    python -m scripts.parity.compare AVATARS --out DIR [--reuse] [--avatar NAME ...] [--pose NAME ...]

AVATARS is a folder of VRM 0.x files.  --reuse keeps three-vrm's pictures in DIR/reference of an earlier run and only
renders ours; --without tells what a feature that we lack is worth.  Needs `npm ci` in scripts/parity once, and a
Chromium.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.studio.avatar import Avatar, load_avatar
from engines.studio.posing import Posed, posed
from engines.studio.renderer import Renderer
from engines.studio.spring_simulation import settled
from scripts.parity.reference import FEATURES, SIZE_PX, SUPERSAMPLE, Feature, picture_path, read_picture, three_vrm
from scripts.parity.shots import CONTACT, LEFT_OUT, PARITY, Shot
from scripts.parity.similarity import over_grey, similarity

U8 = npt.NDArray[np.uint8]

#: Differences are shown this many times as large.
_GAIN = 3


def main() -> None:
    """Compare our pictures with three-vrm's."""
    options = _arguments()
    shots = [shot for shot in PARITY if not options.pose or shot.name in options.pose]
    paths = sorted(path for path in options.avatars.glob("*.vrm") if not options.avatar or path.stem in options.avatar)
    avatars = {path: load_avatar(path, leave_out=LEFT_OUT.get(path.stem, ())) for path in paths}
    apart = ["rigid"] * (not options.springs) + [f"no_{feature}" for feature in options.without]
    kept = options.out / "_".join(["reference", *apart])
    kept.mkdir(parents=True, exist_ok=True)
    wanted = shots + (list(CONTACT) if options.contact else [])
    take_references(avatars, wanted, kept, springs=options.springs, without=options.without, reuse=options.reuse)
    renderer = Renderer(min_outline_px=options.min_outline_px)
    scores: dict[tuple[str, str], float] = {}
    for avatar in avatars.values():
        rows = []
        for shot in shots:
            ours = over_grey(take_ours(renderer, avatar, shot, springs=options.springs))
            theirs = over_grey(read_picture(picture_path(kept, avatar.name, shot)))
            scores[avatar.name, shot.name] = similarity(ours, theirs)
            difference = np.clip(np.abs(ours.astype(np.int16) - theirs) * _GAIN, 0, 255).astype(np.uint8)
            rows.append(np.hstack([ours, theirs, difference]))
        Image.fromarray(np.vstack(rows)).save(options.out / f"parity_{avatar.name}.png")
    renderer.close()
    print(table(scores))


def take_references(
    avatars: dict[Path, Avatar],
    shots: Sequence[Shot],
    folder: Path,
    *,
    springs: bool,
    without: Sequence[Feature],
    reuse: bool,
) -> None:
    """Write three-vrm's pictures into `folder`; with `reuse`, only those that it lacks."""
    with ExitStack() as stack:
        three = None
        for path, avatar in avatars.items():
            for shot in shots:
                place = picture_path(folder, avatar.name, shot)
                if reuse and place.exists():
                    continue
                three = three or stack.enter_context(three_vrm(without))
                Image.fromarray(three.draw(path, avatar, shot, springs=springs)).save(place)


def take_ours(renderer: Renderer, avatar: Avatar, shot: Shot, *, springs: bool = True) -> U8:
    """Return our picture of a shot, uint8 (SIZE_PX, SIZE_PX, 4), straight-alpha RGBA.

    Springs that the loader invents for files without any stay rigid, as in three-vrm.
    """
    swing = springs and not avatar.springs.invented
    pose: Posed = posed(avatar, shot.vector, settled(avatar, shot.vector) if swing else None)
    return renderer.render(avatar, pose, shot.matrix(avatar.proportions), SIZE_PX, SUPERSAMPLE)


def table(scores: dict[tuple[str, str], float]) -> str:
    """Return the scores as a Markdown table, avatars by rows and poses by columns, with means and the worst."""
    avatars = list(dict.fromkeys(avatar for avatar, _ in scores))
    poses = list(dict.fromkeys(pose for _, pose in scores))
    lines = [f"| avatar | {' | '.join(poses)} | mean |", "|---|" + "--:|" * (len(poses) + 1)]
    for avatar in avatars:
        row = [scores[avatar, pose] for pose in poses]
        lines.append(f"| {avatar} | " + " | ".join(f"{score:.4f}" for score in [*row, float(np.mean(row))]) + " |")
    (avatar, pose), worst = min(scores.items(), key=lambda item: item[1])
    lines.append(f"\nmean {np.mean(list(scores.values())):.4f}, worst {worst:.4f} ({avatar}, {pose})")
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("avatars", type=Path, help="folder of VRM 0.x files")
    parser.add_argument("--out", type=Path, required=True, help="where pictures go")
    parser.add_argument("--reuse", action="store_true", help="keep three-vrm's pictures of an earlier run")
    parser.add_argument("--contact", action="store_true", help="also take three-vrm's pictures for contact sheets")
    parser.add_argument("--rigid", dest="springs", action="store_false", help="without springs")
    parser.add_argument(
        "--without", action="append", default=[], choices=FEATURES, help="what three-vrm goes without; may be repeated"
    )
    parser.add_argument(
        "--min-outline-px", type=float, default=1.0, help="ours: 0 is what three-vrm has; default 1, no dashes"
    )
    parser.add_argument("--avatar", action="append", help="only this one; may be repeated")
    parser.add_argument("--pose", action="append", choices=[shot.name for shot in PARITY], help="only this one")
    return parser.parse_args()


if __name__ == "__main__":
    main()
