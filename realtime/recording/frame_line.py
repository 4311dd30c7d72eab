"""One moment of a recording as JSON, and back; whatever is wrong is named."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.controls import SPEC, clipped
from realtime.control_group import Group
from realtime.errors import SourceError
from realtime.observation import PersonObservation
from realtime.recording.recording import Moment, PersonControls

F32 = npt.NDArray[np.float32]

#: Stands for an array that was not looked for again since the person was last seen.
SAME = "same"
#: Shape and decimals of each array of a person: 0.04 pixels of a 4K picture, a tenth of a millimetre.
_ARRAYS: dict[str, tuple[tuple[int, ...], int]] = {
    "pose": ((33, 3), 5),
    "pose_world": ((33, 3), 4),
    "pose_visibility": ((33,), 3),
    "face": ((478, 3), 5),
    "left_hand": ((21, 3), 5),
    "right_hand": ((21, 3), 5),
    "left_hand_world": ((21, 3), 4),
    "right_hand_world": ((21, 3), 4),
}
#: Thousandths of a degree or of a weight, and microseconds.
_CONTROL_DECIMALS, _CONFIDENCE_DECIMALS, _TIME_DECIMALS = 3, 3, 6
#: Nobody records for longer, and times beyond lose their microseconds.
_MAX_TIME_S = 1e7
#: Normalised coordinates, metres or visibilities beyond this come from no tracker.
_MAX_VALUE = 1e4
#: Sides that a picture may have, pixels.
_MAX_SIDE_PX = 2**16
_MAX_ID = 2**53
_MAX_PEOPLE = 64

_Arrays = dict[str, F32 | None]


class FrameEncoder:
    """Turns moments, in order, into JSON objects.  Remembers each person's arrays to know what is the same."""

    def __init__(self, image_size: tuple[int, int]) -> None:
        self._image_size = image_size
        self._last: dict[int, PersonObservation] = {}

    def __call__(self, moment: Moment) -> dict[str, Any]:
        """Return the JSON object of the next moment."""
        return {
            "time_s": round(moment.time_s, _TIME_DECIMALS),
            "people": [self._person(person, moment.controls.get(person.person_id)) for person in moment.people],
        }

    def _person(self, person: PersonObservation, controls: PersonControls | None) -> dict[str, Any]:
        last = self._last.get(person.person_id)
        self._last[person.person_id] = person
        result: dict[str, Any] = {"id": person.person_id}
        if person.image_size != self._image_size:
            result["image_size"] = list(person.image_size)
        for name, (_, decimals) in _ARRAYS.items():
            array: F32 | None = getattr(person, name)
            if array is None or not _is_measured(array):
                continue
            is_same = last is not None and getattr(last, name) is array
            result[name] = SAME if is_same else _rounded(array, decimals)
        if controls is not None:
            result["controls"] = {
                "raw": _rounded(controls.raw, _CONTROL_DECIMALS),
                "confidence": {
                    str(group): round(float(value), _CONFIDENCE_DECIMALS)
                    for group, value in controls.confidence.items()
                },
                "smoothed": _rounded(controls.smoothed, _CONTROL_DECIMALS),
            }
        return result


class FrameDecoder:
    """Turns JSON objects, in order, into moments.

    Args:
        image_size: of the header, (width, height) in pixels.
        with_controls: whether the controls are of this build's spec; otherwise they are passed over.
    """

    def __init__(self, image_size: tuple[int, int], *, with_controls: bool = True) -> None:
        self._image_size = image_size
        self._with_controls = with_controls
        self._last: dict[int, _Arrays] = {}
        self._time_s = -math.inf

    def __call__(self, document: object) -> Moment:
        """Return the next moment.

        Raises:
            SourceError: something in it is missing, not finite, or of the wrong kind, shape or order.
        """
        values = mapping(document, "a frame")
        time_s = number(values.get("time_s"), "time_s", 0.0, _MAX_TIME_S)
        if time_s <= self._time_s:
            raise SourceError(f"time_s: got {time_s:g} after {self._time_s:g}, expected times that grow")
        self._time_s = time_s
        listed = values.get("people")
        if not isinstance(listed, list) or len(listed) > _MAX_PEOPLE:
            raise SourceError(f"people: expected a list of at most {_MAX_PEOPLE}")
        people: dict[int, PersonObservation] = {}
        controls: dict[int, PersonControls] = {}
        for entry in listed:
            described = mapping(entry, "a person")
            person = self._person(described)
            if person.person_id in people:
                raise SourceError(f"people: id {person.person_id} stands there twice")
            people[person.person_id] = person
            if self._with_controls and described.get("controls") is not None:
                controls[person.person_id] = _controls(mapping(described["controls"], "controls"))
        return Moment(time_s=time_s, people=tuple(people.values()), controls=controls)

    def _person(self, described: Mapping[str, Any]) -> PersonObservation:
        person_id = whole_number(described.get("id"), "id", -_MAX_ID, _MAX_ID)
        last = self._last.get(person_id, {})
        arrays: _Arrays = {}
        for name, (shape, _) in _ARRAYS.items():
            given = described.get(name)
            if given == SAME:
                if last.get(name) is None:
                    raise SourceError(f'{name}: got "{SAME}" where person {person_id} had none before')
                arrays[name] = last[name]
            else:
                arrays[name] = None if given is None else _array(given, name, shape)
        self._last[person_id] = arrays
        size = self._image_size
        if "image_size" in described:
            size = picture_size(described["image_size"])
        return PersonObservation(
            person_id=person_id,
            pose=arrays["pose"],
            pose_world=arrays["pose_world"],
            pose_visibility=arrays["pose_visibility"],
            face=arrays["face"],
            left_hand=arrays["left_hand"],
            right_hand=arrays["right_hand"],
            left_hand_world=arrays["left_hand_world"],
            right_hand_world=arrays["right_hand_world"],
            image_size=size,
        )


def mapping(value: object, name: str) -> Mapping[str, Any]:
    """Return a JSON object, or raise SourceError."""
    if not isinstance(value, dict):
        raise SourceError(f"{name}: got {_kind(value)}, expected an object")
    return value


def number(value: object, name: str, low: float, high: float) -> float:
    """Return a finite number within a range, or raise SourceError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        got = value if isinstance(value, int | float) else _kind(value)
        raise SourceError(f"{name}: got {got}, expected a number from {low:g} to {high:g}")
    return float(value)


def whole_number(value: object, name: str, low: int, high: int) -> int:
    """Return an integer within a range, or raise SourceError."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SourceError(f"{name}: got {_kind(value)}, expected a whole number from {low} to {high}")
    return value


def picture_size(value: object) -> tuple[int, int]:
    """Return (width, height) in pixels, or raise SourceError."""
    if not isinstance(value, list) or len(value) != 2:
        raise SourceError("image_size: expected [width, height]")
    width, height = (whole_number(side, "image_size", 1, _MAX_SIDE_PX) for side in value)
    return width, height


def _controls(described: Mapping[str, Any]) -> PersonControls:
    groups = mapping(described.get("confidence", {}), "confidence")
    known = {str(group) for group in Group}
    if unknown := set(groups) - known:
        raise SourceError(f"confidence: got {', '.join(sorted(unknown))[:80]}, expected groups such as head, torso")
    raw, smoothed = (_array(described.get(name), name, (len(SPEC),)) for name in ("raw", "smoothed"))
    confidence = {Group(name): number(value, f"confidence of {name}", 0.0, 1.0) for name, value in groups.items()}
    return PersonControls(raw=clipped(raw), confidence=confidence, smoothed=clipped(smoothed))


def _array(value: object, name: str, shape: tuple[int, ...]) -> F32:
    try:
        array = np.array(value, np.float64)
    except (ValueError, TypeError, OverflowError):
        raise SourceError(f"{name}: expected numbers in the shape {shape}") from None
    if array.shape != shape:
        raise SourceError(f"{name}: got numbers in the shape {array.shape}, expected {shape}")
    if not _is_measured(array):
        raise SourceError(f"{name}: holds numbers that are not finite or beyond {_MAX_VALUE:g}")
    return array.astype(np.float32)


def _is_measured(array: npt.NDArray[np.floating[Any]]) -> bool:
    return bool((np.abs(array) <= _MAX_VALUE).all())  # NaN is not


def _rounded(array: F32, decimals: int) -> Any:
    # Adding zero turns -0.0 into 0.0.
    return (array.astype(np.float64).round(decimals) + 0.0).tolist()


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__
