"""TensorRT proper: a plan, one context and CUDA graph per number of pictures, on a stream of its own.

**Not yet run on hardware**: written to the public API, and checked against the names of the real bindings
(tests/engines/backends/test_tensorrt.py does so wherever the package is installed).
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.backends.cuda import Cuda, DeviceMemory, Graph, PinnedArray
from engines.backends.plan_cache import PlanCache, PlanIdentity
from engines.backends.tensorrt_plan import PROFILES, build_plan, library, make_logger, plan_identity, timing_file
from engines.errors import BackendError, DeviceMemoryError
from engines.half_precision import in_half
from engines.network import INPUTS, MAX_BATCH, OUTPUT, NetworkInfo, Precision
from engines.weights import Weights

logger = logging.getLogger(__name__)

F32 = npt.NDArray[np.float32]


def network_file(weights: Weights, precision: Precision) -> bytes:
    """Return the ONNX file in the number formats that a plan is to compute in.

    Raises:
        BackendError: package onnx is missing, which f16 needs, or the precision is not offered.
    """
    content = weights.onnx.read_bytes()
    if precision == "f32":
        return content
    if precision == "f16":
        return in_half(content, weights.onnx.name)
    raise BackendError(f"TensorRT is offered in f16 and f32, not in {precision}")


def has_plan(weights: Weights, precision: Precision, cache: Path) -> bool:
    """Return whether a plan for this card is kept.

    Raises:
        BackendError: TensorRT or CUDA cannot run here.
    """
    identity = plan_identity(network_file(weights, precision), precision, library().__version__, Cuda().card)
    return PlanCache(cache).has(identity)


class TensorRtNetwork:
    """Runs the network with TensorRT on the first card.

    Args:
        weights: what to run.
        precision: "f16" or "f32".
        cache: folder for plans and kernel times.

    Raises:
        BackendError: a package, the driver or the card is missing, or TensorRT refuses the network.
        DeviceMemoryError: the card has no memory for a single picture.
    """

    def __init__(self, weights: Weights, precision: Precision, cache: Path) -> None:
        trt = library()
        self._cuda = Cuda()
        self._logger = make_logger()
        self._runtime = trt.Runtime(self._logger)
        self._engine = self._opened(weights, precision, cache)
        self._stream = self._cuda.call("cudaStreamCreateWithFlags", self._cuda.api.cudaStreamNonBlocking)
        self._scratch: DeviceMemory | None = None
        self._runners: dict[int, _Runner] = {}
        self._info = NetworkInfo(
            backend="tensorrt",
            backend_version=str(trt.__version__),
            device=f"CUDA: {self._cuda.card.name}",
            precision=precision,
            max_batch=MAX_BATCH,
        )
        self._runner(1)

    @property
    def info(self) -> NetworkInfo:
        """What runs the network."""
        return self._info

    def predict(self, inputs: dict[str, F32]) -> F32:
        """Return the changes of N pictures, (N, 3, 2 cells, 2 cells)."""
        return self._runner(len(inputs[INPUTS[0]])).run(inputs)

    def device_ms(self, inputs: dict[str, F32], runs: int = 20) -> float:
        """Return the card's own time for a call, its copies with it, by its events, milliseconds."""
        runner = self._runner(len(inputs[INPUTS[0]]))
        runner.run(inputs)
        begin, end = (self._cuda.call("cudaEventCreate") for _ in range(2))
        self._cuda.call("cudaEventRecord", begin, self._stream)
        for _ in range(runs):
            runner.enqueue()
        self._cuda.call("cudaEventRecord", end, self._stream)
        self._cuda.call("cudaEventSynchronize", end)
        spent_ms = float(self._cuda.call("cudaEventElapsedTime", begin, end))
        for event in (begin, end):
            self._cuda.call("cudaEventDestroy", event)
        return spent_ms / runs

    def close(self) -> None:
        """Free the card.  Idempotent."""
        self._forget()
        if self._stream is not None:
            self._cuda.call("cudaStreamDestroy", self._stream)
        self._stream = self._engine = self._runtime = None

    def _opened(self, weights: Weights, precision: Precision, cache: Path) -> Any:
        """Return the engine of the kept plan; one that TensorRT refuses is built again."""
        content = network_file(weights, precision)
        version = str(library().__version__)
        identity = plan_identity(content, precision, version, self._cuda.card)
        plans, timing = PlanCache(cache), timing_file(cache, version, self._cuda.card)

        def build() -> bytes:
            return build_plan(content, weights.onnx.name, identity, timing, self._logger)

        for _ in range(2):
            engine = self._runtime.deserialize_cuda_engine(plans.get(identity, build))
            if engine is not None:
                return engine
            plans.drop(identity, "TensorRT refuses this plan")
        raise _no_engine(identity)

    def _runner(self, count: int) -> _Runner:
        """Return what runs so many pictures; all runners share one scratch memory, because they take turns."""
        if count in self._runners:
            return self._runners[count]
        runner = _Runner(self._cuda, self._stream, self._engine, count)
        try:
            if self._scratch is None or self._scratch.size < runner.scratch_bytes:
                self._forget()  # graphs know the old memory's address
                self._scratch = DeviceMemory(self._cuda, runner.scratch_bytes)
            runner.prepare(self._scratch)
        except BackendError:
            runner.close()
            raise
        self._runners[count] = runner
        return runner

    def _forget(self) -> None:
        for runner in self._runners.values():
            runner.close()
        self._runners.clear()
        if self._scratch is not None:
            self._scratch.close()
            self._scratch = None


class _Runner:
    """A context for one number of pictures, its memory, and its work as a graph.

    Raises:
        DeviceMemoryError: the card has no memory for it.
    """

    def __init__(self, cuda: Cuda, stream: object, engine: Any, count: int) -> None:
        trt = library()
        self._cuda, self._stream = cuda, stream
        self._context: Any = engine.create_execution_context(trt.ExecutionContextAllocationStrategy.USER_MANAGED)
        if self._context is None:
            raise DeviceMemoryError(f"TensorRT: no context for {count} pictures; is the card's memory full?")
        profile = next(index for index, (least, _, most) in enumerate(PROFILES) if least <= count <= most)
        if not self._context.set_optimization_profile_async(profile, int(stream)):  # type: ignore[call-overload]
            raise BackendError(f"TensorRT: profile {profile} of the plan cannot be used")
        cuda.wait(stream)
        self._host: dict[str, PinnedArray] = {}
        self._device: dict[str, DeviceMemory] = {}
        self._graph: Graph | None = None
        for name in INPUTS:
            shape = (count, *tuple(engine.get_tensor_shape(name))[1:])
            if not self._context.set_input_shape(name, shape):
                raise BackendError(f"TensorRT: input {name} cannot be {shape}")
            self._add(name, shape)
        self._add(OUTPUT, tuple(self._context.get_tensor_shape(OUTPUT)))
        #: Bytes of scratch memory that these shapes need.
        self.scratch_bytes = int(self._context.update_device_memory_size_for_shapes())

    def prepare(self, scratch: DeviceMemory) -> None:
        """Take the scratch memory, run once, and capture the work."""
        self._context.set_device_memory(scratch.address, scratch.size)
        self._enqueue()  # TensorRT settles what depends on shapes here, which no graph may hold
        self._cuda.wait(self._stream)
        try:
            self._graph = Graph(self._cuda, self._stream, self._enqueue)
        except DeviceMemoryError:
            raise
        except BackendError as error:
            logger.warning("%s; runs without a CUDA graph", error)

    def run(self, inputs: dict[str, F32]) -> F32:
        """Return the changes of the pictures."""
        for name in INPUTS:
            np.copyto(self._host[name].array, inputs[name])
        self.enqueue()
        self._cuda.wait(self._stream)
        return self._host[OUTPUT].array

    def enqueue(self) -> None:
        """Enqueue the work with the inputs that are there."""
        if self._graph is not None:
            self._graph.launch()
        else:
            self._enqueue()

    def close(self) -> None:
        """Free everything.  Idempotent."""
        if self._graph is not None:
            self._graph.close()
        for memory in self._device.values():
            memory.close()
        for pinned in self._host.values():
            pinned.close()
        self._graph = self._context = None

    def _add(self, name: str, shape: tuple[int, ...]) -> None:
        self._host[name] = PinnedArray(self._cuda, shape)
        self._device[name] = DeviceMemory(self._cuda, self._host[name].size)
        if not self._context.set_tensor_address(name, self._device[name].address):
            raise BackendError(f"TensorRT: the plan has no tensor {name}")

    def _enqueue(self) -> None:
        kinds = self._cuda.api.cudaMemcpyKind
        for name in INPUTS:
            host, device = self._host[name], self._device[name]
            self._copy(device.address, host.address, host.size, kinds.cudaMemcpyHostToDevice)
        if not self._context.execute_async_v3(int(self._stream)):  # type: ignore[call-overload]
            raise BackendError("TensorRT cannot run the plan; its own messages above say why")
        host, device = self._host[OUTPUT], self._device[OUTPUT]
        self._copy(host.address, device.address, host.size, kinds.cudaMemcpyDeviceToHost)

    def _copy(self, to: int, source: int, size: int, kind: object) -> None:
        self._cuda.call("cudaMemcpyAsync", to, source, size, kind, self._stream)


def _no_engine(identity: PlanIdentity) -> BackendError:
    return BackendError(f"TensorRT refuses the plan that it has just built for {identity.device}")
