"""The command `animirror evaluate`; its parser is light, what it needs is imported when it runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from engines.framing import FRAMINGS

if TYPE_CHECKING:
    from tqdm import tqdm

#: As in :mod:`engines.studio.dataset_plan`, which is not light.
_HELD_OUT = ("held_out_poses", "held_out_motion", "held_out_identity")
_BACKENDS = ("auto", "openvino", "onnxruntime", "tensorrt", "torch")


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of `evaluate`; it sets `run`, a function of the parsed arguments."""
    evaluate = commands.add_parser(
        "evaluate",
        help="measure weights against held-out renders, or compare two",
        description=(
            "Draws held-out poses as the run time would, compares them with their renders, and writes evaluation.json "
            "and index.html.  With two folders of weights it says which is better."
        ),
    )
    evaluate.add_argument("weights", type=Path, metavar="WEIGHTS", help="folder with model.json")
    evaluate.add_argument("other", type=Path, nargs="?", metavar="OTHER_WEIGHTS", help="to compare with")
    evaluate.add_argument("--data", type=Path, required=True, metavar="DATASET", help="folder of the data set")
    evaluate.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder for the results")
    evaluate.add_argument(
        "--split", nargs="+", choices=_HELD_OUT, default=[], help="default all held-out splits that the set has"
    )
    evaluate.add_argument("--limit", type=int, default=700, help="pictures per split; default 700")
    evaluate.add_argument("--framing", choices=FRAMINGS, default="portrait", help="default portrait")
    evaluate.add_argument("--avatars", type=Path, metavar="FOLDER", help="VRM files, for the renderer's own flicker")
    evaluate.add_argument("--teacher", type=Path, metavar="FOLDER", help="a teacher's pictures, SPLIT/000000.png ...")
    evaluate.add_argument("--sampled", type=Path, metavar="FOLDER", help="pictures of sampled characters")
    evaluate.add_argument("--regressor", type=Path, metavar="FILE.onnx", help="default the one that ships")
    evaluate.add_argument("--engine", choices=_BACKENDS, default="auto", help="what runs the network; default auto")
    evaluate.add_argument("--threads", type=int, default=1, help="default 1")
    evaluate.set_defaults(run=_evaluate)


def _evaluate(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from engines.evaluation.control_reader import SHIPPED
    from engines.evaluation.evaluation import PAGE, EvaluationOptions, evaluate

    options = EvaluationOptions(
        weights=tuple(folder for folder in (arguments.weights, arguments.other) if folder is not None),
        data=arguments.data,
        out=arguments.out,
        splits=tuple(dict.fromkeys(arguments.split)),
        limit=arguments.limit,
        framing=arguments.framing,
        regressor=arguments.regressor or SHIPPED,
        avatars=arguments.avatars,
        teacher=arguments.teacher,
        sampled=arguments.sampled,
        backend=arguments.engine,
        threads=arguments.threads,
    )
    bars: list[tqdm[NoReturn]] = []

    def show(done: int, total: int) -> None:
        if not bars:
            interval = 0.5 if sys.stderr.isatty() else 60.0
            bars.append(tqdm(total=total, unit="picture", smoothing=0.05, mininterval=interval))
        bars[0].update(done - bars[0].n)

    try:
        result = evaluate(options, show)
    finally:
        for bar in bars:
            bar.close()
    for weights in result["weights"]:
        for split, figures in weights["figures"].items():
            px = max(figures["compared"], key=int)
            whole, face = (figures["compared"][px][region] for region in ("whole", "face"))
            sys.stdout.write(
                f"{weights['name']}, {split.replace('_', ' ')}, {figures['pictures']} pictures at {px}: "
                f"{whole['psnr']:.2f} dB / {whole['ssim']:.4f}, face {face['psnr']:.2f} dB / {face['ssim']:.4f}\n"
            )
    if "comparison" in result:
        found = result["comparison"]
        why = f" ({found['why']})" if found["why"] else ""
        sys.stdout.write(f"better: {found['better']}, mean gain {found['mean_gain_steps']:+.2f} steps{why}\n")
    sys.stdout.write(f"{arguments.out / PAGE}\n")
