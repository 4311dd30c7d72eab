"""COCO-WholeBody annotations: one JSON file with a list of images and a list of people, 133 points each.

Source: `data_format.md` of the COCO-WholeBody data set, 1.0.  Estimators' results that hold all 133 points in
`keypoints`, as MMPose writes them, are read too.  We add `time_s` to images and `track_id` to annotations, which the
format lacks, and read files without them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from realtime.errors import SourceError
from realtime.recording.frame_line import mapping, number, picture_size
from realtime.recording.keypoints import BODY_POINTS, F64, KeypointFrame, Keypoints
from realtime.recording.point_list import flat, load_json, triples
from realtime.recording.wholebody_133 import (
    BODY,
    FACE,
    FEET,
    LEFT_HAND,
    RIGHT_HAND,
    WHOLEBODY,
    WHOLEBODY_POINTS,
)

#: Where the annotation keeps which of the 133 points, with the flag that says whether they are labelled.
_PARTS: tuple[tuple[str, slice, str | None], ...] = (
    ("keypoints", BODY, None),
    ("foot_kpts", FEET, "foot_valid"),
    ("face_kpts", FACE, "face_valid"),
    ("lefthand_kpts", LEFT_HAND, "lefthand_valid"),
    ("righthand_kpts", RIGHT_HAND, "righthand_valid"),
)
#: In labels, v is 2 for visible, 1 for hidden but labelled, 0 for absent; in results it is a score.
_HIDDEN = 0.5
_MAX_TIME_S = 1e7


def read_coco_wholebody(path: Path, fps: float) -> Iterator[KeypointFrame]:
    """Yield the frames of an annotation file, in the order of its images.

    Args:
        path: the file.
        fps: frames per second, for images without our `time_s`.

    Raises:
        SourceError: the file is damaged, or no COCO-WholeBody.
    """
    document = load_json(path)
    try:
        yield from _frames(document, fps)
    except SourceError as error:
        raise SourceError(f"{path.name}: {error}") from None


def write_coco_wholebody(frames: Iterable[KeypointFrame], file: TextIO, name: str) -> int:
    """Write frames as one annotation file, and return how many.

    Args:
        frames: in order of time.
        file: where to.
        name: what the images' file names begin with.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for frame in frames:
        image_id = len(images)
        width, height = frame.image_size or (0, 0)
        images.append(
            {
                "id": image_id,
                "file_name": f"{name}_{image_id:06d}.jpg",
                "width": width,
                "height": height,
                "time_s": round(frame.time_s, 6),
            }
        )
        for person in frame.people:
            annotations.append({"id": len(annotations), "image_id": image_id, **_described(person)})
    category = {"id": 1, "name": "person", "supercategory": "person"}
    document = {"images": images, "annotations": annotations, "categories": [category]}
    json.dump(document, file, allow_nan=False, separators=(",", ":"))
    return len(images)


def _frames(document: Mapping[str, Any], fps: float) -> Iterator[KeypointFrame]:
    images, annotations = document.get("images"), document.get("annotations")
    if not isinstance(images, list) or not isinstance(annotations, list) or not images:
        raise SourceError("is no COCO-WholeBody: expected lists of images and of annotations")
    described = [mapping(annotation, "an annotation") for annotation in annotations]
    people: dict[Any, list[Keypoints]] = {}
    is_label = any(_has_twos(annotation) for annotation in described)
    for annotation in described:
        people.setdefault(_key(annotation.get("image_id")), []).append(_person(annotation, is_label=is_label))
    last_s = -1.0
    for at, entry in enumerate(images):
        image = mapping(entry, "an image")
        time_s = number(image.get("time_s", at / fps), "time_s", 0.0, _MAX_TIME_S)
        if time_s <= last_s:
            raise SourceError(f"time_s: got {time_s:g} after {last_s:g}, expected times that grow")
        last_s = time_s
        size = None
        if image.get("width") and image.get("height"):
            size = picture_size([image["width"], image["height"]])
        yield KeypointFrame(time_s=time_s, people=tuple(people.get(_key(image.get("id")), ())), image_size=size)


def _key(value: object) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise SourceError("image id: expected a number or a text")
    return value


def _has_twos(annotation: Mapping[str, Any]) -> bool:
    values = annotation.get("keypoints")
    return isinstance(values, list) and any(value == 2 for value in values[2::3])


def _person(annotation: Mapping[str, Any], *, is_label: bool) -> Keypoints:
    points = np.zeros((WHOLEBODY_POINTS, 3))
    values = annotation.get("keypoints")
    if isinstance(values, list) and len(values) == 3 * WHOLEBODY_POINTS:
        found = triples(_scored(values, is_label), "keypoints", WHOLEBODY_POINTS)
        points = points if found is None else found
    else:
        for name, part, flag in _PARTS:
            if flag is not None and annotation.get(flag) is False:
                continue
            count = part.stop - part.start
            found = triples(_scored(annotation.get(name), is_label), name, count)
            if found is not None:
                points[part] = found
    body = np.zeros((BODY_POINTS, 3))
    body[list(WHOLEBODY)] = points[list(WHOLEBODY.values())]
    track_id = annotation.get("track_id")
    is_tracked = isinstance(track_id, int) and not isinstance(track_id, bool) and 0 <= track_id < 2**53
    return Keypoints(
        person_id=track_id if is_tracked else None,
        body=body,
        face=_some(points[FACE]),
        left_hand=_some(points[LEFT_HAND]),
        right_hand=_some(points[RIGHT_HAND]),
    )


def _scored(values: object, is_label: bool) -> object:
    """Return a flat list with the flags 0, 1, 2 of labels as confidences."""
    if not is_label or not isinstance(values, list):
        return values
    scores: dict[object, float] = {1: _HIDDEN, 2: 1.0}
    return [
        scores.get(value, value) if at % 3 == 2 and isinstance(value, int | float) else value
        for at, value in enumerate(values)
    ]


def _some(points: F64) -> F64 | None:
    return points if points[:, 2].any() else None


def _described(person: Keypoints) -> dict[str, Any]:
    points = np.zeros((WHOLEBODY_POINTS, 3))
    points[list(WHOLEBODY.values())] = person.body[list(WHOLEBODY)]
    for part, given in ((FACE, person.face), (LEFT_HAND, person.left_hand), (RIGHT_HAND, person.right_hand)):
        if given is not None:
            points[part] = given
    seen = points[points[:, 2] > 0, :2]
    low, high = (seen.min(0), seen.max(0)) if len(seen) else (np.zeros(2), np.zeros(2))
    width, height = high - low
    result: dict[str, Any] = {
        "category_id": 1,
        "iscrowd": 0,
        "bbox": [round(float(value), 2) for value in (*low, width, height)],
        "area": round(float(width * height), 2),
        "num_keypoints": int((points[BODY, 2] > 0).sum()),
    }
    if person.person_id is not None:
        result["track_id"] = person.person_id
    for name, part, flag in _PARTS:
        result[name] = flat(points[part])
        if flag is not None:
            result[flag] = bool((points[part, 2] > 0).any())
    return result
