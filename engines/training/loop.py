"""The run loop: trains a task step by step, keeps checkpoints, writes its log, and can be killed at any time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engines.errors import TrainingError
from engines.training.average import Averages
from engines.training.checkpoint import Checkpoint, Checkpoints, Origin
from engines.training.compute import Compute
from engines.training.distributed import Processes
from engines.training.figure_means import FigureMeans
from engines.training.loader import batches
from engines.training.phase import Place, steps_of
from engines.training.progress import Progress
from engines.training.run_log import RunLog
from engines.training.seeds import seed_pictures, seed_step
from engines.training.task import Task
from engines.training.update import Updates, Watcher


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopOptions:
    """How a training runs; none of it but the seed changes what is learnt.

    Args:
        seed: of everything random.
        workers: processes that read samples; 0: this one.
        minutes: to stop after, or None.
        save_every_s: seconds between checkpoints.
        log_every: steps between rows in the log.
        show_every: steps between measurements and contact sheets.
    """

    seed: int = 0
    workers: int = 0
    minutes: float | None = None
    save_every_s: float = 180.0
    log_every: int = 50
    show_every: int = 1000


class Loop:
    """A training of a task in a folder.

    Args:
        task: what is trained.
        folder: of the run; exists.
        compute: device and precision.
        processes: that train together.
        options: how it runs.
    """

    def __init__(self, task: Task, folder: Path, compute: Compute, processes: Processes, options: LoopOptions) -> None:
        self.task = task
        self.step = 0
        self._folder, self._compute, self._processes, self._options = folder, compute, processes, options
        self._steps = steps_of(task.phases)
        for module in task.modules.values():
            module.train()
        self._averages = Averages(task.modules, task.averages)
        origin = Origin(task=task.name, architecture=task.architecture(), data_hash=task.data_hash, seed=options.seed)
        self._checkpoints = Checkpoints(folder, origin)
        self._saved_step: int | None = None
        self._stop = False

    def begin(self, start_from: Path | None = None) -> None:
        """Begin anew: checkpoints in the folder are deleted.

        Args:
            start_from: exported weights to take over; None: the task's own initial ones.

        Raises:
            WeightsError: they cannot be taken over.
        """
        if start_from is not None:
            self.task.start_from(start_from)
        if self._processes.writes:
            self._checkpoints.delete()
        self._processes.share_weights(self.task.modules.values())
        self._averages.reset()

    def resume(self) -> bool:
        """Go on from the newest whole checkpoint; False: there is none.

        Raises:
            CheckpointError: it belongs to another training, or all are damaged.
        """
        # One after the other: the first process puts damaged ones aside before the others look.
        found = self._checkpoints.load(self._compute.device) if self._processes.writes else None
        self._processes.wait()
        if not self._processes.writes:
            found = self._checkpoints.load(self._compute.device)
        self._processes.wait()  # nothing is written before all have read
        if found is None:
            return False
        for name, module in self.task.modules.items():
            module.load_state_dict(found.modules[name])
        for name, optimiser in self.task.optimisers.items():
            optimiser.load_state_dict(dict(found.optimisers[name]))
        self._averages.load(found.averages)
        self.step = self._saved_step = found.step
        return True

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called in this process."""
        return self._stop

    def stop(self) -> None:
        """Stop after the present step, with a checkpoint; may be called by a signal's handler."""
        self._stop = True

    def run(self) -> bool:
        """Train until all steps are taken, the minutes are over, or `stop` was called.

        Returns:
            whether all steps are taken.

        Raises:
            TrainingError: a loss is not finite, or the folder cannot be written; the last checkpoint is kept.
            DatasetError: samples cannot be read.
        """
        start = time.monotonic()
        options, processes = self._options, self._processes
        seconds = None if options.minutes is None else options.minutes * 60
        log = RunLog(self._folder, self.step) if processes.writes else None
        progress = Progress(self.step, self._steps, seconds, shown=processes.writes)
        means = FigureMeans()
        try:
            if self.step == 0:
                self.save()  # so that a folder that cannot hold one is known at once
            saved = before = time.monotonic()
            for place, batch in self.batches(self.step):
                means.add(self.take(place, batch))
                now = time.monotonic()
                progress.took(place, now - before, now - start)
                due = seconds is not None and now - start >= seconds
                last = processes.agree(int(self._stop or due), self._compute.device) or self.step == self._steps
                if log:
                    if self.step % options.log_every == 0 or last:
                        speed = round(progress.images_per_s, 2)
                        pictures = place.pictures + place.phase.batch
                        log.figures(self.step, {"images_per_s": speed, **means.take()}, pictures=pictures)
                    if last or now - saved >= options.save_every_s:
                        self.save()
                        saved = time.monotonic()
                    if self.step % options.show_every == 0 or self.step == self._steps:
                        self._show(log)
                if last:
                    break
                before = time.monotonic()
        finally:
            progress.close()
            if log:
                log.close()
        processes.wait()  # the first one may still be drawing
        return self.step == self._steps

    def take(
        self, place: Place, batch: Mapping[str, Tensor], watcher: Watcher | None = None
    ) -> dict[str, float | Tensor]:
        """Take one step and return its figures.

        Args:
            place: the step.
            batch: this process's share, on the CPU.
            watcher: looks at gradients.

        Raises:
            TrainingError: a loss or a gradient is not finite.
        """
        task = self.task
        for name, rate in task.rates(place).items():
            for group in task.optimisers[name].param_groups:
                group["lr"] = rate * group.get("scale", 1.0)
        seed_step(self._options.seed, place.step, self._processes.rank)
        step = Updates(
            place=place,
            compute=self._compute,
            processes=self._processes,
            optimisers=task.optimisers,
            modules=task.modules,
            watcher=watcher,
        )
        figures = task.train_step(self._compute.batch(dict(batch)), step)
        self._processes.share_buffers(task.modules.values())
        self._averages.follow(place.pictures, place.phase.batch)
        self.step = place.step + 1
        return {**step.figures, **figures}

    def batches(self, first: int) -> Iterator[tuple[Place, dict[str, Tensor]]]:
        """Yield place and batch, on the CPU, of each step from `first` on.

        Raises:
            TrainingError: a batch cannot be divided by the processes.
            DatasetError: a phase has no samples.
        """
        return batches(
            self.task,
            first,
            seed=self._options.seed,
            workers=self._options.workers,
            rank=self._processes.rank,
            world=self._processes.world,
            pinned=self._compute.device.type == "cuda",
        )

    def save(self) -> None:
        """Write a checkpoint, unless there is one of this step.

        Raises:
            TrainingError: weights are not finite, or the folder cannot be written; the last checkpoint is kept.
        """
        if not self._processes.writes or self._saved_step == self.step:
            return
        for name, module in self.task.modules.items():
            for key, value in module.state_dict().items():
                if value.is_floating_point() and not value.isfinite().all():
                    raise TrainingError(
                        f"step {self.step}: {name}.{key} is not finite; the last checkpoint is kept: go on from it "
                        "with gentler settings, or with --precision fp32"
                    )
        self._checkpoints.save(
            Checkpoint(
                step=self.step,
                modules={name: module.state_dict() for name, module in self.task.modules.items()},
                averages=self._averages.state(),
                optimisers={name: optimiser.state_dict() for name, optimiser in self.task.optimisers.items()},
            )
        )
        self._saved_step = self.step

    @torch.no_grad()
    def _show(self, log: RunLog) -> None:
        """Measure the averages and draw contact sheets; training is not disturbed by it."""
        seed_pictures(self._options.seed)
        averaged = self._averages.modules
        figures = self.task.measure(averaged)
        log.figures(self.step, {f"held_out/{name}": float(value) for name, value in figures.items()})
        log.pictures(self.step, self.task.pictures(averaged))
