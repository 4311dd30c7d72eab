"""Several processes that train one set of weights, by torch's own distributed.

Started by torchrun, each process has its share of every batch. Gradients are averaged, so that all take the same
step; buffers are those of process 0, which alone writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from engines.errors import TrainingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """One process among those that train together.

    Args:
        rank: its number, from 0, over all machines.
        world: how many there are.
        local_rank: its number on its machine: which GPU it takes.
    """

    rank: int = 0
    world: int = 1
    local_rank: int = 0

    def __str__(self) -> str:
        return "one process" if self.world == 1 else f"{self.world} processes"

    @property
    def writes(self) -> bool:
        """Whether this one writes checkpoints and logs: one of them does."""
        return self.rank == 0

    @torch.no_grad()
    def average_gradients(self, parameters: Sequence[Tensor]) -> None:
        """Average the gradients of parameters over all processes, in one message.

        A parameter that has a gradient in some of them counts as zero in the others; one that has none anywhere
        keeps none, as if there were one process.
        """
        if self.world == 1:
            return
        used = [float(parameter.grad is not None) for parameter in parameters]
        flat = torch.cat(
            [
                *(
                    (torch.zeros_like(parameter) if parameter.grad is None else parameter.grad).flatten().float()
                    for parameter in parameters
                ),
                torch.tensor(used, device=parameters[0].device),
            ]
        )
        dist.all_reduce(flat)
        anywhere = flat[len(flat) - len(used) :].tolist()
        start = 0
        for parameter, count in zip(parameters, anywhere, strict=True):
            part = flat[start : start + parameter.numel()].view(parameter.shape) / self.world
            start += parameter.numel()
            parameter.grad = part.to(parameter.dtype) if count else None

    @torch.no_grad()
    def share_buffers(self, modules: Iterable[nn.Module]) -> None:
        """Give all processes the buffers of process 0."""
        self._share([buffer for module in modules for buffer in module.buffers()])

    @torch.no_grad()
    def share_weights(self, modules: Iterable[nn.Module]) -> None:
        """Give all processes the parameters and buffers of process 0."""
        self._share([tensor for module in modules for tensor in (*module.parameters(), *module.buffers())])

    def _share(self, tensors: Sequence[Tensor]) -> None:
        if self.world == 1:
            return
        for dtype in sorted({tensor.dtype for tensor in tensors}, key=str):
            same = [tensor for tensor in tensors if tensor.dtype == dtype]
            flat = torch.cat([tensor.flatten() for tensor in same])
            dist.broadcast(flat, 0)
            for tensor, part in zip(same, flat.split([tensor.numel() for tensor in same]), strict=True):
                tensor.copy_(part.view(tensor.shape))

    def agree(self, number: int, device: torch.device) -> int:
        """Return the number that process 0 says."""
        if self.world == 1:
            return number
        told = torch.tensor(number, device=device)
        dist.broadcast(told, 0)
        return int(told)

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.world > 1:
            dist.barrier()


def join(device: str | None = None) -> Processes:
    """Join the processes that torchrun started; alone without it.

    Args:
        device: `cpu` or `cuda`; None: what there is.

    Raises:
        TrainingError: torchrun's environment is incomplete or the others cannot be reached.
    """
    if "RANK" not in os.environ:
        return Processes()
    try:
        processes = Processes(
            rank=int(os.environ["RANK"]),
            world=int(os.environ["WORLD_SIZE"]),
            local_rank=int(os.environ["LOCAL_RANK"]),
        )
        if processes.world > 1:
            gpu = device != "cpu" and torch.cuda.is_available()
            if gpu:
                torch.cuda.set_device(processes.local_rank)
            dist.init_process_group("nccl" if gpu else "gloo")
    except (KeyError, ValueError, RuntimeError) as error:
        raise TrainingError(f"the other processes cannot be joined ({error}); start with torchrun") from error
    return processes


def leave() -> None:
    """Leave the other processes, if any were joined."""
    if dist.is_initialized():
        dist.destroy_process_group()
