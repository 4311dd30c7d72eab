"""From a run's checkpoint to a folder of weights that `Teacher.load` and `--start-from` read."""

from __future__ import annotations

from pathlib import Path

import torch

from engines.errors import CheckpointError
from engines.teacher.config import TeacherConfig
from engines.teacher.data import TeacherData
from engines.teacher.loading import KnownCharacter, TeacherParts, save_parts
from engines.training.checkpoint import checkpoint_paths, read_checkpoint
from engines.training.data_hash import data_hash


def export(run: Path, data: Path, out: Path, *, discriminator: bool = False, half: bool = False) -> int:
    """Write the moving average of a run's newest checkpoint.

    Args:
        run: folder of the run, or a checkpoint.
        data: the data set that it learnt from; palettes and proportions of its characters go with the weights.
        out: folder for the weights.
        discriminator: whether to write that too; only training needs it.
        half: whether to store float16.

    Returns:
        the number of steps that the weights have learnt.

    Raises:
        CheckpointError: there is none, it is damaged, or it learnt from another data set.
        DatasetError: the data set cannot be read.
    """
    paths = checkpoint_paths(run) if run.is_dir() else [run]
    if not paths:
        raise CheckpointError(f"{run}: no checkpoint in it; expected the --run of `animirror train teacher`")
    contents = read_checkpoint(paths[0], torch.device("cpu"))
    if contents["task"] != "teacher":
        raise CheckpointError(f"{paths[0]}: of a {contents['task']}, expected a teacher's")
    if contents["data_hash"] != data_hash(data):
        raise CheckpointError(f"{paths[0]}: learnt from data set {contents['data_hash']}, not from {data}")
    architecture = contents["architecture"]
    config = TeacherConfig.from_json(architecture["config"])
    characters: dict[str, str] = architecture["characters"]
    known = TeacherData(data, config.framing, names=tuple(characters))
    rows = {known.names[known.character_of[row]]: row for row in known.one_row_each()}
    save_parts(
        out,
        TeacherParts(
            config=config,
            generator=dict(contents["averages"]["generator"]),
            base_codes=contents["averages"]["codes"]["base"],
            own_codes=contents["averages"]["codes"]["own"],
            known=tuple(
                KnownCharacter(
                    name=name, base=base, lab=known.sample(rows[name]).lab, proportions=known.proportions(name)
                )
                for name, base in characters.items()
            ),
            discriminator=dict(contents["modules"]["discriminator"]) if discriminator else None,
            training={"steps": int(contents["step"]), "data_hash": contents["data_hash"], "seed": contents["seed"]},
        ),
        half=half,
    )
    return int(contents["step"])
