"""Ideas of characters out of the teacher: palettes and proportions of people whom nobody drew.

The teacher draws pictures of one framing and size, not the key views of a sheet; so it says what a character is, and
the studio draws it from the avatar whose turn it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.build import BUILD_NAMES, Build
from engines.characters.figure_build import build_towards
from engines.characters.sampling import Idea
from engines.errors import CharacterError
from engines.skeleton import Proportions
from engines.studio.colour import Lab
from engines.studio.identity import Cast
from engines.studio.paint import Paint
from engines.studio.palette import PALETTE

#: An avatar is reshaped at most this far: further, clothes lose their cut.
_LEAST, _LARGEST = 0.85, 1.18


def check_weights(weights: Path | None) -> Path:
    """Return the folder of the teacher's weights.

    Raises:
        CharacterError: there is none.
    """
    if weights is None or not weights.is_dir():
        where = "no folder was named" if weights is None else f"{weights} is not there"
        raise CharacterError(
            f"--from teacher: needs the teacher's weights, and {where}; train it (`animirror train teacher`), write "
            "them with `animirror teacher export`, and name their folder with --teacher; or use --from studio"
        )
    return weights


def teacher_ideas(
    weights: Path | None, cast: Cast, seed: int, count: int, palette: Mapping[Paint, Lab] | None = None
) -> list[Idea]:
    """Return ideas of the teacher, one per seed from `seed` on.

    Args:
        weights: folder of the teacher's weights.
        cast: avatars that they are made of; they take turns.
        seed: the first.
        count: how many.
        palette: colours that are said; the teacher says the rest.

    Raises:
        CharacterError: there are no such weights, or torch is not installed.
        WeightsError: they are damaged or of another architecture.
    """
    folder = check_weights(weights)
    try:
        from engines.teacher.sampling import Teacher
    except ModuleNotFoundError as error:
        raise CharacterError(
            f"--from teacher: needs {error.name}; install it with: pip install --editable '.[train]'"
        ) from error
    teacher = Teacher.load(folder)
    ideas = []
    for number in range(seed, seed + count):
        person = teacher.sample(number)
        ideas.append(idea_of(cast, number, person.lab, person.proportions, palette or {}))
    return ideas


def idea_of(
    cast: Cast, seed: int, lab: npt.NDArray[np.float32], proportions: Proportions, palette: Mapping[Paint, Lab]
) -> Idea:
    """Return the idea of a palette, float32 (len(PALETTE), 3), CIELAB with NaN where absent, and of proportions."""
    base = cast.names[seed % len(cast.names)]
    own = cast.colours(base)
    colours: dict[Paint, Lab] = {
        paint: (float(row[0]), float(row[1]), float(row[2]))
        for paint, row in zip(PALETTE, lab, strict=True)
        if paint in own and np.isfinite(row).all()
    }
    colours |= {paint: said for paint, said in palette.items() if paint in own}
    if cast.recolourer(base).shares_irises and Paint.IRIS_LEFT in colours:
        colours[Paint.IRIS_RIGHT] = colours[Paint.IRIS_LEFT]
    wanted = build_towards(cast.avatar(base).proportions, proportions, 1.0)
    held = {name: float(np.clip(getattr(wanted, name), _LEAST, _LARGEST)) for name in BUILD_NAMES}
    return Idea(
        name=f"teacher-{seed}",
        title=f"Nobody {seed}",
        base=base,
        seed=seed,
        colours=colours,
        build=replace(Build(), **held),
    )
