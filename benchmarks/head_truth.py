"""How far head angles are from the truth: `python -m benchmarks.head_truth`.

Faces are carried onto a solid head (:mod:`benchmarks.portrait_head`), drawn at known angles and shown to the tracker:
the portrait that scikit-image carries, its mirror image, and people of the footage where that is at hand.  With
`--avatars FOLDER`, avatars are drawn by the studio too.  An error is what is measured minus what was drawn, degrees.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice, product
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from benchmarks.footage import find_clip
from benchmarks.looker import Looker
from benchmarks.portrait_head import PortraitHead, View
from benchmarks.rows import RESULTS, Row, provenance, write_rows
from engines.controls import controls
from engines.framing import portrait_camera
from engines.skeleton import euler_from_rotation
from engines.studio.avatar import Avatar, load_avatar
from engines.studio.renderer import Renderer
from realtime.retargeting.face_geometry import solve_head

U8 = npt.NDArray[np.uint8]

AXES = ("yaw", "pitch", "roll")
#: People of the footage: clip and a frame of it in which they face the camera.
PEOPLE = {
    "bearded man": ("gestures/yes.mkv", 0),
    "blond man": ("gestures/milk.mkv", 0),
    "narrow eyes": ("gestures/night.mkv", 5),
    "glasses": ("gestures/want.mkv", 0),
    "laughing man": ("scenes/head-pose-face-detection-male.gif", 0),
}
STEPS_DEG = (-30, -20, -10, 0, 10, 20, 30)
#: Where heads are shown.
PLACES = {
    "middle": View(scale_px=6.0),
    "orthographic": View(scale_px=6.0, perspective=False),
    "off the middle": View(scale_px=5.0, at=(140.0, 170.0)),
}
LIMIT_DEG = 5.0
_AVATAR_PX, _AVATAR_GREY = 640, 190.0

Angles = tuple[float, float, float]


def angles() -> list[Angles]:
    """Return the angles that are tried: each axis alone, then all together, degrees."""
    alone: list[Angles] = [(0.0, 0.0, 0.0)]
    for axis, step in product(range(3), STEPS_DEG):
        if step:
            alone.append((*(float(step) if at == axis else 0.0 for at in range(3)),))  # type: ignore[arg-type]
    mixed = [(float(y), float(p), float(r)) for y, p, r in product((-30, -15, 15, 30), (-20, 20), (-15, 15))]
    return alone + mixed


def measured(looker: Looker, picture: U8) -> Angles | None:
    """Return yaw, pitch and roll towards the line of sight as the tracker sees them, or None for no face."""
    face = looker.face(picture)
    solve = solve_head(face, (picture.shape[1], picture.shape[0])) if face is not None else None
    return euler_from_rotation(solve.rotation) if solve is not None else None


def rows_of(subject: str, place: str, draw: Callable[[Angles], U8], tried: Sequence[Angles]) -> Iterator[Row]:
    """Yield a row per angle: what was drawn, and what was measured or None."""
    with Looker() as looker:
        for truth in tried:
            seen = measured(looker, draw(truth))
            yield {
                "subject": subject,
                "place": place,
                **dict(zip(AXES, truth, strict=True)),
                **{f"measured_{axis}": None if seen is None else round(seen[at], 2) for at, axis in enumerate(AXES)},
            }


def head_of(picture: U8) -> PortraitHead | None:
    """Return the solid head of a picture, or None where the tracker sees no face."""
    with Looker() as looker:
        face = looker.face(picture)
    return None if face is None else PortraitHead(picture, face)


def heads() -> Iterator[tuple[str, PortraitHead]]:
    """Yield everybody who is at hand."""
    from skimage.data import astronaut

    portrait = np.asarray(astronaut(), np.uint8)
    pictures = {"portrait": portrait, "portrait, mirrored": np.ascontiguousarray(portrait[:, ::-1])}
    for name, (clip, at) in PEOPLE.items():
        path = find_clip(clip)
        if path is not None:
            pictures[name] = _picture(path, at)
    for name, picture in pictures.items():
        head = head_of(picture)
        if head is not None:
            yield name, head


def _picture(path: Path, at: int) -> U8:
    """Return a picture of a clip as it is, uint8, (H, W, 3), RGB."""
    with av.open(str(path)) as container:
        frame = next(islice(container.decode(video=0), at, None))
        return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def avatars(folder: Path) -> Iterator[tuple[str, Callable[[Angles], U8]]]:
    """Yield avatars and how each is drawn with its head turned, its face filling a third of the picture."""
    renderer = Renderer()
    for path in sorted(folder.glob("*.vrm")):
        avatar = load_avatar(path)
        yield path.stem, partial(_draw_avatar, renderer, avatar)
    renderer.close()


def _draw_avatar(renderer: Renderer, avatar: Avatar, truth: Angles) -> U8:
    turned = controls({f"head_{axis}": angle for axis, angle in zip(AXES, truth, strict=True)})
    rgba = renderer.render(avatar, turned, portrait_camera(avatar.proportions), _AVATAR_PX).astype(np.float64)
    alpha = rgba[..., 3:] / 255.0
    return np.asarray(np.round(rgba[..., :3] * alpha + _AVATAR_GREY * (1 - alpha)), np.uint8)


def _draw_head(head: PortraitHead, place: View, truth: Angles) -> U8:
    yaw, pitch, roll = truth
    return head.render(replace(place, yaw=yaw, pitch=pitch, roll=roll))


def measure(folder: Path | None, places: Sequence[str]) -> list[Row]:
    """Return the rows of everybody at hand, and of the avatars of a folder."""
    common = {**provenance(), "benchmark": "head_truth"}
    rows: list[Row] = []
    for name, head in heads():
        for place in places:
            rows += [
                {**common, **row} for row in rows_of(name, place, partial(_draw_head, head, PLACES[place]), angles())
            ]
    if folder is not None:
        for name, draw_avatar in avatars(folder):
            rows += [{**common, **row} for row in rows_of(name, "avatar", draw_avatar, angles())]
    return rows


def packed(rows: Sequence[Row]) -> list[Row]:
    """Return one row per subject and place, with [yaw, pitch, roll, measured yaw, pitch, roll] of each angle."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        numbers = {*AXES, *(f"measured_{axis}" for axis in AXES)}
        whole = {name: value for name, value in row.items() if name not in numbers}
        kept = found.setdefault((row["subject"], row["place"]), {**whole, "degrees": []})
        kept["degrees"].append([*(row[axis] for axis in AXES), *(row[f"measured_{axis}"] for axis in AXES)])
    return list(found.values())


def table(rows: Sequence[Row]) -> str:
    """Return the errors by subject and by angle, degrees."""
    lines = [
        f"{'subject':20s} {'place':15s} seen    mean error (yaw pitch roll)   greatest            over {LIMIT_DEG:.0f}"
    ]
    for subject, place in dict.fromkeys((row["subject"], row["place"]) for row in rows):
        own = [row for row in rows if (row["subject"], row["place"]) == (subject, place)]
        errors = _errors(own)
        seen = f"{len(errors)}/{len(own)}"
        if not len(errors):
            lines.append(f"{subject:20s} {place:15s} {seen}")
            continue
        mean, most = np.abs(errors).mean(0), np.abs(errors).max(0)
        over = float((np.abs(errors) > LIMIT_DEG).any(1).mean())
        cells = "   ".join(" ".join(f"{value:5.1f}" for value in three) for three in (mean, most))
        lines.append(f"{subject:20s} {place:15s} {seen:7s} {cells}   {over:6.0%}")
    people = [row for row in rows if row["place"] != "avatar"]
    lines.append("\none axis alone, everybody: mean error with its sign, and the greatest")
    for axis, other in zip(AXES, (AXES[1:], AXES[::2], AXES[:2]), strict=True):
        for step in STEPS_DEG:
            own = [row for row in people if row[axis] == step and not any(row[name] for name in other)]
            errors = _errors(own)[:, AXES.index(axis)]
            if len(errors):
                lines.append(f"{axis:6s} {step:4d}   {errors.mean():+5.1f}   {np.abs(errors).max():4.1f}")
    errors = _errors(people)
    if len(errors):
        share = (np.abs(errors) <= LIMIT_DEG).mean(0)
        lines.append(
            "within 5 degrees: " + ", ".join(f"{axis} {part:.1%}" for axis, part in zip(AXES, share, strict=True))
        )
    return "\n".join(lines)


def _errors(rows: Sequence[Row]) -> npt.NDArray[np.float64]:
    """Return measured minus drawn, (N, 3), of the rows in which a face was seen."""
    seen = [row for row in rows if row["measured_yaw"] is not None]
    return np.array([[row[f"measured_{axis}"] - row[axis] for axis in AXES] for row in seen]).reshape(-1, 3)


def main() -> None:
    """Measure head angles against the truth and write `benchmarks/results/head_truth.json`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--avatars", type=Path, help="folder with .vrm files to draw as well")
    parser.add_argument("--place", action="append", choices=PLACES, help="only here")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the rows")
    options = parser.parse_args()
    rows = measure(options.avatars, options.place or list(PLACES))
    print(f"written: {write_rows('head_truth', packed(rows), options.results)}")
    print(table(rows))


if __name__ == "__main__":
    main()
