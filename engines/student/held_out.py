"""What trainings show of held-out pictures: batches of them, PSNR, and contact sheets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engines.student.data import PoseDataset
from engines.training.compute import Compute

U8 = npt.NDArray[np.uint8]

_BATCH = 8
_BACKGROUND = torch.tensor([219.0, 225.0, 237.0]) / 255


def held_out_batches(data: PoseDataset, compute: Compute, count: int) -> Iterator[dict[str, Tensor]]:
    """Yield about `count` samples, spread evenly over the data, as batches on the device."""
    rows = range(0, len(data), max(1, len(data) // count))[:count]
    for start in range(0, len(rows), _BATCH):
        samples = [data[row] for row in rows[start : start + _BATCH]]
        yield compute.batch({name: torch.stack([one[name] for one in samples]) for name in samples[0]})


def psnr(got: Tensor, expected: Tensor) -> Tensor:
    """Return PSNR in dB, (B,), of premultiplied RGBA pictures (B, 4, H, W), 0..1, over a plain background."""
    difference = _over(got).clamp(0, 1) - _over(expected)
    return -10 * difference.square().mean(dim=(1, 2, 3)).clamp(min=1e-10).log10()


def sheet_of(rows: Sequence[Tensor]) -> U8:
    """Return rows of premultiplied RGBA pictures (B, 4, H, W), 0..1, below each other, uint8 (rows H, B W, 3) RGB."""
    sheet = torch.cat([torch.cat(list(_over(row)), dim=2) for row in rows], dim=1)
    return (sheet.clamp(0, 1) * 255 + 0.5).permute(1, 2, 0).cpu().numpy().astype(np.uint8)


def _over(picture: Tensor) -> Tensor:
    return picture[:, :3] + (1 - picture[:, 3:]) * _BACKGROUND.to(picture.device)[:, None, None]
