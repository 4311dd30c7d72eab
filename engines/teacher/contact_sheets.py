"""Contact sheets of a trained teacher: known characters beside their renders, sampled ones, a mix of two."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.controls import ControlVector, controls
from engines.framing import Framing
from engines.studio.sampling import sample_controls
from engines.teacher.data import TeacherData
from engines.teacher.sampling import Teacher, TeacherCharacter, mix
from engines.training.contact_sheet import BACKGROUND, sheet

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: How many sampled characters, in rows of so many; how many steps a mix has.
SAMPLED, _IN_A_ROW, MIX_STEPS = 64, 8, 8


def write_sheets(teacher: Teacher, out: Path, data: Path | None = None, poses: int = 3) -> list[Path]:
    """Write all contact sheets as PNG and return where they are.

    Args:
        teacher: who draws.
        out: folder, made if it is not there.
        data: a data set with held-out poses, for pictures beside renders; None for none of these.
        poses: held-out poses per known character.
    """
    out.mkdir(parents=True, exist_ok=True)
    sheets = {"sampled": sampled_sheet(teacher), "mix": mix_sheet(teacher)}
    if data is not None:
        sheets["held_out"] = held_out_sheet(teacher, data, poses)
    written = []
    for name, picture in sheets.items():
        written.append(out / f"teacher_{name}.png")
        Image.fromarray(picture).save(written[-1])
    return written


def sampled_sheet(teacher: Teacher, count: int = SAMPLED) -> U8:
    """Return sampled characters, each in a pose of its own, uint8 (H, W, 3)."""
    framing: Framing = "full" if teacher.config.framing == "full" else "portrait"
    tiles = []
    for seed in range(count):
        pose = sample_controls(np.random.default_rng(seed), framing=framing)
        tiles.append(_shown(teacher, teacher.sample(seed), pose))
    return sheet([tiles[first : first + _IN_A_ROW] for first in range(0, count, _IN_A_ROW)])


def mix_sheet(teacher: Teacher, pairs: int = 3) -> U8:
    """Return known characters turning into others, a pair per row, uint8 (H, W, 3)."""
    names = [one.name for one in teacher.known]
    rows = []
    for number in range(min(pairs, max(1, len(names) - 1))):
        one, other = (teacher.character(names[(2 * number + side) % len(names)]) for side in (0, 1))
        rows.append([_shown(teacher, mix(one, other, float(t)), controls()) for t in np.linspace(0, 1, MIX_STEPS)])
    return sheet(rows)


def held_out_sheet(teacher: Teacher, data: Path, poses: int = 3) -> U8:
    """Return renders and, below each, what the teacher draws, in held-out poses, uint8 (H, W, 3)."""
    held_out = TeacherData(data, teacher.config.framing, "held_out_poses", tuple(one.name for one in teacher.known))
    rows: list[list[U8]] = [[] for _ in range(2 * poses)]
    for index in np.unique(held_out.character_of):
        of_character = np.flatnonzero(held_out.character_of == index)[:poses]
        character = teacher.character(held_out.names[index])
        for number, row in enumerate(of_character.tolist()):
            rows[2 * number].append(_over_background(held_out.picture(row, teacher.size)))
            sample = held_out.sample(row)
            rows[2 * number + 1].append(_shown(teacher, character, sample.controls, sample.camera))
    return sheet([row for row in rows if row])


def _shown(teacher: Teacher, character: TeacherCharacter, pose: ControlVector, camera: F32 | None = None) -> U8:
    picture = teacher.draw(character, [pose], camera=camera)[0].astype(np.float32)
    picture[..., :3] *= picture[..., 3:] / 255
    return _over_background(picture.astype(np.uint8))


def _over_background(premultiplied: U8) -> U8:
    """Return a premultiplied picture, (H, W, 4), over the sheets' background, uint8 (H, W, 3)."""
    values = premultiplied.astype(np.float32)
    return np.asarray(values[..., :3] + (1 - values[..., 3:] / 255) * np.array(BACKGROUND, np.float32), np.uint8)
