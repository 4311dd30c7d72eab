"""The student's training, as `animirror train student` runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from engines.errors import WeightsError
from engines.student import losses
from engines.student.data import PoseDataset, importance, unpacked_maps
from engines.student.held_out import held_out_batches, psnr, sheet_of
from engines.student.maps import PICTURE_PX, prepare_maps
from engines.student.network import Encoder, Student, StudentConfig
from engines.style import ENCODER_VIEWS
from engines.training.data_hash import data_hash
from engines.training.phase import Phase, Place
from engines.training.schedule import cosine, warm_up
from engines.training.settings import settings_from
from engines.training.task import Batch, Figures, Step, TaskOptions
from engines.weights import ENCODER_FILE, SAFETENSORS_FILE, find_weights

U8 = npt.NDArray[np.uint8]

_STEPS, _BATCH = 6000, 8
_RATE, _WARM_UP = 2e-3, 100
#: Half-life of the moving average, in pictures.
_AVERAGE = 4000.0
#: Held-out pictures that are measured now and then, and those on a contact sheet.
_MEASURED, _SHOWN = 48, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `--set` can change.

    Args:
        small: weight of the change's size: where nothing is gained, nothing shall change.
        rate: greatest learning rate.
    """

    small: float = 0.02
    rate: float = _RATE


class StudentTask:
    """Student and encoder, learning how pictures made of views differ from renders.

    Args:
        options: of the command line.
        config: sizes.

    Raises:
        DatasetError: the set cannot be learned from.
    """

    name = "student"

    def __init__(self, options: TaskOptions, config: StudentConfig | None = None) -> None:
        self._settings = settings_from(Settings, options.settings)
        self._config = config or StudentConfig()
        for split in ("train", "held_out_poses"):
            prepare_maps(options.data, split)
        self._data = PoseDataset(options.data)
        self._held_out = PoseDataset(options.data, "held_out_poses", like=self._data)
        self._compute = options.compute
        self.data_hash = data_hash(options.data)
        student = options.compute.place(Student(self._config))
        encoder = options.compute.place(Encoder(self._config, len(ENCODER_VIEWS)))
        self.modules: Mapping[str, nn.Module] = {"student": student, "encoder": encoder}
        parameters = [*student.parameters(), *encoder.parameters()]
        self.optimisers: Mapping[str, Optimizer] = {"student": Adam(parameters, self._settings.rate, (0.9, 0.99))}
        self.averages: Mapping[str, float] = {"student": _AVERAGE, "encoder": _AVERAGE}
        self.phases = (Phase(resolution_px=PICTURE_PX, batch=options.batch or _BATCH, steps=options.steps or _STEPS),)
        self._views = self._held_out.encoder_views.to(options.compute.device)

    def architecture(self) -> dict[str, Any]:
        """Return the student's sizes."""
        return self._config.to_json()

    def samples(self, phase: Phase) -> PoseDataset:
        """Return the training pictures."""
        return self._data

    def rates(self, place: Place) -> Mapping[str, float]:
        """Return a cosine after a warm-up."""
        curve = warm_up(place.step, _WARM_UP) * cosine(place.step, self.phases[0].steps)
        return {"student": self._settings.rate * curve}

    def _forward(self, modules: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return finished pictures (B, 4, H, W) and the changes (B, 3, H, W)."""
        maps = unpacked_maps(batch["maps"])
        w = modules["encoder"](self._views[batch["character"]].float() / 255)
        change = modules["student"](maps, batch["condition"], w)
        return losses.changed(maps, change), change

    def train_step(self, batch: Batch, step: Step) -> Figures:
        """Learn from one batch."""
        with step.autocast():
            got, change = self._forward(self.modules, batch)
        expected = batch["picture"].float() / 255
        terms = {
            "picture": losses.picture_loss(got.float(), expected, importance(batch["level"])),
            "small": self._settings.small * change.float().abs().mean(),
        }
        step.update("student", terms, clip=1.0)
        return {}

    def start_from(self, weights: Path) -> None:
        """Take over exported weights.

        Raises:
            WeightsError: they are missing, damaged or made for something else.
        """
        found = find_weights(weights)
        try:
            self.modules["student"].load_state_dict(load_file(found.folder / SAFETENSORS_FILE))
            self.modules["encoder"].load_state_dict(load_file(found.folder / ENCODER_FILE))
        except (OSError, RuntimeError) as error:
            raise WeightsError(f"{weights}: cannot be taken over ({str(error).splitlines()[0]})") from error

    def measure(self, averaged: Mapping[str, nn.Module]) -> Figures:
        """Return PSNR in dB of held-out pictures at 256 pixels, beside that of views alone."""
        ours, views = [], []
        for batch in held_out_batches(self._held_out, self._compute, _MEASURED):
            got, _ = self._forward(averaged, batch)
            truth = batch["picture"].float() / 255
            ours.append(psnr(got, truth))
            views.append(psnr(losses.before(unpacked_maps(batch["maps"])), truth))
        return {"psnr": torch.cat(ours).mean(), "psnr_views_alone": torch.cat(views).mean()}

    def pictures(self, averaged: Mapping[str, nn.Module]) -> Mapping[str, U8]:
        """Return held-out renders, what views alone make of them, and the student's, from top to bottom."""
        batch = next(held_out_batches(self._held_out, self._compute, _SHOWN))
        got, _ = self._forward(averaged, batch)
        rows = (batch["picture"].float() / 255, losses.before(unpacked_maps(batch["maps"])), got)
        return {"held_out": sheet_of(rows)}


def make_task(options: TaskOptions) -> StudentTask:
    """Return the student's training."""
    return StudentTask(options)
