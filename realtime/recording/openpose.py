"""OpenPose's JSON output: a folder with a file for each frame, `<name>_<number>_keypoints.json`.

Source: `doc/02_output.md` of CMU's OpenPose 1.7, version 1.3 of the format.  We add `time_s` and `image_size`, which
the format lacks, and read files without them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from realtime.errors import SourceError
from realtime.recording.body_25 import BODY_25, BODY_25_POINTS, FACE_70_POINTS, LEFT_PUPIL, MIDDLES, RIGHT_PUPIL
from realtime.recording.frame_line import mapping, number, picture_size
from realtime.recording.keypoints import BODY_POINTS, F64, FACE_POINTS, HAND_POINTS, KeypointFrame, Keypoints
from realtime.recording.point_list import flat, load_json, triples

_VERSION = 1.3
_SUFFIX = "_keypoints.json"
_NUMBER = re.compile(r"(\d+)_keypoints\.json$")
_MAX_TIME_S = 1e7
#: OpenPose pads numbers to twelve digits.
_DIGITS = 12


def openpose_files(folder: Path) -> list[Path]:
    """Return a folder's frames in the order of their numbers."""
    files = [file for file in folder.iterdir() if file.name.endswith(_SUFFIX)]
    return sorted(files, key=lambda file: (_number(file), file.name))


def read_openpose(folder: Path, fps: float) -> Iterator[KeypointFrame]:
    """Yield the frames of a folder; a number that is missing is a pause.

    Args:
        folder: with files as OpenPose writes them.
        fps: frames per second, for files without our `time_s`.

    Raises:
        SourceError: a file is damaged or none of OpenPose's.
    """
    files = openpose_files(folder)
    if not files:
        raise SourceError(f"{folder}: holds no *{_SUFFIX}; give the folder that OpenPose wrote with --write_json")
    first = _number(files[0])
    last_s = -math.inf
    for at, file in enumerate(files):
        document = load_json(file)
        try:
            # Files without numbers come at an even rate.
            step = _number(file) - first if first >= 0 else at
            time_s = number(document.get("time_s", step / fps), "time_s", 0.0, _MAX_TIME_S)
            if time_s <= last_s:
                raise SourceError(f"time_s: got {time_s:g} after {last_s:g}, expected times that grow")
            last_s = time_s
            yield _frame(document, time_s)
        except SourceError as error:
            raise SourceError(f"{file.name}: {error}") from None


def write_openpose(frames: Iterable[KeypointFrame], folder: Path, name: str) -> int:
    """Write frames into a folder that is there, and return how many.

    Args:
        frames: in order of time.
        folder: where to.
        name: what the files' names begin with.
    """
    count = 0
    for frame in frames:
        document: dict[str, Any] = {
            "version": _VERSION,
            "people": [_described(person) for person in frame.people],
            "time_s": round(frame.time_s, 6),
        }
        if frame.image_size is not None:
            document["image_size"] = list(frame.image_size)
        path = folder / f"{name}_{count:0{_DIGITS}d}{_SUFFIX}"
        path.write_text(json.dumps(document, allow_nan=False, separators=(",", ":")), encoding="utf-8")
        count += 1
    return count


def _frame(document: Mapping[str, Any], time_s: float) -> KeypointFrame:
    people = document.get("people")
    if not isinstance(people, list):
        raise SourceError("people: expected a list; give OpenPose's output of --write_json")
    size = picture_size(document["image_size"]) if "image_size" in document else None
    return KeypointFrame(
        time_s=time_s, people=tuple(_person(mapping(person, "a person")) for person in people), image_size=size
    )


def _person(described: Mapping[str, Any]) -> Keypoints:
    given = triples(described.get("pose_keypoints_2d"), "pose_keypoints_2d", BODY_25_POINTS)
    body = np.zeros((BODY_POINTS, 3))
    if given is not None:
        body[list(BODY_25)] = given[list(BODY_25.values())]
    face = triples(described.get("face_keypoints_2d"), "face_keypoints_2d", FACE_70_POINTS)
    return Keypoints(
        person_id=_id(described.get("person_id")),
        body=body,
        face=None if face is None else face[:FACE_POINTS],
        pupils=None if face is None else face[[RIGHT_PUPIL, LEFT_PUPIL]],
        left_hand=triples(described.get("hand_left_keypoints_2d"), "hand_left_keypoints_2d", HAND_POINTS),
        right_hand=triples(described.get("hand_right_keypoints_2d"), "hand_right_keypoints_2d", HAND_POINTS),
    )


def _described(person: Keypoints) -> dict[str, Any]:
    body = np.zeros((BODY_25_POINTS, 3))
    body[list(BODY_25.values())] = person.body[list(BODY_25)]
    for middle, pair in MIDDLES.items():
        ends = person.body[list(pair)]
        if (ends[:, 2] > 0).all():
            body[middle] = [*ends[:, :2].mean(0), ends[:, 2].min()]
    face: F64 | None = None
    if person.face is not None:
        pupils = np.zeros((2, 3)) if person.pupils is None else person.pupils
        face = np.concatenate([person.face, pupils])
    return {
        "person_id": [-1 if person.person_id is None else person.person_id],
        "pose_keypoints_2d": flat(body),
        "face_keypoints_2d": flat(face),
        "hand_left_keypoints_2d": flat(person.left_hand),
        "hand_right_keypoints_2d": flat(person.right_hand),
        "pose_keypoints_3d": [],
        "face_keypoints_3d": [],
        "hand_left_keypoints_3d": [],
        "hand_right_keypoints_3d": [],
    }


def _id(value: object) -> int | None:
    """Return OpenPose's id, a list of one number, where -1 says that it does not track."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _number(file: Path) -> int:
    found = _NUMBER.search(file.name)
    return int(found[1]) if found and len(found[1]) <= 15 else -1
