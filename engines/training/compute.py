"""What a training computes on, and in which precision."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import torch
from torch import Tensor, nn

from engines.errors import BackendError

Precision = Literal["bf16", "fp32"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

M = TypeVar("M", bound=nn.Module)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """A device and the precision of what runs under `autocast` on it.

    Args:
        device: where modules and batches are.
        precision: `bf16` lets matrix products and convolutions under `autocast` run in bfloat16; `fp32` does not.
    """

    device: torch.device
    precision: Precision = "bf16"

    def autocast(self) -> AbstractContextManager[None]:
        """Return a context in which matrix products and convolutions run in the precision."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.precision == "bf16")

    def exact(self) -> AbstractContextManager[None]:
        """Return a context inside of `autocast` in which float32 stays float32: coordinates, penalties."""
        return torch.autocast(self.device.type, enabled=False)

    def place(self, module: M) -> M:
        """Move a module to the device, with its convolutions' weights in channels-last order, and return it."""
        module.to(self.device)
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return module

    def batch(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return a batch on the device, its uint8 and float32 pictures (B, C, H, W) in channels-last order."""
        moved = {}
        for name, tensor in tensors.items():
            picture = tensor.dim() == 4 and tensor.dtype in (torch.uint8, torch.float32)
            layout = torch.channels_last if picture else torch.preserve_format
            moved[name] = tensor.to(self.device, non_blocking=True, memory_format=layout)
        return moved

    def __str__(self) -> str:
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "CPU"
        threads = f", {torch.get_num_threads()} threads" if self.device.type == "cpu" else ""
        return f"{name}{threads}, {self.precision}"


def find_compute(device: str | None = None, precision: Precision = "bf16", local_rank: int = 0) -> Compute:
    """Return what there is: the GPU of this process, else the CPU.

    Args:
        device: `cuda` or `cpu` to insist on one.
        precision: under autocast.
        local_rank: number of this process on its machine; it takes the GPU of that number.

    Raises:
        BackendError: a GPU was asked for and there is none, or not as many as processes.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "cuda" and not count:
        raise BackendError("--device cuda: torch finds no GPU here; leave the option out to train on the CPU")
    if device == "cpu" or not count:
        return Compute(device=torch.device("cpu"), precision=precision)
    if local_rank >= count:
        raise BackendError(
            f"process {local_rank + 1} has no GPU: there are {count}; start {count} with --nproc-per-node"
        )
    torch.cuda.set_device(local_rank)
    torch.backends.cudnn.benchmark = True  # sizes stay the same for a phase: the quickest algorithm is worth finding
    return Compute(device=torch.device("cuda", local_rank), precision=precision)
