"""The training of direct synthesis, as `animirror train baseline` runs it: coarse, then fine and judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from engines.baseline.discriminator import Discriminator, feature_loss, true_loss
from engines.baseline.network import Baseline, BaselineConfig
from engines.baseline.structure import structure_of, structure_pyramid
from engines.errors import WeightsError
from engines.student import losses
from engines.student.data import PoseDataset, importance, unpacked_maps
from engines.student.held_out import held_out_batches, psnr, sheet_of
from engines.student.maps import PICTURE_PX, prepare_maps
from engines.student.network import Encoder
from engines.style import ENCODER_VIEWS
from engines.training.data_hash import data_hash
from engines.training.phase import Phase, Place
from engines.training.schedule import cosine, warm_up
from engines.training.settings import settings_from
from engines.training.task import Batch, Figures, Step, TaskOptions

U8 = npt.NDArray[np.uint8]

_STEPS, _BATCH = 2600, 8
_WARM_UP = 100
#: Half-life of the moving average, in pictures: the student's.
_AVERAGE = 4000.0
#: Held-out pictures that are measured now and then, and those on a contact sheet: the student's.
_MEASURED, _SHOWN = 48, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `--set` can change.

    Args:
        picture: weight of the difference from the render (pix2pix's is 100).
        feature: weight of feature matching (pix2pixHD's is 10).
        adversarial: weight of looking true.
        rate: greatest learning rate of generator and encoder.
        judge_rate: of the discriminators.
        coarse_steps: in which the global generator is trained alone, at half the resolution; None: half of all.
    """

    picture: float = 100.0
    feature: float = 10.0
    adversarial: float = 1.0
    rate: float = 2e-3
    judge_rate: float = 4e-4
    coarse_steps: int | None = None


class BaselineTask:
    """Generator and encoder, learning to draw renders from structure; and discriminators.

    Args:
        options: of the command line.
        config: sizes.

    Raises:
        DatasetError: the set cannot be learned from.
    """

    name = "baseline"

    def __init__(self, options: TaskOptions, config: BaselineConfig | None = None) -> None:
        self._settings = settings_from(Settings, options.settings)
        self._config = config or BaselineConfig()
        for split in ("train", "held_out_poses"):
            prepare_maps(options.data, split)
        self._data = PoseDataset(options.data)
        self._held_out = PoseDataset(options.data, "held_out_poses", like=self._data)
        self._compute = options.compute
        self.data_hash = data_hash(options.data)
        generator = options.compute.place(Baseline(self._config))
        encoder = options.compute.place(Encoder(self._config.encoder(), len(ENCODER_VIEWS)))
        discriminator = options.compute.place(Discriminator())
        self.modules: Mapping[str, nn.Module] = {
            "baseline": generator,
            "encoder": encoder,
            "discriminator": discriminator,
        }
        drawing = [*generator.parameters(), *encoder.parameters()]
        self.optimisers: Mapping[str, Optimizer] = {
            "baseline": Adam(drawing, self._settings.rate, (0.9, 0.99)),
            "discriminator": Adam(discriminator.parameters(), self._settings.judge_rate, (0.5, 0.99)),
        }
        self.averages: Mapping[str, float] = {"baseline": _AVERAGE, "encoder": _AVERAGE}
        batch, steps = options.batch or _BATCH, options.steps or _STEPS
        coarse = max(1, steps // 2 if self._settings.coarse_steps is None else self._settings.coarse_steps)
        self.phases = (
            Phase(resolution_px=PICTURE_PX // 2, batch=batch, steps=coarse),
            Phase(resolution_px=PICTURE_PX, batch=batch, steps=max(1, steps - coarse)),
        )
        self._views = self._held_out.encoder_views.to(options.compute.device)

    def architecture(self) -> dict[str, Any]:
        """Return the sizes."""
        return self._config.to_json()

    def samples(self, phase: Phase) -> PoseDataset:
        """Return the training pictures."""
        return self._data

    def rates(self, place: Place) -> Mapping[str, float]:
        """Return a cosine over both phases after a warm-up, which the discriminators have in their own phase."""
        curve = cosine(place.step, sum(phase.steps for phase in self.phases))
        judge = self._settings.judge_rate * curve * warm_up(place.phase_step, _WARM_UP)
        return {"baseline": self._settings.rate * curve * warm_up(place.step, _WARM_UP), "discriminator": judge}

    def _style(self, modules: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> Tensor:
        w: Tensor = modules["encoder"](self._views[batch["character"]].float() / 255)
        return w

    def train_step(self, batch: Batch, step: Step) -> Figures:
        """Learn from one batch."""
        structure = structure_of(unpacked_maps(batch["maps"]))
        expected, weight = batch["picture"].float() / 255, importance(batch["level"])
        if step.place.phase_number == 0:
            generator = self.modules["baseline"]
            assert isinstance(generator, Baseline)
            with step.autocast():
                got = generator.coarse(structure, batch["condition"], self._style(self.modules, batch))
            difference = losses.picture_loss(got, F.avg_pool2d(expected, 2), F.avg_pool2d(weight, 2))
            step.update("baseline", {"picture": self._settings.picture * difference}, clip=self._settings.picture)
            return {}
        return self._judged_step(structure, expected, weight, batch, step)

    def _judged_step(self, structure: Tensor, expected: Tensor, weight: Tensor, batch: Batch, step: Step) -> Figures:
        discriminator, settings = self.modules["discriminator"], self._settings
        structures = structure_pyramid(structure)
        with step.autocast():
            got = self.modules["baseline"](structure, batch["condition"], self._style(self.modules, batch))
            of_true, of_got = discriminator(expected, structures), discriminator(got.detach(), structures)
        terms = {"true": 0.5 * true_loss(of_true, 1.0), "false": 0.5 * true_loss(of_got, 0.0)}
        step.update("discriminator", terms)
        with step.autocast():
            said = discriminator(got, structures)
        terms = {
            "picture": settings.picture * losses.picture_loss(got, expected, weight),
            "feature": settings.feature * feature_loss(said, of_true),
            "adversarial": settings.adversarial * true_loss(said, 1.0),
        }
        step.update("baseline", terms, clip=settings.picture)
        return {}

    def start_from(self, weights: Path) -> None:
        """Refuse: direct synthesis is compared, not shipped, and has no exported weights.

        Raises:
            WeightsError: always.
        """
        raise WeightsError(f"{weights}: the baseline begins with nothing; leave out --start-from")

    def measure(self, averaged: Mapping[str, nn.Module]) -> Figures:
        """Return PSNR in dB of held-out pictures at 256 pixels, and of the coarse ones at 128."""
        fine, coarse = [], []
        for batch in held_out_batches(self._held_out, self._compute, _MEASURED):
            got, small = self._drawn(averaged, batch)
            truth = batch["picture"].float() / 255
            fine.append(psnr(got, truth))
            coarse.append(psnr(small, F.avg_pool2d(truth, 2)))
        return {"psnr": torch.cat(fine).mean(), "psnr_coarse": torch.cat(coarse).mean()}

    def pictures(self, averaged: Mapping[str, nn.Module]) -> Mapping[str, U8]:
        """Return held-out renders, what the global generator makes of them, and both, from top to bottom."""
        batch = next(held_out_batches(self._held_out, self._compute, _SHOWN))
        got, small = self._drawn(averaged, batch)
        rows = (batch["picture"].float() / 255, F.interpolate(small, scale_factor=2.0, mode="nearest"), got)
        return {"held_out": sheet_of(rows)}

    def _drawn(self, modules: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return fine and coarse pictures."""
        generator = modules["baseline"]
        assert isinstance(generator, Baseline)
        inputs = (structure_of(unpacked_maps(batch["maps"])), batch["condition"], self._style(modules, batch))
        return generator(*inputs), generator.coarse(*inputs)


def make_task(options: TaskOptions) -> BaselineTask:
    """Return the training of direct synthesis."""
    return BaselineTask(options)
