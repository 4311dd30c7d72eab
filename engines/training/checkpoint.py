"""Checkpoints that survive what happens to them: written beside their place and moved, the last two kept, checked."""

from __future__ import annotations

import logging
import os
import pickle
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engines import controls
from engines.errors import CheckpointError

logger = logging.getLogger(__name__)

#: Counts up when what a checkpoint holds changes.
FORMAT = 1
#: How many are kept: the newest, and one to fall back to if that one is damaged.
KEPT = 2
_NAME = re.compile(r"checkpoint_(\d{8})\.pt")
_PARTIAL = "checkpoint.partial"
#: What reading a damaged file can raise.
_DAMAGE = (
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    struct.error,
    zipfile.BadZipFile,
    pickle.UnpicklingError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a checkpoint must have in common with the training that goes on from it.

    Args:
        task: the task's name.
        architecture: what decides the shapes of its modules, as JSON.
        data_hash: of the data set.
        seed: of the training.
    """

    task: str
    architecture: Mapping[str, Any]
    data_hash: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Everything a training needs to go on as if nothing had happened.

    Random numbers and the order of the samples follow from seed and step, so that no generator's state is in it.

    Args:
        step: number of steps taken.
        modules: state by module, by name.
        averages: the moving averages' likewise.
        optimisers: state by optimiser.
    """

    step: int
    modules: Mapping[str, Mapping[str, Any]]
    averages: Mapping[str, Mapping[str, Any]]
    optimisers: Mapping[str, Mapping[str, Any]]


class Checkpoints:
    """The checkpoints in a run's folder.

    Args:
        folder: where they are, `checkpoint_<step>.pt`.
        origin: of the training that writes and reads them.
    """

    def __init__(self, folder: Path, origin: Origin) -> None:
        self._folder, self._origin = folder, origin

    def save(self, checkpoint: Checkpoint) -> Path:
        """Write a checkpoint, whole or not at all, and delete all but the last :data:`KEPT`.

        Raises:
            CheckpointError: it cannot be written; those before are kept.
        """
        path = self._folder / f"checkpoint_{checkpoint.step:08d}.pt"
        partial = self._folder / _PARTIAL
        origin = self._origin
        contents = {
            "format": FORMAT,
            "spec_hash": controls.spec_hash(),
            "task": origin.task,
            "architecture": dict(origin.architecture),
            "data_hash": origin.data_hash,
            "seed": origin.seed,
            "step": checkpoint.step,
            "modules": checkpoint.modules,
            "averages": checkpoint.averages,
            "optimisers": checkpoint.optimisers,
        }
        try:
            with partial.open("wb") as stream:
                torch.save(contents, stream)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(path)
            _sync(self._folder)
        except (OSError, RuntimeError) as error:  # torch reports a failed write as RuntimeError
            partial.unlink(missing_ok=True)
            kept = self.paths()
            before = f"that of step {_step_of(kept[0])} is kept" if kept else "there is none before it"
            raise CheckpointError(
                f"{path}: cannot be written ({_reason(error)}); {before}; make room and start the same command again"
            ) from error
        for old in self.paths()[KEPT:]:
            old.unlink(missing_ok=True)
        return path

    def load(self, device: torch.device) -> Checkpoint | None:
        """Return the newest checkpoint that is whole, or None where there is none.

        A damaged one is reported and put aside under the name `*.damaged`.

        Raises:
            CheckpointError: all are damaged, or the newest whole one belongs to another training.
        """
        (self._folder / _PARTIAL).unlink(missing_ok=True)  # from a training that was killed while it wrote
        paths = self.paths()
        for path in paths:
            try:
                contents = read_checkpoint(path, device)
            except CheckpointError as error:
                logger.warning("%s; trying the one before", error)
                path.replace(path.with_suffix(".damaged"))
                continue
            self._check(path, contents)
            return Checkpoint(**{key: contents[key] for key in ("step", "modules", "averages", "optimisers")})
        if paths:
            raise CheckpointError(f"{self._folder}: no checkpoint can be read; begin anew with --fresh")
        return None

    def paths(self) -> list[Path]:
        """Return the checkpoints' files, the newest first."""
        return checkpoint_paths(self._folder)

    def delete(self) -> None:
        """Delete all checkpoints, to begin anew."""
        for path in [*self.paths(), *self._folder.glob("checkpoint_*.damaged"), self._folder / _PARTIAL]:
            path.unlink(missing_ok=True)

    def _check(self, path: Path, contents: Mapping[str, Any]) -> None:
        """Refuse what belongs to another training, and say how it differs."""
        origin, else_ = self._origin, "choose another --run, or begin anew with --fresh"
        if contents["task"] != origin.task:
            raise CheckpointError(f"{path}: of a {contents['task']}, this is a {origin.task}; {else_}")
        if contents["spec_hash"] != controls.spec_hash():
            raise CheckpointError(
                f"{path}: made for control spec {contents['spec_hash']}, this is {controls.spec_hash()}; {else_}"
            )
        differs = difference(contents["architecture"], origin.architecture)
        if differs:
            raise CheckpointError(f"{path}: of another architecture: {differs}; {else_}")
        if contents["data_hash"] != origin.data_hash:
            raise CheckpointError(
                f"{path}: learnt from data set {contents['data_hash']}, this is {origin.data_hash}; {else_}, "
                "or take over its weights with --start-from"
            )
        if contents["seed"] != origin.seed:
            raise CheckpointError(f"{path}: made with --seed {contents['seed']}, this is {origin.seed}; {else_}")


def checkpoint_paths(folder: Path) -> list[Path]:
    """Return the files of the checkpoints in a run's folder, the newest first."""
    return sorted((path for path in folder.glob("checkpoint_*.pt") if _NAME.fullmatch(path.name)), reverse=True)


def read_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    """Return what is in a checkpoint, whosever it is; nothing is unpickled but tensors, numbers and texts.

    Raises:
        CheckpointError: it is missing, damaged, or of another format.
    """
    try:
        with zipfile.ZipFile(path) as archive:  # torch itself does not hold contents against their checksums
            bad = archive.testzip()
        if bad:
            raise CheckpointError(f"{path}: is damaged (checksum of {bad})")
        contents = torch.load(path, map_location=device, weights_only=True)
        found = contents["format"]
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: there is no such checkpoint") from error
    except CheckpointError:
        raise
    except _DAMAGE as error:
        raise CheckpointError(f"{path}: is damaged ({_reason(error)})") from error
    if found != FORMAT:
        raise CheckpointError(f"{path}: has format {found}, expected {FORMAT}; it is of another version of animirror")
    return dict(contents)


def averaged_weights(path: Path, module: str) -> dict[str, Tensor]:
    """Return a module's moving average from a checkpoint, on the CPU: what to evaluate and to ship.

    Args:
        path: of the checkpoint, or a run's folder: its newest.
        module: name of the module.

    Raises:
        CheckpointError: there is none, it is damaged, or it has no average of that name.
    """
    if path.is_dir():
        paths = checkpoint_paths(path)
        if not paths:
            raise CheckpointError(f"{path}: no checkpoint in it; expected the --run of a training")
        path = paths[0]
    averages = read_checkpoint(path, torch.device("cpu"))["averages"]
    if module not in averages:
        raise CheckpointError(f"{path}: no average of {module!r}; there are {', '.join(averages)}")
    return {name: value.contiguous() for name, value in averages[module].items()}  # as safetensors wants them


def difference(old: Any, new: Any, where: str = "") -> str:
    """Return the first difference of two JSON values in words, or an empty text."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            inner = f"{where}.{key}" if where else str(key)
            if key not in old or key not in new:
                return f"{inner} is in the {'checkpoint' if key in old else 'new one'} only"
            found = difference(old[key], new[key], inner)
            if found:
                return found
        return ""
    if isinstance(old, list | tuple) and isinstance(new, list | tuple):
        old, new = list(old), list(new)
    return "" if old == new else f"{where} {old!r} in the checkpoint, {new!r} here"


def _step_of(path: Path) -> int:
    return int(path.stem.removeprefix("checkpoint_"))


def _reason(error: BaseException) -> str:
    """Return why in a line: what the system said, also where torch has wrapped it into an error of its own."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        inner = inner.__cause__ or inner.__context__
    return (str(error) or type(error).__name__).splitlines()[0][:120]


def _sync(folder: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
