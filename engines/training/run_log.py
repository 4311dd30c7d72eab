"""What a training says while it runs: `log.jsonl`, TensorBoard's event files, and contact sheets as PNG files."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from engines.errors import TrainingError

U8 = npt.NDArray[np.uint8]

LOG = "log.jsonl"
_EVENTS = "tensorboard"
_PICTURES = "pictures"


class RunLog:
    """The log of a run. What steps after `step` said before is forgotten: they are taken again.

    Args:
        folder: of the run.
        step: number of steps taken so far.

    Raises:
        TrainingError: the folder cannot be written.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._folder = folder
        try:
            (folder / _PICTURES).mkdir(parents=True, exist_ok=True)
            _forget_after(folder / LOG, step)
            for path in (folder / _PICTURES).glob("*.png"):
                if int(path.stem.rpartition("_")[2]) > step:
                    path.unlink()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise TrainingError(f"{folder}: cannot be written ({reason}); make room or choose another --run") from error
        self._events = SummaryWriter(str(folder / _EVENTS), purge_step=step + 1)

    def figures(self, step: int, figures: Mapping[str, float], **more: float | str) -> None:
        """Write figures after a step.

        Args:
            step: number of steps taken.
            figures: by name; they become curves in TensorBoard.
            more: what belongs into the row of `log.jsonl` besides.

        Raises:
            TrainingError: they cannot be written.
        """
        row = {"step": step, **more, **{name: float(f"{value:.6g}") for name, value in figures.items()}}
        try:
            with (self._folder / LOG).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            for name, value in figures.items():
                self._events.add_scalar(name, value, step)
            self._events.flush()
        except OSError as error:
            raise self._unwritable(step, error) from error

    def pictures(self, step: int, pictures: Mapping[str, U8]) -> None:
        """Write contact sheets, uint8 (H, W, 3) RGB by name, to `pictures/<name>_<step>.png` and into TensorBoard.

        Raises:
            TrainingError: they cannot be written.
        """
        try:
            for name, picture in pictures.items():
                packed = io.BytesIO()
                Image.fromarray(picture).save(packed, "PNG")
                path = self._folder / _PICTURES / f"{name}_{step:08d}.png"
                partial = path.with_suffix(".part")
                partial.write_bytes(packed.getvalue())
                partial.replace(path)
                self._events.add_image(name, picture, step, dataformats="HWC")
            self._events.flush()
        except OSError as error:
            raise self._unwritable(step, error) from error

    def close(self) -> None:
        """Close the files."""
        self._events.close()

    def _unwritable(self, step: int, error: OSError) -> TrainingError:
        reason = error.strerror or error
        return TrainingError(
            f"step {step}: {self._folder} cannot be written ({reason}); the last checkpoint is kept: make room and "
            "start the same command again"
        )


def _forget_after(path: Path, step: int) -> None:
    """Keep of a log only the rows up to a step; a row that a killed process left half written goes, too."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line + "\n")
        except (ValueError, KeyError, TypeError):
            continue
    partial = path.with_suffix(".part")
    partial.write_text("".join(kept), encoding="utf-8")
    partial.replace(path)
