"""The VMD file of MikuMikuDance: keys of bones and of face morphs, sampled at 30 frames a second.

Names are Shift-JIS, 15 bytes, sometimes cut in the middle of a character; here they are NFKC-normalised, so that
full-width digits and letters compare equal to plain ones.  Axes are MikuMikuDance's: left-handed, +X the character's
left, +Y up, the character looks along -Z; :func:`sample` turns them into canonical ones.

Source: the layout as in kaitai-io/kaitai_struct_formats `3d/mmd_vmd.ksy`; which of the 64 interpolation bytes are
which, and that they belong to the span that ends at their key, from the community's description of the format, checked
on files (bytes 2 and 3 hold a flag in newer files; their values stand again further on).
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from engines.errors import MotionError
from engines.motion.performance import MAX_FRAMES

F64 = npt.NDArray[np.float64]

FPS = 30.0
MAX_BYTES = 256 * 2**20
_MAGIC = b"Vocaloid Motion Data"
_HEADER_BYTES, _OLD_HEADER_BYTES = 50, 40
_BONE_BYTES, _MORPH_BYTES, _CAMERA_BYTES, _LIGHT_BYTES, _SHADOW_BYTES, _IK_BYTES = 111, 23, 61, 28, 9, 21
_BONE = np.dtype([("name", "S15"), ("frame", "<u4"), ("place", "<f4", 3), ("turn", "<f4", 4), ("curve", "u1", 64)])
_MORPH = np.dtype([("name", "S15"), ("frame", "<u4"), ("weight", "<f4")])
#: Where the four coordinates x1, y1, x2, y2 of the Bezier curves of x, y, z and the rotation stand.
_CURVES = ((0, 4, 8, 12), (16, 5, 9, 13), (17, 6, 10, 14), (18, 7, 11, 15))
_CURVE_UNIT = 127.0
#: Halvings when a curve is solved for its time: a 4096th of a frame span.
_HALVINGS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class BoneKeys:
    """The keys of one bone, sorted by frame, K of them, in MikuMikuDance's axes.

    Args:
        frames: int64 (K,), strictly rising.
        places: float64 (K, 3), MMD units, away from the rest place.
        turns: float64 (K, 4), unit quaternions x, y, z, w.
        curves: float64 (K, 4, 4), for x, y, z and the rotation x1, y1, x2, y2 of the curve that leads to the key, 0..1.
    """

    frames: npt.NDArray[np.int64]
    places: F64
    turns: F64
    curves: F64


@dataclass(frozen=True, slots=True, kw_only=True)
class Vmd:
    """A parsed file.

    Args:
        name: what error messages call the file.
        model: the model that the motion was made on, as far as its name can be decoded.
        bones: normalised bone name -> its keys.
        morphs: normalised morph name -> (frames (K,), weights (K,)), sorted.
        ik: normalised name of an IK bone -> whether it is on in the first frame.
        frames: number of the last key's frame, plus one.
    """

    name: str
    model: str
    bones: Mapping[str, BoneKeys]
    morphs: Mapping[str, tuple[npt.NDArray[np.int64], F64]]
    ik: Mapping[str, bool]
    frames: int


def read_vmd(path: Path) -> Vmd:
    """Return the file at `path`.

    Raises:
        MotionError: it is missing, too large, not VMD, cut short, or holds a camera's motion only.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MotionError(f"{path.name}: larger than {MAX_BYTES >> 20} MiB; cut the clip")
        data = path.read_bytes()
    except OSError as error:
        raise MotionError(f"{path.name}: cannot be read ({error.strerror})") from error
    return parse_vmd(data, path.name)


def parse_vmd(data: bytes, name: str) -> Vmd:
    """Return the parsed bytes of a file; raises as :func:`read_vmd` does."""
    if not data.startswith(_MAGIC):
        raise MotionError(f"{name}: not a VMD file (starts with {data[:8]!r}, expected {_MAGIC!r})")
    header = _OLD_HEADER_BYTES if data[20:25] == b" file" else _HEADER_BYTES
    bones, at = _rows(data, header, _BONE, "bone keys", name)
    morphs, at = _rows(data, at, _MORPH, "morph keys", name) if at < len(data) else (np.zeros(0, _MORPH), at)
    if not len(bones) and not len(morphs):
        raise MotionError(f"{name}: holds no key of a bone or a morph; a camera's motion cannot drive a character")
    last = max(int(rows["frame"].max()) for rows in (bones, morphs) if len(rows))
    if last >= MAX_FRAMES:
        raise MotionError(f"{name}: its last key is at frame {last}, expected at most {MAX_FRAMES - 1}; cut the clip")
    finite = all(np.isfinite(rows).all() for rows in (bones["place"], bones["turn"], morphs["weight"]))
    if not finite or (len(bones) and np.abs(bones["place"]).max() > 1e6):
        raise MotionError(f"{name}: holds numbers that are not finite; save the motion again")
    return Vmd(
        name=name,
        model=decoded(data[30:header]),
        bones={bone: _bone_keys(rows) for bone, rows in _grouped(bones).items()},
        morphs={morph: _morph_keys(rows) for morph, rows in _grouped(morphs).items()},
        ik=_ik_switches(data, at),
        frames=last + 1,
    )


def decoded(raw: bytes) -> str:
    """Return a fixed-width Shift-JIS name as text, NFKC-normalised; a cut last character is left away."""
    text = raw.split(b"\0")[0].decode("cp932", errors="ignore")
    return unicodedata.normalize("NFKC", text).strip()


def sample(keys: BoneKeys, frames: int) -> tuple[F64, F64]:
    """Return a bone's rotations, (T, 3, 3), and places, (T, 3), MMD units, in canonical axes, at frames 0 to T - 1."""
    after = np.clip(np.searchsorted(keys.frames, np.arange(frames), side="left"), 0, len(keys.frames) - 1)
    before = np.maximum(after - 1, 0)
    span = np.maximum(keys.frames[after] - keys.frames[before], 1)
    share = np.clip((np.arange(frames) - keys.frames[before]) / span, 0.0, 1.0)
    share = np.where(np.arange(frames) >= keys.frames[after], 1.0, share)
    eased = np.stack([_bezier(keys.curves[after, channel], share) for channel in range(4)], axis=1)
    places = keys.places[before] + (keys.places[after] - keys.places[before]) * eased[:, :3]
    start, end = Rotation.from_quat(keys.turns[before]), Rotation.from_quat(keys.turns[after])
    between = Rotation.from_rotvec((start.inv() * end).as_rotvec() * eased[:, 3:])
    turned = np.asarray((start * between).as_matrix(), np.float64)
    flip = np.array([1.0, 1.0, -1.0])  # the mirror between left-handed and right-handed axes
    return turned * np.outer(flip, flip), places * flip


def sample_morph(keys: tuple[npt.NDArray[np.int64], F64], frames: int) -> F64:
    """Return a morph's weights, (T,), at frames 0 to T - 1, linear between keys."""
    return np.asarray(np.interp(np.arange(frames), *keys))


def _rows(data: bytes, at: int, kind: np.dtype[np.void], what: str, name: str) -> tuple[npt.NDArray[np.void], int]:
    if at + 4 > len(data):
        raise MotionError(f"{name}: cut short before its {what}; copy it again")
    (count,) = struct.unpack_from("<I", data, at)
    at += 4
    if count * kind.itemsize > len(data) - at:
        got = (len(data) - at) // kind.itemsize
        raise MotionError(f"{name}: cut short ({got} of {count} {what}); copy it again")
    return np.frombuffer(data, kind, count, at), at + count * kind.itemsize


def _grouped(rows: npt.NDArray[np.void]) -> dict[str, npt.NDArray[np.void]]:
    """Return rows by normalised name, sorted by frame, the last of several at one frame."""
    names, which = np.unique(rows["name"], return_inverse=True)
    groups: dict[str, npt.NDArray[np.void]] = {}
    for index, raw in enumerate(names):
        mine = rows[which == index]
        mine = mine[np.argsort(mine["frame"], kind="stable")]
        last = np.append(mine["frame"][1:] != mine["frame"][:-1], True)
        label = decoded(bytes(raw))
        if label and label not in groups:
            groups[label] = mine[last]
    return groups


def _bone_keys(rows: npt.NDArray[np.void]) -> BoneKeys:
    turns = rows["turn"].astype(np.float64)
    norm = np.linalg.norm(turns, axis=1, keepdims=True)
    still = np.array([0.0, 0.0, 0.0, 1.0])
    turns = np.where(norm > 1e-6, turns / np.maximum(norm, 1e-6), still)  # an empty rotation is none
    return BoneKeys(
        frames=rows["frame"].astype(np.int64),
        places=rows["place"].astype(np.float64),
        turns=turns,
        curves=np.minimum(rows["curve"][:, np.array(_CURVES)] / _CURVE_UNIT, 1.0),
    )


def _morph_keys(rows: npt.NDArray[np.void]) -> tuple[npt.NDArray[np.int64], F64]:
    return rows["frame"].astype(np.int64), np.clip(rows["weight"].astype(np.float64), -10.0, 10.0)


def _bezier(curve: F64, share: F64) -> F64:
    """Return the eased share, (T,), of cubic curves from (0, 0) to (1, 1) with the control points (T, 4)."""
    x1, y1, x2, y2 = curve.T
    low, high = np.zeros_like(share), np.ones_like(share)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        early = _cubic(x1, x2, middle) < share
        low, high = np.where(early, middle, low), np.where(early, high, middle)
    eased = _cubic(y1, y2, (low + high) / 2)
    straight = (np.abs(x1 - y1) < 1e-9) & (np.abs(x2 - y2) < 1e-9)
    return np.where(straight | (share <= 0) | (share >= 1), share, eased)


def _cubic(first: F64, second: F64, s: F64) -> F64:
    return np.asarray(3 * (1 - s) ** 2 * s * first + 3 * (1 - s) * s**2 * second + s**3)


def _ik_switches(data: bytes, at: int) -> dict[str, bool]:
    """Return the switches of the first display frame; older files end before it."""
    try:
        for size in (_CAMERA_BYTES, _LIGHT_BYTES, _SHADOW_BYTES):
            at += 4 + struct.unpack_from("<I", data, at)[0] * size
        (displays,) = struct.unpack_from("<I", data, at)
        if not displays:
            return {}
        (count,) = struct.unpack_from("<I", data, at + 9)
        at += 13
        count = min(count, max(0, len(data) - at) // _IK_BYTES)
        rows = [data[at + row * _IK_BYTES : at + (row + 1) * _IK_BYTES] for row in range(count)]
        return {decoded(row[:-1]): bool(row[-1]) for row in rows}
    except struct.error:
        return {}
