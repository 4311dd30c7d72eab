"""Opens the networks that lie in the MediaPipe wheel, for OpenVINO to run on the CPU.

OpenVINO reads TensorFlow Lite files and runs them in well under half the time that MediaPipe's own graphs take
for the same networks (`benchmarks/tracking.py`).  What MediaPipe computes around a network is small and stands in the
modules of this package, each formula with its source.
"""

from __future__ import annotations

import functools
import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import BackendError
from engines.openvino_core import openvino_core
from realtime.errors import TrackerError

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFile:
    """A network in the wheel.

    Args:
        path: below `mediapipe/modules`.
        input_px: side of its square input in pixels.
        low, high: what its input calls black and white.
        unused: outputs that nobody asks for, which are then not computed.
    """

    path: str
    input_px: int
    low: float
    high: float
    unused: frozenset[str] = frozenset()


# Input sizes and ranges: `ImageToTensorCalculatorOptions` in the wheel's own graphs (`*.binarypb`).
BODY_WITH_MASK = NetworkFile(path="pose_landmark/pose_landmark_full.tflite", input_px=256, low=0.0, high=1.0)
BODY = replace(BODY_WITH_MASK, unused=frozenset({"Identity_2"}))
BODY_DETECTION = NetworkFile(path="pose_detection/pose_detection.tflite", input_px=224, low=-1.0, high=1.0)
FACE_DETECTION = NetworkFile(
    path="face_detection/face_detection_full_range_sparse.tflite", input_px=192, low=-1.0, high=1.0
)
HAND = NetworkFile(path="hand_landmark/hand_landmark_full.tflite", input_px=224, low=0.0, high=1.0)
HAND_PLACE = NetworkFile(path="holistic_landmark/hand_recrop.tflite", input_px=256, low=0.0, high=1.0)


def modules_folder() -> Path:
    """Return the wheel's folder of networks, without importing the package.

    Raises:
        TrackerError: MediaPipe is not installed.
    """
    found = importlib.util.find_spec("mediapipe")
    if found is None or not found.submodule_search_locations:
        raise TrackerError("the tracker's networks lie in the mediapipe wheel; pip install mediapipe==0.10.21")
    return Path(next(iter(found.submodule_search_locations))) / "modules"


class Network:
    """A compiled network with buffers of its own; used from one thread.

    Args:
        file: which one.
        threads: how many threads a run may use.
        precision: "f32" or "bf16"; a CPU that cannot compute in bf16 takes f32.

    Raises:
        TrackerError: the file is missing, or OpenVINO is or refuses it.
    """

    def __init__(self, file: NetworkFile, *, threads: int = 1, precision: str = "f32") -> None:
        self.file = file
        self._request: Any = _compiled(file, threads, precision).create_infer_request()
        self._input = np.empty((1, file.input_px, file.input_px, 3), np.float32)
        self._outputs = len(self._request.output_tensors)
        self(np.zeros((file.input_px, file.input_px, 3), np.uint8))  # the first run is a slow one

    def __call__(self, image: npt.NDArray[np.uint8]) -> list[F32]:
        """Run the network.

        Args:
            image: uint8 (input_px, input_px, 3), RGB.

        Returns:
            Its used outputs in the file's order, float32; valid until the next call.
        """
        np.multiply(image[None], np.float32((self.file.high - self.file.low) / 255), out=self._input)
        if self.file.low:
            self._input += np.float32(self.file.low)
        self._request.infer([self._input], share_inputs=True)
        return [np.asarray(self._request.get_output_tensor(index).data) for index in range(self._outputs)]


@functools.lru_cache(maxsize=32)
def _compiled(file: NetworkFile, threads: int, precision: str) -> Any:
    """Return the compiled network; trackers of the same process share it."""
    try:
        core = openvino_core()
    except BackendError as error:
        raise TrackerError(f"the tracker cannot run its networks: {error}") from error
    import openvino

    path = modules_folder() / file.path
    if not path.exists():
        raise TrackerError(f"{path} is missing; the tracker needs mediapipe==0.10.21, later wheels carry no networks")
    if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        precision = "f32"
    properties = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": threads,
    }
    try:
        model = core.read_model(path)
        if file.unused:
            used = [result for result in model.get_results() if not result.input_value(0).names & file.unused]
            model = openvino.Model(used, model.get_parameters(), path.stem)
        return core.compile_model(model, "CPU", properties)
    except RuntimeError as error:
        raise TrackerError(f"OpenVINO refuses {path.name}: {str(error).splitlines()[0]}") from error
