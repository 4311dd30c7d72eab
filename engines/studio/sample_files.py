"""One labelled picture as the files of a WebDataset sample: `.webp`, `.labels.npz`, `.json`.

The same picture always gives the same bytes: no clock, no host, no order of a dictionary enters them.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.controls import NAMES, ControlVector
from engines.errors import DatasetError
from engines.framing import Framing
from engines.skeleton import BONES
from engines.studio.labels import LabelledPicture
from engines.studio.palette import PALETTE

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

PICTURE, LABELS, VALUES = "webp", "labels.npz", "json"
#: Depth is stored in tenths of a millimetre, 16 bit: 3.2 m to either side of the origin.
DEPTH_STEP_M = 1e-4
#: Flow is stored in sixteenths of a pixel of 512, 16 bit: four pictures' widths to either side.
FLOW_STEP = 1 / 8192
_NO_DEPTH = np.iinfo(np.int16).min
#: Weights in a triangle are stored in 255ths; triangles are centimetres, so that is under a tenth of a millimetre.
WEIGHT_STEPS = 255
_ABSENT = (np.nan, np.nan, np.nan)
#: What damaged files make the readers of JSON, npz and pictures raise.
_DAMAGE = (KeyError, ValueError, TypeError, IndexError, EOFError, OSError, zipfile.BadZipFile, zlib.error)
#: Lossless WebP's method 0 with this effort, 0 to 100, takes two fifths of the time of the default for 3 % more bytes;
#: method 1 takes five times as long for a quarter less (measured on 512 x 512 pictures).
_EFFORT = 20
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
#: Level 1 is within 4 % of level 6 on these arrays and four times as fast (measured).
_ZIP_LEVEL = 1


def encoded(sample: LabelledPicture) -> dict[str, bytes]:
    """Return a sample's files, by extension."""
    with io.BytesIO() as stream:
        Image.fromarray(sample.picture).save(stream, "WEBP", lossless=True, method=0, quality=_EFFORT, exact=False)
        picture = stream.getvalue()
    finite = np.isfinite(sample.depth)
    steps = np.clip(np.round(np.where(finite, sample.depth, 0) / DEPTH_STEP_M), -32767, 32767)
    arrays: dict[str, npt.NDArray[Any]] = {
        "triangle": sample.triangle.astype(np.int32),
        "barycentric": _weights(sample.barycentric),
        "depth": np.where(finite, steps, _NO_DEPTH).astype(np.int16),
        "parts": sample.parts,
        "face_triangle": sample.face_triangle.astype(np.int32),
        "face_barycentric": _weights(sample.face_barycentric),
    }
    if sample.flow is not None and sample.flow_visible is not None:
        flow = np.round(sample.flow / FLOW_STEP).astype(np.int16)
        arrays |= {"flow": flow, "flow_visible": np.packbits(sample.flow_visible)}
    return {PICTURE: picture, LABELS: _zipped(arrays), VALUES: json.dumps(_values(sample)).encode()}


def decoded(files: Mapping[str, bytes]) -> LabelledPicture:
    """Return the sample that :func:`encoded` stored.

    Raises:
        DatasetError: a file is missing or damaged.
    """
    try:
        values = json.loads(files[VALUES])
        with np.load(io.BytesIO(files[LABELS])) as arrays:
            labels = {name: arrays[name] for name in arrays.files}
        picture = picture_of(files[PICTURE])
        joints = np.array(values["joints"], np.float32)
        depth = labels["depth"]
        flow = labels.get("flow")
        return LabelledPicture(
            picture=picture,
            controls=np.array([values["controls"][name] for name in NAMES], np.float32),
            character=str(values["character"]),
            palette=np.array([values["palette"][paint.name] or _ABSENT for paint in PALETTE], np.float32),
            framing=values["framing"],
            camera=np.array(values["camera"], np.float32),
            face_camera=np.array(values["face_camera"], np.float32),
            joints=joints[:, :3],
            joints_visible=joints[:, 3] > 0,
            triangle=labels["triangle"],
            barycentric=labels["barycentric"].astype(np.float32) / WEIGHT_STEPS,
            depth=np.where(depth == _NO_DEPTH, -np.inf, depth * np.float32(DEPTH_STEP_M)).astype(np.float32),
            parts=labels["parts"],
            face_triangle=labels["face_triangle"],
            face_barycentric=labels["face_barycentric"].astype(np.float32) / WEIGHT_STEPS,
            flow=None if flow is None else flow * np.float32(FLOW_STEP),
            flow_visible=None if flow is None else _unpacked(labels["flow_visible"], depth.shape),
            sequence=int(values["sequence"]),
            frame=int(values["frame"]),
        )
    except _DAMAGE as error:
        raise DatasetError(f"a sample cannot be read ({error}); make the data set again") from error


def parts_and_pose(files: Mapping[str, bytes]) -> tuple[ControlVector, U8, Framing]:
    """Return a sample's pose, its parts, uint8 (L, L), and its framing, without decoding its other labels.

    Raises:
        DatasetError: a file is missing or damaged.
    """
    try:
        values = json.loads(files[VALUES])
        with np.load(io.BytesIO(files[LABELS])) as arrays:
            vector = np.array([values["controls"][name] for name in NAMES], np.float32)
            return vector, arrays["parts"], values["framing"]
    except _DAMAGE as error:
        raise DatasetError(f"a sample cannot be read ({error}); make the data set again") from error


def picture_of(data: bytes) -> U8:
    """Return a stored picture, uint8 (H, W, 4), straight-alpha RGBA."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if picture is None or picture.ndim != 3 or picture.shape[2] not in (3, 4):
        raise ValueError("its picture is damaged")
    code = (
        cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGBA
    )  # no alpha is stored where all is opaque
    return np.asarray(cv2.cvtColor(picture, code), np.uint8)


def _values(sample: LabelledPicture) -> dict[str, object]:
    joints = np.concatenate([sample.joints, sample.joints_visible[:, None]], axis=1).astype(np.float32)
    return {
        "character": sample.character,
        "palette": {
            paint.name: None if np.isnan(lab).any() else _plain(lab)
            for paint, lab in zip(PALETTE, sample.palette, strict=True)
        },
        "framing": sample.framing,
        "sequence": sample.sequence,
        "frame": sample.frame,
        "controls": dict(zip(NAMES, _plain(sample.controls), strict=True)),
        "camera": _plain(sample.camera),
        "face_camera": _plain(sample.face_camera),
        "joint_names": list(BONES),
        "joints": _plain(joints),
    }


def _plain(values: npt.NDArray[np.float32]) -> Any:
    """Return float32 numbers with the fewest digits that bring them back."""
    flat = [float(str(value)) for value in values.reshape(-1)]
    if values.ndim == 1:
        return flat
    return [flat[row * values.shape[1] : (row + 1) * values.shape[1]] for row in range(len(values))]


def _weights(barycentric: npt.NDArray[np.float32]) -> U8:
    return np.asarray(np.round(barycentric * WEIGHT_STEPS), np.uint8)


def _unpacked(bits: U8, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    return np.unpackbits(bits, count=int(np.prod(shape))).reshape(shape).astype(np.bool_)


def _zipped(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Return an npz file without a date of its own."""
    with io.BytesIO() as stream:
        with zipfile.ZipFile(stream, "w") as archive:
            for name, array in arrays.items():
                with io.BytesIO() as one:
                    np.lib.format.write_array(one, np.ascontiguousarray(array), allow_pickle=False)
                    info = zipfile.ZipInfo(f"{name}.npy", _ZIP_DATE)
                    info.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(info, one.getvalue(), compresslevel=_ZIP_LEVEL)
        return stream.getvalue()
