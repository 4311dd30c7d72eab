"""Builds a TensorRT plan of the network: strongly typed, for one picture and for several at once.

Written to the Python API of TensorRT 10 and 11.  Networks are strongly typed: 11 knows nothing else, so float16 stands
in the ONNX file (`engines.half_precision`), not in a flag.
"""

from __future__ import annotations

import hashlib
import logging
import time
from pathlib import Path
from typing import Any

from engines.backends.cuda import Card
from engines.backends.plan_cache import PlanIdentity
from engines.cache_folder import write_whole
from engines.errors import BackendError, DeviceMemoryError
from engines.network import INPUTS, MAX_BATCH, Precision

logger = logging.getLogger(__name__)

#: Numbers of pictures that a plan is made for: (smallest, best, largest) of each optimisation profile.  The live path
#: draws one at a time, so one has a profile of its own.
PROFILES = ((1, 1, 1), (2, 8, MAX_BATCH))
#: Most memory that a layer's scratch may take while tactics are tried, bytes.  The network's largest tensor at 16
#: pictures is 34 MB in float32; convolutions by transformation take a few times that.
WORKSPACE_BYTES = 1 << 30
#: 0..5; 3 is TensorRT's own default.
OPTIMISATION_LEVEL = 3
#: Seconds between two lines of progress.
_PROGRESS_S = 2.0


def library() -> Any:
    """Return the module tensorrt.

    Raises:
        BackendError: the package is missing or cannot load its libraries.
    """
    try:
        import tensorrt
    except (ImportError, OSError) as error:
        raise BackendError(f"package tensorrt cannot be imported ({error}); pip install animirror[tensorrt]") from error
    return tensorrt


def plan_identity(onnx: bytes, precision: Precision, version: str, card: Card) -> PlanIdentity:
    """Return what a plan of this network would be kept as."""
    return PlanIdentity(
        onnx_sha256=hashlib.sha256(onnx).hexdigest(),
        runtime=f"tensorrt {version}",
        device=card.name,
        capability=card.capability,
        precision=precision,
        shapes=" ".join("/".join(map(str, profile)) for profile in PROFILES),
        flags=f"strongly typed, no TF32, level {OPTIMISATION_LEVEL}, workspace {WORKSPACE_BYTES}",
    )


def make_logger() -> Any:
    """Return a logger for TensorRT that writes into ours."""
    trt = library()
    levels = {
        trt.ILogger.Severity.INTERNAL_ERROR: logging.ERROR,
        trt.ILogger.Severity.ERROR: logging.ERROR,
        trt.ILogger.Severity.WARNING: logging.WARNING,
        trt.ILogger.Severity.INFO: logging.DEBUG,
    }

    class Logger(trt.ILogger):  # type: ignore[misc, name-defined]  # its library has no types
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: object, msg: str) -> None:
            if severity in levels:
                logger.log(levels[severity], "TensorRT: %s", msg)

    return Logger()


def build_plan(onnx: bytes, name: str, identity: PlanIdentity, timing: Path, trt_logger: Any) -> bytes:
    """Return a serialised plan; says how far it is.

    Args:
        onnx: the network, in the number formats that it shall compute in.
        name: of its file, for messages.
        identity: what it is built for.
        timing: file in which measured kernel times are kept for the next build.
        trt_logger: of :func:`make_logger`.

    Raises:
        BackendError: TensorRT refuses the network.
        DeviceMemoryError: the card's memory is full.
    """
    trt = library()
    logger.info("TensorRT builds a plan of %s in %s for %s; once", name, identity.precision, identity.device)
    began_s = time.monotonic()
    builder = trt.Builder(trt_logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, trt_logger)
    if not parser.parse(onnx):
        reasons = "; ".join(str(parser.get_error(index)) for index in range(parser.num_errors))
        raise BackendError(f"TensorRT refuses {name}: {reasons or 'without a reason'}")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE_BYTES)
    config.clear_flag(trt.BuilderFlag.TF32)
    config.builder_optimization_level = OPTIMISATION_LEVEL
    inputs = [network.get_input(index) for index in range(network.num_inputs)]
    if sorted(tensor.name for tensor in inputs) != sorted(INPUTS):
        raise BackendError(f"{name}: has inputs {', '.join(tensor.name for tensor in inputs)}, expected {INPUTS}")
    for counts in PROFILES:
        profile = builder.create_optimization_profile()
        for tensor in inputs:
            profile.set_shape(tensor.name, *((count, *tuple(tensor.shape)[1:]) for count in counts))
        config.add_optimization_profile(profile)
    config.set_timing_cache(config.create_timing_cache(_read(timing)), False)
    monitor = _make_monitor()  # must outlive the build
    config.progress_monitor = monitor
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise _refused(name, identity)
    _keep_timing(timing, config)
    content = bytes(plan)
    logger.info("TensorRT built %.1f MB in %.0f s", len(content) / 1e6, time.monotonic() - began_s)
    return content


def timing_file(folder: Path, version: str, card: Card) -> Path:
    """Return where kernel times of this card and version are kept."""
    name = hashlib.sha256(f"{version} {card.name} {card.capability}".encode()).hexdigest()[:16]
    return folder / "plans" / f"timing-{name}.cache"


def _make_monitor() -> Any:
    """Return a monitor that logs how far a build is, by its outermost phase."""
    trt = library()

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc, name-defined]  # its library has no types
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self._steps: dict[str, int] = {}
            self._told_s = time.monotonic()

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            if not parent_phase:
                self._steps[phase_name] = max(int(num_steps), 1)

        def step_complete(self, phase_name: str, step: int) -> bool:
            steps, now_s = self._steps.get(phase_name), time.monotonic()
            if steps and now_s - self._told_s >= _PROGRESS_S:
                self._told_s = now_s
                logger.info("TensorRT: %s, %d of %d", phase_name, step + 1, steps)
            return True  # go on

        def phase_finish(self, phase_name: str) -> None:
            self._steps.pop(phase_name, None)

    return Monitor()


def _refused(name: str, identity: PlanIdentity) -> BackendError:
    """Return the error for a build that came to nothing: TensorRT says why in its log only."""
    return DeviceMemoryError(
        f"TensorRT cannot build {name} for {identity.device}: its own messages above say why; most often the card's "
        "memory is full: stop what else uses the card, or choose --engine onnxruntime"
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _keep_timing(path: Path, config: Any) -> None:
    try:
        write_whole(path, bytes(config.get_timing_cache().serialize()))
    except OSError as error:
        logger.warning("%s: kernel times cannot be kept (%s); the next build takes as long", path, error)
