"""The teacher's commands: `animirror teacher export|show`; training is `animirror train teacher`.

The parsers stand here and are light; torch is imported when a command runs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engines.errors import EnginesError


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of `teacher`; each sets `run`, a function of the parsed arguments."""
    teacher = commands.add_parser("teacher", help="what the large network has learnt: weights and pictures")
    verbs = teacher.add_subparsers(dest="teacher_command", required=True, metavar="command")

    export = verbs.add_parser("export", help="write the weights of a training's newest checkpoint")
    export.add_argument("training", type=Path, metavar="RUN", help="folder of `animirror train teacher --run`")
    export.add_argument("data", type=Path, metavar="DATA", help="the data set that it learnt from")
    export.add_argument("out", type=Path, metavar="OUT", help="folder for the weights")
    export.add_argument("--discriminator", action="store_true", help="too: to go on with --start-from")
    export.add_argument("--half", action="store_true", help="store float16: half the size")
    export.set_defaults(run=_export)

    show = verbs.add_parser("show", help="draw contact sheets: known, sampled and mixed characters")
    show.add_argument("weights", type=Path, metavar="WEIGHTS", help="folder that `teacher export` wrote")
    show.add_argument("out", type=Path, metavar="OUT", help="folder for PNG pictures")
    show.add_argument("--data", type=Path, help="a data set: its held-out poses beside the renders")
    show.set_defaults(run=_show)


def _export(arguments: argparse.Namespace) -> None:
    _need_torch()
    from engines.teacher.export import export

    steps = export(
        arguments.training,
        arguments.data,
        arguments.out,
        discriminator=arguments.discriminator,
        half=arguments.half,
    )
    sys.stdout.write(f"{arguments.out}: weights after {steps} steps\n")


def _show(arguments: argparse.Namespace) -> None:
    _need_torch()
    from engines.teacher.contact_sheets import write_sheets
    from engines.teacher.sampling import Teacher

    for path in write_sheets(Teacher.load(arguments.weights), arguments.out, arguments.data):
        sys.stdout.write(f"{path}\n")


def _need_torch() -> None:
    try:
        import torch  # noqa: F401 - only whether it is there
    except ModuleNotFoundError as error:
        raise EnginesError("this command needs torch; install it with: pip install --editable '.[train]'") from error
