"""The teacher's training: pairs and sampled characters in one batch, discriminator first, then generator.

A step draws each sample's own character in its own pose, which has a pair, and beside them some characters sampled
from z ~ N(0, I) with other palettes in the same poses, which have none.  Both are judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from engines.errors import WeightsError
from engines.teacher.adversarial import PathLength, discriminator_loss, generator_loss, r1_penalty
from engines.teacher.codes import Codes
from engines.teacher.data import TeacherData
from engines.teacher.discriminator import Discriminator, Judgement
from engines.teacher.generator import Generator, mixed
from engines.teacher.held_out import HeldOut
from engines.teacher.loading import load_parts
from engines.teacher.paired import feature_loss, gradient_loss, pixel_loss, pixel_weights, wavelet_loss
from engines.teacher.resampling import upsampled
from engines.teacher.samples import TeacherSamples
from engines.teacher.settings import TeacherSettings
from engines.teacher.structure_maps import PACKED_ONE, STRUCTURE
from engines.training.data_hash import data_hash
from engines.training.phase import Phase, Place
from engines.training.schedule import warm_up
from engines.training.settings import settings_from
from engines.training.task import Batch, Figures, Step, TaskOptions

U8 = npt.NDArray[np.uint8]

#: Adam's second decay before the correction for lazy penalties (StyleGAN2, appendix B).
BETA_2 = 0.99
#: Pictures and steps where the command line says nothing: a GPU's.
_BATCH, _STEPS = 32, 50_000
#: The mapping learns slowly by its own multiplier; nothing else may exceed this norm, which steps rarely reach.
_CLIP = 20.0
#: Pictures that the path-length penalty is taken over (StyleGAN2 halves the batch for it).
_PATH_SHARE = 2


class TeacherTask:
    """See :class:`engines.training.task.Task`, whose names these are."""

    name = "teacher"

    def __init__(self, options: TaskOptions) -> None:
        settings = settings_from(TeacherSettings, options.settings)
        self._settings, self._compute = settings, options.compute
        self.config = settings.config()
        self.phases: tuple[Phase, ...] = settings.phases(options.steps or _STEPS, options.batch or _BATCH)
        self.data_hash = data_hash(options.data)
        self.data = TeacherData(options.data, settings.framing)
        self._held_out = HeldOut(options.data, self.data)
        place = options.compute.place
        self.generator = place(Generator(self.config))
        self.codes = place(Codes(self.data.bases, self.config.z_dim))
        self.discriminator = place(Discriminator(self.config))
        self._path_length = place(PathLength())
        self.generator.synthesis.grow(self.phases[0].resolution_px, 1.0)
        self.modules: Mapping[str, nn.Module] = {
            "generator": self.generator,
            "codes": self.codes,
            "discriminator": self.discriminator,
            "path_length": self._path_length,
        }
        groups: list[dict[str, Any]] = [
            {"params": list(self.generator.parameters())},
            {"params": list(self.codes.parameters()), "scale": settings.code_rate},
        ]
        # A step with a lazy penalty is a step of its own; rate and decays are corrected for there being more steps.
        self._lazy = {
            "generator": _lazy_ratio(settings.path_every if settings.path_weight else 0),
            "discriminator": _lazy_ratio(settings.r1_every if settings.r1_gamma else 0),
        }
        self.optimisers: Mapping[str, Optimizer] = {
            "generator": Adam(groups, settings.rate, _betas(settings.momentum, self._lazy["generator"]), eps=1e-8),
            "discriminator": Adam(
                self.discriminator.parameters(), settings.rate, _betas(0.0, self._lazy["discriminator"]), eps=1e-8
            ),
        }
        self.averages: Mapping[str, float] = {"generator": settings.half_life, "codes": settings.half_life}

    def architecture(self) -> dict[str, Any]:
        """Return the config, the structure maps and the characters."""
        characters = dict(zip(self.data.names, self.data.bases, strict=True))
        return {"config": self.config.to_json(), "structure": list(STRUCTURE), "characters": characters}

    def samples(self, phase: Phase) -> TeacherSamples:
        """Return the training pictures at the phase's resolution."""
        px = phase.resolution_px
        return TeacherSamples(self.data, px, self.config.structure_px(px), self._settings.zoom)

    def rates(self, place: Place) -> Mapping[str, float]:
        """Return the learning rates: constant after a warm-up, as in the papers; the average does the rest."""
        rate = self._settings.rate * warm_up(place.step, self._settings.warm_up)
        return {name: rate * ratio for name, ratio in self._lazy.items()}

    def train_step(self, batch: Batch, step: Step) -> Figures:
        """Learn from one batch."""
        settings, place = self._settings, step.place
        fade = place.fade
        grown = place.phase.resolution_px, fade
        self.generator.synthesis.grow(*grown)
        maps = (batch["maps"].float() / PACKED_ONE).contiguous(memory_format=torch.channels_last)
        real = faded(batch["picture"].float() / 127.5 - 1, fade)
        judged = bool(settings.adversarial) and place.pictures >= settings.adversarial_from
        sampled = round(len(real) * settings.sampled) if judged else 0
        palettes = torch.cat([batch["palette"], batch["other_palette"][:sampled]])
        # Sampled characters take the poses of the batch's first ones.
        all_maps = torch.cat([maps, maps[:sampled]]) if sampled else maps

        with step.autocast():
            ws = self._styles(batch["character"], palettes, sampled)
            drawn = self.generator.synthesis(ws, all_maps, grown)
        own = drawn[: len(real)]
        weight = pixel_weights(maps, real.shape[-1])
        terms = {
            "pixel": settings.pixel * pixel_loss(own, real, weight),
            "gradient": settings.gradient * gradient_loss(own, real, weight),
            "wavelet": settings.wavelet * wavelet_loss(own, real, weight),
            "prior": settings.prior * self.codes.prior_loss(),
        }
        figures: dict[str, float | Tensor] = {"psnr": psnr(own.detach(), real)}
        if judged:
            true = self._train_discriminator(step, real, maps, batch["palette"], drawn.detach(), all_maps, palettes)
            with step.autocast():
                judgement = self.discriminator(drawn, all_maps, palettes, fade)
            terms["adversarial"] = settings.adversarial * generator_loss(judgement.logits)
            matched = [one[: len(real)] for one in judgement.features]
            terms["feature"] = settings.feature * feature_loss(matched, true.features)
            figures |= {"logits_true": true.logits.mean(), "logits_drawn": judgement.logits.detach().mean()}
        step.update("generator", {name: term for name, term in terms.items() if _weighs(settings, name)}, clip=_CLIP)
        if judged and settings.path_weight and place.step % settings.path_every == 0:
            self._penalise_paths(step, batch, maps, grown)
        return figures

    def _styles(self, character: Tensor, palettes: Tensor, sampled: int) -> Tensor:
        """Return styles of known characters and, after them, of sampled ones, (B + sampled, num_ws, w_dim)."""
        z = self.codes(character)
        if not sampled:
            return self.generator.styles(self.generator.mapping(z, palettes, update_average=True))
        z = torch.cat([z, torch.randn(sampled, self.config.z_dim, device=z.device)])
        ws = self.generator.styles(self.generator.mapping(z, palettes, update_average=True))
        if torch.rand(()) >= self._settings.mixing:
            return ws
        other = torch.randn(sampled, self.config.z_dim, device=z.device)
        other_ws = self.generator.styles(self.generator.mapping(other, palettes[-sampled:]))
        first = int(torch.randint(1, self.config.num_ws, ()))
        return torch.cat([ws[:-sampled], mixed(ws[-sampled:], other_ws, first)])

    def _train_discriminator(
        self, step: Step, real: Tensor, maps: Tensor, palette: Tensor, drawn: Tensor, all_maps: Tensor, palettes: Tensor
    ) -> Judgement:
        """Teach the discriminator; return what it said of the true pictures before, without gradient."""
        settings, fade = self._settings, step.place.fade
        with step.autocast():
            true = self.discriminator(real, maps, palette, fade)
            false = self.discriminator(drawn, all_maps, palettes, fade)
        step.update("discriminator", {"judgement": discriminator_loss(true.logits, false.logits)}, clip=_CLIP)
        if settings.r1_gamma and step.place.step % settings.r1_every == 0:
            pictures = real.detach().requires_grad_()
            penalty = r1_penalty(pictures, self.discriminator(pictures, maps, palette, fade).logits)
            step.update("discriminator", {"r1": penalty * (settings.r1_gamma / 2 * settings.r1_every)}, clip=_CLIP)
        return Judgement(true.logits.detach(), [one.detach() for one in true.features])

    def _penalise_paths(self, step: Step, batch: Batch, maps: Tensor, grown: tuple[int, float]) -> None:
        count = max(1, len(maps) // _PATH_SHARE)
        z = torch.randn(count, self.config.z_dim, device=maps.device)
        ws = self.generator.styles(self.generator.mapping(z, batch["other_palette"][:count]))
        pictures = self.generator.synthesis(ws, maps[:count], grown)
        penalty = self._path_length(pictures, ws) * self._settings.path_weight * self._settings.path_every
        step.update("generator", {"path": penalty}, clip=_CLIP)

    def start_from(self, weights: Path) -> None:
        """Take over an exported teacher: characters it knows keep their codes.

        Raises:
            WeightsError: it is missing, damaged or of another architecture.
        """
        parts = load_parts(weights)
        if parts.config != self.config:
            raise WeightsError(f"{weights}: of another architecture ({parts.config}), this is {self.config}")
        self.generator.load_state_dict(parts.generator)
        if parts.discriminator is not None:
            self.discriminator.load_state_dict(parts.discriminator)
        with torch.no_grad():
            for index, name in enumerate(self.data.names):
                if name in parts.names:
                    self.codes.own[index] = parts.own_codes[parts.names.index(name)]
            for index, name in enumerate(self.codes.base_names):
                if name in parts.bases:
                    self.codes.base[index] = parts.base_codes[parts.bases.index(name)]

    def measure(self, averaged: Mapping[str, nn.Module]) -> Figures:
        """Return figures on held-out poses."""
        return self._held_out.measure(*_pair(averaged), self._compute)

    def pictures(self, averaged: Mapping[str, nn.Module]) -> Mapping[str, U8]:
        """Return contact sheets."""
        return self._held_out.pictures(*_pair(averaged), self._compute)


def make_task(options: TaskOptions) -> TeacherTask:
    """Return the teacher's training of a data set; `animirror train teacher` calls it."""
    return TeacherTask(options)


def faded(pictures: Tensor, fade: float) -> Tensor:
    """Return true pictures, (B, 4, R, R), as a network can draw them that has faded to R by `fade`, 0..1.

    Source: Progressive GAN, section 2: true pictures are faded alike.
    """
    if fade >= 1.0:
        return pictures
    coarse = upsampled(F.avg_pool2d(pictures, 2))
    return coarse + fade * (pictures - coarse)


def psnr(got: Tensor, expected: Tensor) -> Tensor:
    """Return the mean over pictures of the peak signal-to-noise ratio in dB, a scalar; pictures in -1..1."""
    error = ((got.clamp(-1, 1) - expected) / 2).square().mean(dim=(1, 2, 3))
    return (-10 * torch.log10(error.clamp(min=1e-10))).mean()


def _lazy_ratio(every: int) -> float:
    return every / (every + 1) if every else 1.0


def _betas(momentum: float, ratio: float) -> tuple[float, float]:
    return momentum**ratio if momentum else 0.0, BETA_2**ratio


def _weighs(settings: TeacherSettings, term: str) -> bool:
    return bool(getattr(settings, term))


def _pair(averaged: Mapping[str, nn.Module]) -> tuple[Generator, Codes]:
    generator, codes = averaged["generator"], averaged["codes"]
    assert isinstance(generator, Generator)
    assert isinstance(codes, Codes)
    return generator, codes
