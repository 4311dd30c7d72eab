"""PyTorch: the reference that the other backends are compared with; on NVIDIA's cards with CUDA graphs."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import BackendError, DeviceMemoryError
from engines.machine import cpu_name
from engines.network import INPUTS, NetworkInfo, NetworkOptions, Precision
from engines.weights import SAFETENSORS_FILE, Weights

F32 = npt.NDArray[np.float32]

#: Times that a batch runs before its CUDA graph is captured: libraries choose their kernels then.
#: Source: PyTorch's notes on CUDA graphs.
_WARM_UP = 3


def precisions() -> tuple[Precision, ...]:
    """Return the precisions that are offered here, most exact first: on a CPU the reference's alone.

    Raises:
        BackendError: torch is missing.
    """
    return ("f32", "f16", "bf16") if _library().cuda.is_available() else ("f32",)


@dataclass(frozen=True, slots=True)
class _Captured:
    """A CUDA graph for one number of pictures, and the tensors that it reads and writes."""

    graph: Any
    inputs: list[Any]
    output: Any
    host: Any  # pinned, for the way back


class TorchNetwork:
    """Runs the safetensors weights: in f32 on the CPU, or on the first CUDA card as one captured graph per batch size.

    Args:
        weights: what to run.
        options: precision and provider ("CPU" or "CUDA"); PyTorch's threads are the process's.

    Raises:
        BackendError: torch is missing, or there is no such device or precision.
        DeviceMemoryError: the card has no memory for the network.
    """

    def __init__(self, weights: Weights, options: NetworkOptions) -> None:
        torch = _library()
        from safetensors.torch import load_file

        from engines.student.network import Student, StudentConfig

        provider = options.provider or ("CUDA" if torch.cuda.is_available() else "CPU")
        if provider not in ("CPU", "CUDA") or (provider == "CUDA" and not torch.cuda.is_available()):
            raise BackendError(f"torch {torch.__version__} has no device for provider {provider!r} here")
        self._precision = options.precision or "f32"
        if self._precision not in (precisions() if provider == "CUDA" else ("f32",)):
            raise BackendError(
                f"torch is the reference: it computes in f32 on the {provider}, not in {self._precision}"
            )
        self._torch, self._on_card = torch, provider == "CUDA"
        self._device = torch.device(provider.lower())
        config = json.loads((weights.folder / "model.json").read_text())["config"]
        student = Student(StudentConfig.from_json(config))
        student.load_state_dict(load_file(weights.folder / SAFETENSORS_FILE))
        with self._told():
            self._student: Any = student.eval().to(self._device)
        self._captured: dict[int, _Captured] = {}
        name = torch.cuda.get_device_name(self._device) if self._on_card else cpu_name()
        self._info = NetworkInfo(
            backend="torch",
            backend_version=torch.__version__,
            device=f"{provider}: {name}",
            precision=self._precision,
        )

    @property
    def info(self) -> NetworkInfo:
        """What runs the network."""
        return self._info

    def predict(self, inputs: dict[str, F32]) -> F32:
        """Return the changes of N pictures, (N, 3, 2 cells, 2 cells)."""
        given = [self._torch.from_numpy(np.ascontiguousarray(inputs[name])) for name in INPUTS]
        with self._torch.inference_mode(), self._told():
            if self._on_card:
                return self._replayed(given)
            return np.asarray(self._student(*given).numpy(), np.float32)

    def device_ms(self, inputs: dict[str, F32], runs: int = 20) -> float | None:
        """Return the card's own time for a call without copies, by its events, milliseconds; None on a CPU."""
        if not self._on_card:
            return None
        self.predict(inputs)
        torch, graph = self._torch, self._captured[len(inputs[INPUTS[0]])].graph
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        for _ in range(runs):
            graph.replay()
        end.record()
        end.synchronize()
        return float(begin.elapsed_time(end)) / runs

    def close(self) -> None:
        """Let go of the network and of the card's memory."""
        self._captured.clear()
        self._student = None
        if self._on_card:
            self._torch.cuda.empty_cache()

    def _replayed(self, given: list[Any]) -> F32:
        """Run on the card, by the graph of this number of pictures."""
        count = len(given[0])
        if count not in self._captured:
            self._captured[count] = self._capture(given)
        captured = self._captured[count]
        for mine, yours in zip(captured.inputs, given, strict=True):
            mine.copy_(yours, non_blocking=True)
        captured.graph.replay()
        captured.host.copy_(captured.output, non_blocking=True)
        self._torch.cuda.current_stream().synchronize()
        return np.asarray(captured.host.numpy(), np.float32)

    def _capture(self, given: list[Any]) -> _Captured:
        torch = self._torch
        inputs = [tensor.to(self._device) for tensor in given]
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(_WARM_UP):
                self._forward(inputs)
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            output = self._forward(inputs)
        host = torch.empty(output.shape, dtype=torch.float32, pin_memory=True)
        return _Captured(graph=graph, inputs=inputs, output=output, host=host)

    def _forward(self, inputs: list[Any]) -> Any:
        torch = self._torch
        kinds = {"f16": torch.float16, "bf16": torch.bfloat16}
        if self._precision == "f32":
            context: Any = torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False)
        else:
            context = torch.autocast(self._device.type, kinds[self._precision], cache_enabled=False)
        with context:
            return self._student(*inputs).float()

    def _told(self) -> Any:
        return _MemoryTold(self._torch) if self._on_card else nullcontext()


class _MemoryTold:
    """Turns torch's error of a full card into ours."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise ours for theirs."""
        if isinstance(error, self._torch.cuda.OutOfMemoryError):
            self._torch.cuda.empty_cache()
            raise DeviceMemoryError(f"torch: the card's memory is full ({str(error).splitlines()[0]})") from error


def _library() -> Any:
    try:
        import torch
    except ImportError as error:
        raise BackendError(f"package torch cannot be imported ({error}); pip install -e .[train]") from error
    return torch
