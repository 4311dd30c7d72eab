"""What was measured on this machine, kept for the next start."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from engines.backends.candidate import Candidate
from engines.cache_folder import write_whole
from engines.machine import cpu_name, library_version, nvidia_driver, nvidia_gpus, usable_cores
from engines.selection.trial import Trial
from engines.weights import Weights

logger = logging.getLogger(__name__)

#: Changes when the file's form or the way of measuring does.
FORMAT = 1
#: Distributions whose version or presence changes what is measured.
_LIBRARIES = (
    "openvino", "onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino",
    "onnxruntime-ep-nv-tensorrt-rtx-cu13", "onnxruntime-ep-nv-tensorrt-rtx-cu12", "onnx", "tensorrt", "cuda-bindings",
    "torch",
)  # fmt: skip
_DIGITS = 16


class Remembered:
    """The measurements of one network on this machine, in a file whose name is a hash of all that they depend on.

    Args:
        folder: of this program's cache.
        weights: of the network.
        threads: that it may use.
    """

    def __init__(self, folder: Path, weights: Weights, threads: int) -> None:
        versions = {name: library_version(name) for name in _LIBRARIES}
        depends = {
            "format": FORMAT,
            "onnx_sha256": hashlib.sha256(weights.onnx.read_bytes()).hexdigest(),
            "versions": {name: version for name, version in versions.items() if version},
            "cpu": cpu_name(),
            "cores": usable_cores(),
            "gpus": list(nvidia_gpus()),
            "driver": nvidia_driver(),
            "threads": threads,
        }
        key = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:_DIGITS]
        self._depends = depends
        #: Of the file.
        self.path = folder / "engines" / f"{key}.json"

    def read(self) -> tuple[list[Trial], str] | None:
        """Return the trials and the day of their measurement; None where there are none, or the file is damaged."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            trials = [
                Trial(**{**row, "candidate": Candidate(**row["candidate"])}) for row in content["trials"]
            ]  # fmt: skip
            return trials, str(content["when"])[:10]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s: cannot be read (%r); measures again", self.path, error)
            return None

    def write(self, trials: Sequence[Trial]) -> str | None:
        """Keep trials; return why they cannot be kept, None when they are."""
        content = {
            **self._depends,
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "trials": [asdict(trial) for trial in trials],
        }
        try:
            write_whole(self.path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
        except OSError as error:
            logger.warning("%s: cannot be written (%s); measures again at the next start", self.path, error)
            return f"{self.path.parent} cannot be written to ({error.strerror or error})"
        return None
