"""The trained regressor, ready to read: an ONNX file with a note on how it was made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines import controls
from engines.errors import BackendError, SpecMismatchError, WeightsError
from engines.evaluation.background import over_background
from engines.evaluation.reading import CROPS, READ_CONTROLS, Crops
from engines.onnx_session import OnnxSession

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

#: The regressor that ships.
SHIPPED = Path(__file__).with_name("regressor.onnx")
INPUTS = CROPS
OUTPUTS = ("readings", "whole_features", "face_features")
#: Key of the note in the ONNX file's metadata.
NOTE = "animirror"
_HOW = "train one with `python -m engines.evaluation.regressor DATA --out FILE`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the regressor says about N pictures.

    Args:
        controls: float32, (N, len(READ_CONTROLS)), degrees and weights.
        whole_features, face_features: float32, (N, F), what it says that from.
    """

    controls: F32
    whole_features: F32
    face_features: F32


class ControlReader:
    """Reads controls from pictures.

    Args:
        path: the ONNX file.
        threads: how many it may use.

    Raises:
        WeightsError: it is missing, damaged or reads other controls.
        SpecMismatchError: it was trained for another control spec.
    """

    def __init__(self, path: Path = SHIPPED, threads: int = 1) -> None:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise WeightsError(f"{path}: no regressor can be read there ({error.strerror}); {_HOW}") from error
        try:
            self._session = OnnxSession(path.name, content, threads)
            note = json.loads(self._session.notes[NOTE])
            spec_hash, names = note["spec_hash"], note["controls"]
        except (BackendError, KeyError, TypeError, ValueError) as error:
            raise WeightsError(f"{path}: is no regressor ({error}); {_HOW}") from error
        if spec_hash != controls.spec_hash():
            raise SpecMismatchError(
                f"{path}: trained with control spec {spec_hash}, this program has {controls.spec_hash()}; {_HOW}"
            )
        if tuple(names) != READ_CONTROLS:
            raise WeightsError(f"{path}: reads other controls than this program; {_HOW}")
        #: How it was made and how well it reads renders that it never saw.
        self.note: Mapping[str, Any] = note
        #: Name to show: figures of two regressors cannot be compared.
        self.name = f"regressor {hashlib.sha256(content).hexdigest()[:8]}"

    def read(self, crops: Crops) -> Reading:
        """Read pictures: crops, premultiplied RGBA, which are laid over the background of the evaluation."""
        inputs = {name: network_input(over_background(getattr(crops, name))) for name in INPUTS}
        readings, whole_features, face_features = self._session.run(OUTPUTS, inputs)
        return Reading(controls=readings, whole_features=whole_features, face_features=face_features)


def joined(readings: list[Reading]) -> Reading:
    """Return several readings as one."""
    return Reading(
        controls=np.concatenate([one.controls for one in readings]),
        whole_features=np.concatenate([one.whole_features for one in readings]),
        face_features=np.concatenate([one.face_features for one in readings]),
    )


def network_input(crop: U8) -> F32:
    """Return crops, uint8 (N, H, W, 3), as the network sees them: float32 (N, 3, H, W), 0..1."""
    return np.ascontiguousarray(crop.transpose(0, 3, 1, 2), np.float32) * np.float32(1 / 255)
