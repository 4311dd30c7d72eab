"""The teacher's settings: what `animirror train teacher --set name=value` can set."""

from __future__ import annotations

from dataclasses import dataclass

from engines.teacher.config import Shown, TeacherConfig
from engines.training.phase import Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherSettings:
    """Sizes, growth, rates and weights of the losses.

    Args:
        framing: portrait or full, or any: pictures of both, told apart by their structure maps alone.
        zoom: pictures are cut to random windows, enlarged by up to this much, so that other cameras can be drawn, such
            as a face's; 1 for whole pictures, which can be kept decoded.
        resolution: pixels per side in the end.
        first_resolution: pixels per side at first; as `resolution` for no growing.
        grow_steps: steps at each resolution before the last; the last has the rest, so `--steps` can be raised later.
        fade_steps: steps in which each further resolution fades in.
        z_dim, w_dim, mapping_layers, channel_base, channel_max, structure_width: see `TeacherConfig`.
        rate: learning rate of both networks (StyleGAN2: 0.002).
        momentum: the generator's first decay in Adam. StyleGAN2 has none, for losses that only play against each other;
            most of ours are regressions, and without any they take twice as long (four pictures, 150 steps: 17.8 dB at
            0, 21.4 at 0.5, 22.9 at 0.9). pix2pixHD has 0.5.
        code_rate: how many times that the characters' codes get: each is seen in a few pictures of a batch only.
        warm_up: steps until the full rate.
        half_life: of the moving average, in pictures (StyleGAN2: 10,000).
        sampled: sampled characters per picture of a batch, 0..1; they have no pair and are judged only.
        mixing: part of the sampled characters with two styles (StyleGAN: 0.9).
        adversarial: weight of the adversarial loss; 0 does without a discriminator.
        adversarial_from: pictures that are learnt from by pairs alone first.
        pixel, gradient, wavelet, feature, prior: weights of these losses.
        r1_gamma: weight of R1 (StyleGAN2: 10 at 1024 px, `0.0002 * pixels / batch` by ADA's rule).
        r1_every: steps from one R1 to the next.
        path_weight: weight of the path-length penalty (StyleGAN2: 2).
        path_every: steps from one to the next.
    """

    framing: Shown = "portrait"
    zoom: float = 1.0
    resolution: int = 512
    first_resolution: int = 64
    grow_steps: int = 8000
    fade_steps: int = 2000
    z_dim: int = 256
    w_dim: int = 256
    mapping_layers: int = 8
    channel_base: int = 16384
    channel_max: int = 320
    structure_width: int = 16
    rate: float = 0.002
    momentum: float = 0.5
    code_rate: float = 2.0
    warm_up: int = 100
    half_life: float = 10_000.0
    sampled: float = 0.5
    mixing: float = 0.9
    adversarial: float = 0.5
    adversarial_from: int = 20_000
    pixel: float = 10.0
    gradient: float = 10.0
    wavelet: float = 5.0
    feature: float = 2.0
    prior: float = 0.1
    r1_gamma: float = 2.0
    r1_every: int = 16
    path_weight: float = 2.0
    path_every: int = 8

    def __post_init__(self) -> None:
        config = self.config()
        if self.first_resolution not in config.resolutions[1:]:
            raise ValueError(f"first_resolution: got {self.first_resolution}, expected one of {config.resolutions[1:]}")
        for name in ("sampled", "mixing", "momentum"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}: got {getattr(self, name)}, expected 0 to 1")
        if not 1 <= self.zoom <= 8:
            raise ValueError(f"zoom: got {self.zoom}, expected 1 to 8")
        if min(self.r1_every, self.path_every, self.grow_steps) < 1 or self.fade_steps < 0:
            raise ValueError("r1_every, path_every, grow_steps: expected at least 1, and fade_steps 0")

    def config(self) -> TeacherConfig:
        """Return the sizes."""
        return TeacherConfig(
            framing=self.framing,
            resolution=self.resolution,
            z_dim=self.z_dim,
            w_dim=self.w_dim,
            mapping_layers=self.mapping_layers,
            channel_base=self.channel_base,
            channel_max=self.channel_max,
            structure_width=self.structure_width,
        )

    def phases(self, steps: int, batch: int) -> tuple[Phase, ...]:
        """Return the phases of a training: one per resolution from the first to the last.

        Args:
            steps: of all phases together; at least one per phase.
            batch: pictures per step.
        """
        levels = [px for px in self.config().resolutions if px >= self.first_resolution]
        below = len(levels) - 1
        # A training too short for that (a rehearsal) gives every resolution as much.
        each = min(self.grow_steps, max(1, steps // len(levels)))
        lengths = [each] * below + [max(1, steps - each * below)]
        return tuple(
            Phase(
                resolution_px=px,
                batch=batch,
                steps=length,
                fade_steps=min(self.fade_steps, length // 2) if number else 0,
            )
            for number, (px, length) in enumerate(zip(levels, lengths, strict=True))
        )
