"""From the command line's options to a running training."""

from __future__ import annotations

import argparse
import fcntl
import importlib
import json
import os
import platform
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import FrameType

import torch

from engines.errors import CheckpointError, TrainingError
from engines.training.compute import Compute, find_compute
from engines.training.distributed import Processes, join, leave
from engines.training.gradient_check import check_gradients
from engines.training.loop import Loop, LoopOptions
from engines.training.memory import keep_freed_memory
from engines.training.phase import steps_of
from engines.training.seeds import seed_weights
from engines.training.settings import pairs_from
from engines.training.task import Task, TaskOptions

#: Signals after which a training saves and ends: Ctrl-C, and what machines send before they go away.
_SIGNALS: tuple[int, ...] = (signal.SIGINT, signal.SIGTERM)
_Handler = Callable[[int, FrameType | None], object] | int | None
RUN_CARD = "run.json"


def launch(arguments: argparse.Namespace, module: str) -> str:
    """Train as the command line says and return how it ended, in a line; empty in all processes but the first.

    Args:
        arguments: of `animirror train`.
        module: the task's, with `make_task`.

    Raises:
        EnginesError: it cannot begin or go on; the message says what to do.
    """
    processes = join(arguments.device)
    try:
        compute = find_compute(arguments.device, arguments.precision, processes.local_rank)
        if compute.device.type == "cpu":
            keep_freed_memory()
        with _alone(arguments.folder, processes):
            said = _train(arguments, module, compute, processes)
        return said if processes.writes else ""
    finally:
        leave()


def _train(arguments: argparse.Namespace, module: str, compute: Compute, processes: Processes) -> str:
    seed_weights(arguments.seed)
    task = _make_task(module)(
        TaskOptions(
            data=arguments.data,
            compute=compute,
            seed=arguments.seed,
            steps=arguments.steps,
            batch=arguments.batch,
            settings=pairs_from(arguments.settings),
        )
    )
    options = LoopOptions(
        seed=arguments.seed,
        workers=arguments.workers,
        minutes=arguments.minutes,
        save_every_s=arguments.save_every * 60,
        log_every=arguments.log_every,
        show_every=arguments.show_every,
    )
    loop = Loop(task, arguments.folder, compute, processes, options)
    steps = steps_of(task.phases)
    if arguments.check_gradients:
        return _said_of_gradients(loop, arguments.check_gradients)
    resumed = not arguments.fresh and loop.resume()
    if arguments.resume and not resumed:
        raise CheckpointError(f"{arguments.folder}: no checkpoint to go on from; leave out --resume to begin")
    if loop.step >= steps:
        return f"{arguments.folder}: all {steps} steps are taken already; more with --steps"
    if not resumed:
        loop.begin(arguments.start_from)
    if processes.writes:
        _write_card(arguments.folder, task, compute, processes, arguments.seed)
        begun = f"goes on at step {loop.step}" if resumed else "begins"
        ignored = ", --start-from is not needed any more" if resumed and arguments.start_from else ""
        sys.stderr.write(f"{arguments.folder}: {task.name} {begun} on {compute}, {processes}{ignored}\n")
    with _signals(loop):
        finished = loop.run()
    if finished:
        return f"{arguments.folder}: all {steps} steps are taken"
    if loop.stopped:
        raise TrainingError(f"stopped after step {loop.step} of {steps}; the same command goes on from there")
    return f"{arguments.folder}: {loop.step} of {steps} steps are taken; the same command goes on from there"


def _make_task(module: str) -> Callable[[TaskOptions], Task]:
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        raise TrainingError(f"{module} is not there; expected it beside engines.training") from error
    make: Callable[[TaskOptions], Task] = found.make_task
    return make


def _said_of_gradients(loop: Loop, steps: int) -> str:
    check = check_gradients(loop, steps)
    unreached, untrained = check.unreached(), check.untrained()
    if not unreached and not untrained:
        return f"every parameter got a finite gradient, and one that is not zero, within {steps} steps of each phase"
    lines = [f"never a gradient: {name}" for name in unreached] + [f"in no optimiser: {name}" for name in untrained]
    return "\n".join(lines)


@contextmanager
def _alone(folder: Path, processes: Processes) -> Iterator[None]:
    """Keep other trainings out of a run's folder; the lock goes with this process, however it ends."""
    if not processes.writes:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise TrainingError(f"{folder}: cannot be made ({error.strerror}); choose another --run") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TrainingError(f"{folder}: another process trains here; wait, or choose another --run") from error
        yield
    finally:
        os.close(handle)


@contextmanager
def _signals(loop: Loop) -> Iterator[None]:
    """Let signals end a training after its present step; a second one ends it at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        loop.stop()
        signal.signal(number, previous[number])

    previous: dict[int, _Handler] = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _write_card(folder: Path, task: Task, compute: Compute, processes: Processes, seed: int) -> None:
    """Write what the weights' card needs to know about the run, `run.json`."""
    card = {
        "task": task.name,
        "command": shlex.join(["animirror", *sys.argv[1:]]),
        "commit": _commit(),
        "animirror": version("animirror"),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "compute": str(compute),
        "processes": processes.world,
        "seed": seed,
        "data_hash": task.data_hash,
        "architecture": task.architecture(),
        "phases": [
            {"resolution_px": one.resolution_px, "batch": one.batch, "steps": one.steps, "fade_steps": one.fade_steps}
            for one in task.phases
        ],
    }
    partial = folder / f"{RUN_CARD}.part"
    try:
        partial.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(folder / RUN_CARD)
    except OSError as error:
        raise TrainingError(
            f"{folder / RUN_CARD}: cannot be written ({error.strerror}); make room or choose another --run"
        ) from error


def _commit() -> str:
    """Return the commit of the sources, or an empty text outside of a clone."""
    here = Path(__file__).parent
    try:
        asked = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=here, capture_output=True, text=True)
    except OSError:
        return ""
    return asked.stdout.strip()
