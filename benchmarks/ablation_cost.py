"""What the networks of the ablation cost: parameters, multiplications, and time on this CPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.rows import Row, Spread
from engines.openvino_core import openvino_core

#: Calls that are not counted: caches fill and threads start.
WARM_UP = 10
PRECISIONS = ("bf16", "f32")


def parameters(*modules: nn.Module) -> int:
    """Return how many numbers some modules have learnt."""
    return sum(one.numel() for module in modules for one in module.parameters())


def giga_multiplications(module: nn.Module, inputs: Sequence[Tensor]) -> float:
    """Return the multiply-additions of one call in thousands of millions, of convolutions and matrix products."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(*inputs)
    return float(counter.get_total_flops()) / 2e9


def times_of(work: Callable[[], object], count: int) -> Row:
    """Return how long calls take, after a warm-up, as a spread and as `cpu_ms`: the mean of all threads together.

    On a machine that others use too, `cpu_ms` hardly changes where the spread does.
    """
    times, cpu = [], 0.0
    for number in range(WARM_UP + count):
        before, begin = time.process_time(), time.perf_counter()
        work()
        if number >= WARM_UP:
            times.append((time.perf_counter() - begin) * 1000)
            cpu += (time.process_time() - before) * 1000
    return Spread.of(times).as_row() | {"cpu_ms": round(cpu / count, 2)}


def openvino_call(path: Path, precision: str, threads: int) -> Callable[[], object]:
    """Return a call that runs an ONNX file once on noise on the CPU."""
    properties = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": threads,
    }
    model = openvino_core().compile_model(str(path), "CPU", properties)
    request = model.create_infer_request()
    random = np.random.default_rng(0)
    inputs: list[npt.NDArray[np.float32]] = [random.random(tuple(one.shape), np.float32) for one in model.inputs]

    def call() -> object:
        request.infer(inputs, share_inputs=True)
        return request.get_output_tensor(0).data

    return call
