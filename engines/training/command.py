"""The command that trains: `animirror train teacher|student|baseline DATA --run FOLDER`.

The parser stands here and is light; torch is imported when the command runs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engines.errors import TrainingError

#: What can be trained: where its `make_task` is, and what it is. Looked up by name when it is asked for: the packages
#: build on this one, not the other way round.
TASKS = {
    "teacher": ("engines.teacher.task", "the large network that draws characters nobody rendered"),
    "student": ("engines.student.task", "the small network that runs"),
    "baseline": ("engines.baseline.task", "the direct synthesis that the student is compared with"),
}
#: What only the `train` extra brings.
_EXTRA = frozenset({"torch", "tensorboard", "tqdm", "skimage", "onnx"})


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of `train`; it sets `run`, a function of the parsed arguments."""
    train = commands.add_parser(
        "train",
        help="train the networks on a data set",
        description="Trains on the GPU, or else on the CPU. Started again with the same options, it goes on.",
    )
    tasks = train.add_subparsers(dest="task", required=True, metavar="task")
    for name, (_, what) in TASKS.items():
        _add_options(tasks.add_parser(name, help=what, description=f"Trains {what}."))


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, metavar="DATA", help="a data set made by `animirror dataset make`")
    parser.add_argument(
        "--run", dest="folder", type=Path, required=True, metavar="FOLDER", help="for checkpoints, log and pictures"
    )
    parser.add_argument("--steps", type=int, help="steps in all; default the task's")
    parser.add_argument("--batch", type=int, help="pictures per step, over all processes; default the task's")
    parser.add_argument("--minutes", type=float, help="stop after this long, with a checkpoint")
    parser.add_argument("--seed", type=int, default=0, help="of everything random; default 0")
    parser.add_argument("--workers", type=int, default=1, help="processes that read pictures; default 1; 0: none")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="default what there is, the GPU first")
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16", help="default bf16")
    parser.add_argument("--start-from", type=Path, metavar="WEIGHTS", help="exported weights to begin with")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--resume", action="store_true", help="go on from the run's checkpoint, which must be there")
    how.add_argument("--fresh", action="store_true", help="begin anew: delete the run's checkpoints")
    parser.add_argument("--save-every", type=float, default=3.0, metavar="MINUTES", help="checkpoints; default 3")
    parser.add_argument("--log-every", type=int, default=50, metavar="STEPS", help="rows in the log; default 50")
    parser.add_argument(
        "--show-every", type=int, default=1000, metavar="STEPS", help="measurements and contact sheets; default 1000"
    )
    parser.add_argument(
        "--set", dest="settings", action="append", default=[], metavar="NAME=VALUE", help="a setting of the task"
    )
    parser.add_argument(
        "--check-gradients",
        type=int,
        metavar="STEPS",
        help="train nothing: take so many steps of each phase and name what never gets a gradient",
    )
    parser.set_defaults(run=_train)


def _train(arguments: argparse.Namespace) -> None:
    _check_ranges(arguments)
    try:
        from engines.training.launch import launch
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        raise TrainingError(
            f"training needs {error.name}; install it with: pip install --editable '.[train]'"
        ) from error
    said = launch(arguments, TASKS[arguments.task][0])
    if said:
        sys.stdout.write(f"{said}\n")


def _check_ranges(arguments: argparse.Namespace) -> None:
    least = {
        "steps": 1,
        "batch": 1,
        "seed": 0,
        "workers": 0,
        "save_every": 0,
        "log_every": 1,
        "show_every": 1,
        "check_gradients": 1,
    }
    for name, value in least.items():
        given = getattr(arguments, name)
        if given is not None and not given >= value:
            raise TrainingError(f"--{name.replace('_', '-')} {given}: expected {value} or more")
    if arguments.minutes is not None and not arguments.minutes > 0:
        raise TrainingError(f"--minutes {arguments.minutes:g}: expected more than 0")
