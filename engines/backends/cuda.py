"""CUDA's runtime for the TensorRT backend: memory, a stream and graphs, with errors in our words.

Written to cuda-bindings' public API (`cuda.bindings.runtime`); every function there returns its error first.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import BackendError, DeviceMemoryError

logger = logging.getLogger(__name__)

F32 = npt.NDArray[np.float32]

#: NVIDIA's driver, as programs load it.
_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
#: The card that is used: the first; CUDA_VISIBLE_DEVICES chooses another.
DEVICE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A graphics card: its name, compute capability ("9.0") and memory in bytes."""

    name: str
    capability: str
    memory_bytes: int


@cache
def why_no_driver() -> str | None:
    """Return why NVIDIA's driver cannot be used here; None when it is there."""
    try:
        ctypes.CDLL(_DRIVER)
    except OSError as error:
        logger.debug("%s: %s", _DRIVER, error)
        return f"no NVIDIA card with a driver is here ({_DRIVER} cannot be loaded)"
    return None


class Cuda:
    """The runtime on the first card.

    Raises:
        BackendError: package cuda-bindings, the driver or the card is missing.
    """

    def __init__(self) -> None:
        reason = why_no_driver()
        if reason:
            raise BackendError(reason)
        try:
            from cuda.bindings import runtime
        except ImportError as error:
            raise BackendError(
                f"package cuda-bindings cannot be imported ({error}); pip install animirror[tensorrt]"
            ) from error
        self.api: Any = runtime
        if self.call("cudaGetDeviceCount") < 1:
            raise BackendError("NVIDIA's driver is here, but no card that this process may use")
        self.call("cudaSetDevice", DEVICE)
        properties = self.call("cudaGetDeviceProperties", DEVICE)
        #: The card.
        self.card = Card(
            name=properties.name.split(b"\0")[0].decode(),
            capability=f"{properties.major}.{properties.minor}",
            memory_bytes=int(properties.totalGlobalMem),
        )

    def call(self, function: str, *arguments: object) -> Any:
        """Return what a function of the runtime returns behind its error.

        Raises:
            DeviceMemoryError: the card's memory is full.
            BackendError: it failed otherwise.
        """
        error, *values = getattr(self.api, function)(*arguments)
        if error == self.api.cudaError_t.cudaSuccess:
            return values[0] if len(values) == 1 else tuple(values)
        text = self.api.cudaGetErrorString(error)[1]
        what = f"CUDA: {function} failed: {text.decode() if isinstance(text, bytes) else text}"
        self.api.cudaGetLastError()  # or the next call is told again
        if error == self.api.cudaError_t.cudaErrorMemoryAllocation:
            raise DeviceMemoryError(f"{what}; {self.free_bytes() / 2**20:.0f} MiB are free")
        raise BackendError(what)

    def free_bytes(self) -> int:
        """Return how much of the card's memory is free."""
        error, free, _total = self.api.cudaMemGetInfo()
        return int(free) if error == self.api.cudaError_t.cudaSuccess else 0

    def wait(self, stream: object) -> None:
        """Wait until a stream has done all it was told."""
        self.call("cudaStreamSynchronize", stream)


class DeviceMemory:
    """Memory on the card, freed by :meth:`close`.

    Raises:
        DeviceMemoryError: there is not so much.
    """

    def __init__(self, cuda: Cuda, size: int) -> None:
        self._cuda = cuda
        self.size = size
        #: Its address, a multiple of 256.
        self.address = int(cuda.call("cudaMalloc", max(size, 1)))

    def close(self) -> None:
        """Free it.  Idempotent."""
        if self.address:
            self._cuda.call("cudaFree", self.address)
            self.address = 0


class PinnedArray:
    """A float32 array in page-locked memory of the host, which the card copies from and to by itself."""

    def __init__(self, cuda: Cuda, shape: tuple[int, ...]) -> None:
        self._cuda = cuda
        self.size = int(np.prod(shape)) * 4
        self.address = int(cuda.call("cudaHostAlloc", self.size, cuda.api.cudaHostAllocDefault))
        buffer = (ctypes.c_float * int(np.prod(shape))).from_address(self.address)
        #: The array; valid until :meth:`close`.
        self.array: F32 = np.ctypeslib.as_array(buffer).reshape(shape)

    def close(self) -> None:
        """Free it.  Idempotent."""
        if self.address:
            self._cuda.call("cudaFreeHost", self.address)
            self.address = 0


class Graph:
    """What one function enqueues on a stream, captured, so that it costs one call from then on.

    Args:
        cuda: the runtime.
        stream: on which `enqueue` works; nothing else may use it meanwhile.
        enqueue: enqueues the work.

    Raises:
        BackendError: the work cannot be captured.
    """

    def __init__(self, cuda: Cuda, stream: object, enqueue: Callable[[], None]) -> None:
        self._cuda, self._stream = cuda, stream
        mode = cuda.api.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        cuda.call("cudaStreamBeginCapture", stream, mode)
        try:
            enqueue()
        finally:
            captured = cuda.call("cudaStreamEndCapture", stream)
        try:
            self._graph = cuda.call("cudaGraphInstantiate", captured, 0)
        finally:
            cuda.call("cudaGraphDestroy", captured)

    def launch(self) -> None:
        """Enqueue the work."""
        self._cuda.call("cudaGraphLaunch", self._graph, self._stream)

    def close(self) -> None:
        """Free it.  Idempotent."""
        if self._graph is not None:
            self._cuda.call("cudaGraphExecDestroy", self._graph)
            self._graph = None
