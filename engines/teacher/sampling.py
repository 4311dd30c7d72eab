"""Characters out of the teacher: known, sampled, mixed, recoloured; and their pictures in any pose.

A character is a few latents with weights: one for a known or a sampled character, two or more for a mix.  Its style w
is the weighted mean of theirs, so a palette can be set at any time and goes through the mapping of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engines.controls import SPEC, ControlVector
from engines.errors import CharacterError
from engines.framing import Framing, camera_of
from engines.skeleton import Proportions
from engines.teacher.codes import Codes
from engines.teacher.generator import Generator
from engines.teacher.loading import KnownCharacter, TeacherParts, load_parts
from engines.teacher.palette_condition import palette_condition, sample_palette
from engines.teacher.structure_maps import StructureMaps
from engines.training.compute import Compute, find_compute

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: How far sampled characters are moved towards the mean style: 1 not at all, 0 altogether.  StyleGAN's papers show
#: their pictures at 0.5 to 1.
TRUNCATION_PSI = 0.7
#: Pictures that are drawn at a time.
_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TeacherCharacter:
    """A character that the teacher can draw.

    Args:
        parents: latents, float32 (z_dim,) each, with weights that sum to 1.
        lab: float32, (len(PALETTE), 3), CIELAB, NaN where absent.
        proportions: of its figure.
        truncation_psi: how far its style is from the mean one, 0..1.
    """

    parents: tuple[tuple[F32, float], ...]
    lab: F32
    proportions: Proportions
    truncation_psi: float = 1.0

    def recoloured(self, lab: F32) -> TeacherCharacter:
        """Return the character with another palette; rows of NaN keep its own colour."""
        return replace(self, lab=np.where(np.isnan(lab), self.lab, lab).astype(np.float32))


class Teacher:
    """A trained teacher.

    Args:
        parts: what a folder of weights holds.
        compute: device and precision; None for what there is.
    """

    def __init__(self, parts: TeacherParts, compute: Compute | None = None) -> None:
        self.config = parts.config
        self.known: tuple[KnownCharacter, ...] = parts.known
        self._compute = compute or find_compute()
        self._generator = self._compute.place(Generator(parts.config)).eval().requires_grad_(False)
        self._generator.load_state_dict(parts.generator)
        codes = Codes([one.base for one in parts.known], parts.config.z_dim).eval().requires_grad_(False)
        codes.load_state_dict({"base": parts.base_codes, "own": parts.own_codes})
        self._z = codes(torch.arange(len(parts.known))).numpy()  # (characters, z_dim)

    @classmethod
    def load(cls, folder: Path, compute: Compute | None = None) -> Teacher:
        """Read a folder of weights.

        Raises:
            WeightsError: it is missing, damaged or of another architecture.
        """
        return cls(load_parts(folder), compute)

    @property
    def size(self) -> int:
        """Pixels per side of the pictures: as far as the weights have grown."""
        return int(self._generator.synthesis.grown[0])

    def character(self, name: str) -> TeacherCharacter:
        """Return a known character.

        Raises:
            CharacterError: there is none of that name.
        """
        names = [one.name for one in self.known]
        if name not in names:
            raise CharacterError(f"the teacher knows no {name!r}; it knows {', '.join(names)}")
        one = self.known[names.index(name)]
        z = self._z[names.index(name)]
        return TeacherCharacter(parents=((z, 1.0),), lab=one.lab, proportions=one.proportions)

    def sample(self, seed: int, truncation_psi: float = TRUNCATION_PSI, lab: F32 | None = None) -> TeacherCharacter:
        """Return a character that nobody rendered.

        Its proportions lie between those of two known characters, and its clothes are of the kinds that one of them
        wears.

        Args:
            seed: of everything random.
            truncation_psi: 1 for the whole variety, less for safer characters.
            lab: its palette; None for one that goes together.
        """
        rng = np.random.default_rng(seed)
        z = rng.standard_normal(self.config.z_dim).astype(np.float32)
        one, other = (self.known[int(index)] for index in rng.integers(len(self.known), size=2))
        proportions = between(one.proportions, other.proportions, float(rng.random()))
        drawn = sample_palette(rng, one.lab)
        return TeacherCharacter(
            parents=((z, 1.0),),
            lab=drawn if lab is None else np.asarray(lab, np.float32),
            proportions=proportions,
            truncation_psi=truncation_psi,
        )

    def w(self, character: TeacherCharacter) -> F32:
        """Return a character's style, float32 (w_dim,)."""
        return self._w(character).cpu().numpy()

    def draw(
        self,
        character: TeacherCharacter,
        poses: Sequence[ControlVector] | F32,
        framing: Framing | None = None,
        camera: F32 | None = None,
    ) -> U8:
        """Return pictures of a character, uint8 (N, size, size, 4), straight-alpha RGBA.

        Args:
            character: whom.
            poses: float32, (len(SPEC),) each.
            framing: portrait or full; None for the one that was learnt, or portrait where both were.
            camera: float32, (2, 3), instead of the framing's: what a key view shows, for instance.
        """
        if camera is None:
            learnt = self.config.framing
            camera = camera_of(framing or ("portrait" if learnt == "any" else learnt), character.proportions)
        vectors = np.asarray(poses, np.float32).reshape(-1, len(SPEC))
        maps = StructureMaps(character.proportions, camera)
        w, cells = self._w(character), self.config.structure_px(self.size)
        pictures = []
        for first in range(0, len(vectors), _AT_ONCE):
            part = np.stack([maps.draw(vector, cells) for vector in vectors[first : first + _AT_ONCE]])
            ws = self._generator.styles(w.expand(len(part), -1))
            with self._compute.autocast():
                drawn = self._generator.synthesis(ws, torch.from_numpy(part).to(self._compute.device), noise="fixed")
            pictures.append(straight(drawn))
        return np.concatenate(pictures)

    @torch.no_grad()
    def _w(self, character: TeacherCharacter) -> Tensor:
        z = torch.from_numpy(np.stack([one for one, _ in character.parents])).to(self._compute.device)
        palette = torch.from_numpy(palette_condition(character.lab)).to(z.device).expand(len(z), -1)
        weight = torch.tensor([weight for _, weight in character.parents], device=z.device)[:, None]
        styles: Tensor = self._generator.mapping(z, palette, character.truncation_psi)
        return torch.sum(styles * weight, dim=0)


def mix(one: TeacherCharacter, other: TeacherCharacter, t: float) -> TeacherCharacter:
    """Return the character at t on the way from one to the other: 0 is the one, 1 the other.

    Styles, proportions, truncation and the colours that both have are mixed; the rest is that of the nearer one.
    """
    parents = [(z, weight * (1 - t)) for z, weight in one.parents] + [(z, weight * t) for z, weight in other.parents]
    nearer = one.lab if t < 0.5 else other.lab
    both = ~np.isnan(one.lab) & ~np.isnan(other.lab)
    return TeacherCharacter(
        parents=tuple((z, weight) for z, weight in parents if weight > 0),
        lab=np.where(both, (1 - t) * one.lab + t * other.lab, nearer).astype(np.float32),
        proportions=between(one.proportions, other.proportions, t),
        truncation_psi=(1 - t) * one.truncation_psi + t * other.truncation_psi,
    )


def between(one: Proportions, other: Proportions, t: float) -> Proportions:
    """Return proportions at t on the way from one figure to another, 0..1."""

    def lerp(a: F32, b: F32) -> F32:
        return np.asarray((1 - t) * a + t * b, np.float32)

    return Proportions(
        joints=lerp(one.joints, other.joints),
        left_eye=lerp(one.left_eye, other.left_eye),
        right_eye=lerp(one.right_eye, other.right_eye),
        mouth=lerp(one.mouth, other.mouth),
        head_top=(1 - t) * one.head_top + t * other.head_top,
        eye_gain=(1 - t) * one.eye_gain + t * other.eye_gain,
    )


def straight(pictures: Tensor) -> U8:
    """Return drawn pictures, (N, 4, H, W) premultiplied in -1..1, as uint8 (N, H, W, 4) with straight alpha."""
    values = (pictures.detach().float() / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).cpu().numpy()
    alpha = values[..., 3:]
    colour = np.minimum(values[..., :3], alpha) / np.maximum(alpha, 1 / 255)
    return np.asarray(np.concatenate([colour, alpha], axis=-1) * 255 + 0.5, np.uint8)
