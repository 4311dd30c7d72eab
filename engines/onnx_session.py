"""Opens and runs ONNX files with ONNX Runtime: the one place that knows that its errors have no common base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import BackendError, DeviceMemoryError

F32 = npt.NDArray[np.float32]

#: What ONNX Runtime puts behind the name of every execution provider.
_SUFFIX = "ExecutionProvider"
#: Name of the first axis of inputs and outputs in our ONNX files: how many pictures there are at once.
BATCH = "batch"
#: A provider that computes nothing here: it asks a server.
_REMOTE = "Azure"
CPU = "CPU"
#: How ONNX Runtime and its providers say that memory has run out, in small letters.
_NO_MEMORY = ("out of memory", "failed to allocate memory", "bad allocation", "bad_alloc", "cudaerrormemoryallocation")


class OnnxSession:
    """A network that ONNX Runtime runs.

    A provider that cannot take the whole network is refused: ONNX Runtime would go on with the CPU and say so in its
    log only.

    Args:
        name: of the file, for messages.
        content: of the file.
        threads: how many it may use on the CPU; 0 leaves it to ONNX Runtime.
        provider: short name of the execution provider, of :func:`available_providers` or a plug-in's.
        provider_options: the provider's own.
        batch: how many pictures every call will have, which lets a provider compile for just that; None for any.

    Raises:
        BackendError: the package is missing, or the provider is, or it refuses the file.
        DeviceMemoryError: the device has no memory for it.
    """

    def __init__(
        self,
        name: str,
        content: bytes,
        threads: int = 1,
        provider: str = CPU,
        provider_options: Mapping[str, str] | None = None,
        batch: int | None = None,
    ) -> None:
        onnxruntime = _library()
        options, chosen = _options(provider, threads, provider_options, batch)
        try:
            self._session = onnxruntime.InferenceSession(content, options, enable_fallback=0, **chosen)
        except Exception as error:
            raise _told(f"ONNX Runtime refuses {name}", error) from error
        runs = self._session.get_providers()
        if provider + _SUFFIX not in runs:
            raise BackendError(
                f"ONNX Runtime cannot load its provider {provider!r} and would run {name} with {', '.join(runs)}; "
                "install what the provider needs (its log says what is missing)"
            )
        self._name = name
        #: Version of the library.
        self.version = str(onnxruntime.__version__)
        #: What the file says of itself.
        self.notes: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map

    def run(self, outputs: Sequence[str], inputs: Mapping[str, F32]) -> list[npt.NDArray[Any]]:
        """Return outputs by name.

        Raises:
            BackendError: the network has other inputs or outputs, or fails.
            DeviceMemoryError: the device has no memory for it.
        """
        try:
            return list(self._session.run(list(outputs), dict(inputs)))
        except Exception as error:
            raise _told(f"ONNX Runtime cannot run {self._name}", error) from error


def compiled(
    name: str,
    content: bytes,
    provider: str,
    provider_options: Mapping[str, str] | None = None,
    batch: int | None = None,
) -> bytes:
    """Return an ONNX file that holds what a provider compiled of a network, for sessions with the same arguments.

    Raises:
        BackendError: the package is missing, or the provider is, or it refuses the file.
        DeviceMemoryError: the device has no memory for it.
    """
    onnxruntime = _library()
    options, chosen = _options(provider, 0, provider_options, batch)
    for full_name, own in chosen.get("providers", ()):
        options.add_provider(full_name, own)
    try:
        compiler = onnxruntime.ModelCompiler(options, content, embed_compiled_data_into_model=True)
        return bytes(compiler.compile_to_bytes())
    except Exception as error:
        raise _told(f"ONNX Runtime cannot compile {name}", error) from error


def available_providers() -> tuple[str, ...]:
    """Return the short names of the execution providers that the installed build can compute with, its best first.

    Raises:
        BackendError: the package is missing.
    """
    return tuple(name for name in _built_in() if name != _REMOTE)


def register_plugin(name: str, library: Path) -> None:
    """Add a plug-in's execution provider to those that sessions may ask for.  Idempotent.

    Args:
        name: short name of its provider.
        library: its shared library.

    Raises:
        BackendError: the package is missing, the library cannot be loaded, or it finds no device that it can use.
    """
    onnxruntime = _library()
    full_name = name + _SUFFIX
    if not any(device.ep_name == full_name for device in onnxruntime.get_ep_devices()):
        try:
            onnxruntime.register_execution_provider_library(full_name, str(library))
        except Exception as error:
            raise BackendError(f"ONNX Runtime cannot load {library.name}: {_reason(error)}") from error
        if not any(device.ep_name == full_name for device in onnxruntime.get_ep_devices()):
            onnxruntime.unregister_execution_provider_library(full_name)
            raise BackendError(f"{library.name} finds no device that it can use")


def _options(
    provider: str, threads: int, provider_options: Mapping[str, str] | None, batch: int | None
) -> tuple[Any, dict[str, Any]]:
    """Return a session's options, and what else it is told: a provider of the build's own stands there."""
    onnxruntime = _library()
    full_name, own = provider + _SUFFIX, dict(provider_options or {})
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3 if provider == CPU else 4  # refusals are ours to tell
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave the cores to the tracker
    if batch is not None:
        options.add_free_dimension_override_by_name(BATCH, batch)
    if provider != CPU:
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    if provider in _built_in():
        return options, {"providers": [(full_name, own)]}
    devices = [device for device in onnxruntime.get_ep_devices() if device.ep_name == full_name]
    if not devices:
        raise BackendError(
            f"ONNX Runtime {onnxruntime.__version__} has no provider {provider!r} here; "
            f"this build has {', '.join(available_providers())}"
        )
    options.add_provider_for_devices(devices[:1], own)
    return options, {}


def _library() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise BackendError(f"package onnxruntime cannot be imported ({error}); pip install onnxruntime") from error
    return onnxruntime


def _built_in() -> tuple[str, ...]:
    return tuple(name.removesuffix(_SUFFIX) for name in _library().get_available_providers())


def _told(what: str, error: Exception) -> BackendError:
    """Return our own error for one of ONNX Runtime's."""
    text = str(error).lower()
    kind = DeviceMemoryError if any(word in text for word in _NO_MEMORY) else BackendError
    return kind(f"{what}: {_reason(error)}")


def _reason(error: Exception) -> str:
    """Return the last part of an error's first line: before it stand numbers and paths."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line.rpartition(" with error: ")[2] or line
