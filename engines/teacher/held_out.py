"""What a teacher makes of poses it has not seen: figures and contact sheets while it learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engines.framing import FRAMINGS
from engines.teacher.codes import Codes
from engines.teacher.data import TeacherData
from engines.teacher.generator import Generator
from engines.teacher.palette_condition import palette_condition, sample_palette
from engines.teacher.structure_maps import STRUCTURE
from engines.training.compute import Compute
from engines.training.contact_sheet import sheet, tiles

U8 = npt.NDArray[np.uint8]

#: Pictures that are measured, and drawn at a time.
MEASURED, _AT_ONCE = 64, 8
#: Contact sheets: characters beside their renders, sampled characters, steps of a mix.
_SHOWN, _SAMPLED, _MIX = 8, 24, 8
#: Sampled characters are shown at this truncation.
TRUNCATION_PSI = 0.7
_FACE = tuple(STRUCTURE.index(name) for name in ("eyes", "brows", "mouth"))


class HeldOut:
    """Held-out poses of a data set, or the first training pictures of a set that holds none out.

    Args:
        folder: of the data set.
        train: its training split.
    """

    def __init__(self, folder: Path, train: TeacherData) -> None:
        framings = FRAMINGS if train.shown == "any" else (train.shown,)
        holds_out = any(
            shard["split"] == "held_out_poses" and shard["framing"] in framings
            for shard in train.reader.manifest["shards"]
        )
        self._data = TeacherData(folder, train.shown, "held_out_poses", train.names) if holds_out else train
        rows = np.linspace(0, len(self._data) - 1, min(MEASURED, len(self._data))).astype(int)
        self._rows = list(dict.fromkeys(rows.tolist()))
        self._each = self._data.one_row_each()[:_SHOWN]

    def measure(self, generator: Generator, codes: Codes, compute: Compute) -> dict[str, float]:
        """Return PSNR in dB of whole pictures and of eyes, brows and mouth (premultiplied RGBA)."""
        whole, face = [], []
        for first in range(0, len(self._rows), _AT_ONCE):
            drawn, true, maps = self._drawn(self._rows[first : first + _AT_ONCE], generator, codes, compute)
            square = (drawn - true).square().mean(dim=1, keepdim=True)
            whole += square.mean(dim=(1, 2, 3)).tolist()
            weight = torch.nn.functional.interpolate(maps[:, _FACE].amax(1, keepdim=True), size=drawn.shape[2:])
            weight = (weight > 0.5).to(square.dtype)
            amount = weight.sum(dim=(1, 2, 3))
            face += ((square * weight).sum(dim=(1, 2, 3)) / amount.clamp(min=1))[amount > 0].tolist()
        return {"psnr": _psnr(whole), "psnr_face": _psnr(face)}

    def pictures(self, generator: Generator, codes: Codes, compute: Compute) -> dict[str, U8]:
        """Return sheets: characters beside their renders, sampled ones, and a mix of two."""
        drawn, true, _ = self._drawn(self._each, generator, codes, compute)
        found = {"held_out": sheet([tiles(true), tiles(drawn)])}
        rng = np.random.default_rng(0)
        torch.manual_seed(0)
        config = generator.config
        z = torch.randn(_SAMPLED, config.z_dim, device=compute.device)
        labs = [self._data.sample(row).lab for row in self._each]
        palettes = [palette_condition(sample_palette(rng, labs[number % len(labs)])) for number in range(_SAMPLED)]
        maps = self._maps([self._each[number % len(self._each)] for number in range(_SAMPLED)], _cells(generator))
        rows = []
        for first in range(0, _SAMPLED, _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            palette = torch.from_numpy(np.stack(palettes[part])).to(compute.device)
            w = generator.mapping(z[part], palette, TRUNCATION_PSI)
            rows.append(tiles(_shown(generator, w, maps[part].to(compute.device), compute)))
        found["sampled"] = sheet(rows)
        if len(self._each) > 1:
            found["mix"] = sheet([tiles(self._mixture(generator, codes, compute))])
        return found

    def _mixture(self, generator: Generator, codes: Codes, compute: Compute) -> Tensor:
        """Return the first character turning into the second in one pose, (_MIX, 4, R, R)."""
        first, second = self._each[:2]
        palette = np.stack([palette_condition(self._data.sample(row).lab) for row in (first, second)])
        index = torch.as_tensor(self._data.character_of[[first, second]], device=compute.device)
        one, other = generator.mapping(codes(index), torch.from_numpy(palette).to(compute.device))
        t = torch.linspace(0, 1, _MIX, device=compute.device)[:, None]
        maps = self._maps([first], _cells(generator)).to(compute.device)
        return _shown(generator, torch.lerp(one, other, t), maps.expand(_MIX, -1, -1, -1), compute)

    def _drawn(
        self, rows: list[int], generator: Generator, codes: Codes, compute: Compute
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return some rows as drawn and as they are, (N, 4, R, R) in 0..1, and their structure maps."""
        size = int(generator.synthesis.grown[0])
        true = np.stack([self._data.picture(row, size) for row in rows]).transpose(0, 3, 1, 2)
        palette = np.stack([palette_condition(self._data.sample(row).lab) for row in rows])
        index = torch.as_tensor(self._data.character_of[rows], device=compute.device)
        w = generator.mapping(codes(index), torch.from_numpy(palette).to(compute.device))
        maps = self._maps(rows, _cells(generator)).to(compute.device)
        return _shown(generator, w, maps, compute), torch.from_numpy(true).to(compute.device).float() / 255, maps

    def _maps(self, rows: list[int], size: int) -> Tensor:
        return torch.from_numpy(np.stack([self._data.structure(row, self._data.sample(row), size) for row in rows]))


def _shown(generator: Generator, w: Tensor, maps: Tensor, compute: Compute) -> Tensor:
    """Return pictures of styles w (N, w_dim), float32 (N, 4, R, R), premultiplied RGBA in 0..1."""
    with compute.autocast():
        drawn = generator.synthesis(generator.styles(w), maps, noise="fixed")
    picture: Tensor = drawn.float() / 2 + 0.5
    return picture.clamp(0, 1)


def _cells(generator: Generator) -> int:
    """Return the cells per side of the structure maps for what the generator has grown to."""
    return generator.config.structure_px(int(generator.synthesis.grown[0]))


def _psnr(errors: list[float]) -> float:
    """Return the mean PSNR in dB of mean squared errors; 0 of none."""
    return float(np.mean([-10 * np.log10(max(error, 1e-10)) for error in errors])) if errors else 0.0
