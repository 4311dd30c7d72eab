"""Looks for people who are not followed yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realtime.tracking.body import body_region
from realtime.tracking.detection import Detection, detect, parts, whole_picture
from realtime.tracking.face import Crop, held_crop
from realtime.tracking.networks import BODY_DETECTION, FACE_DETECTION, Network
from realtime.tracking.people import Lost, People
from realtime.tracking.person import Person, region_from_face
from realtime.tracking.region import Region

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: Scores from which it is worth looking closer at a body or a face.  (The wheel's graphs: 0.5 and 0.6.)
MIN_BODY_SCORE, MIN_FACE_SCORE = 0.5, 0.5
#: How near in parts of its size a found body's shoulders or face must be to somebody's to be theirs.
NEAR_BODY, NEAR_FACE = 0.12, 0.8
#: A face detector's box is this much higher than the way from brow to chin.
BOX_TO_FACE = 0.75
#: Half the side of the square around a newly found face, in heights of the detector's box.
FACE_MARGIN = 0.9
#: Who may be the one who was lost goes before others, who would have to be this many times as large.
LOST_FIRST = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who may be new.

    Args:
        rank: who is to be looked at first.
        region: where the body is, roughly.
        crop: where the face is, or None.
    """

    rank: float
    region: Region
    crop: Crop | None = None


class Search:
    """Runs the detectors: on the whole picture, and in turn on parts of it, where people further away are larger.

    Args:
        threads: how many threads a network may use.
    """

    def __init__(self, *, threads: int = 1) -> None:
        self._bodies = Network(BODY_DETECTION, threads=threads)
        self._faces = Network(FACE_DETECTION, threads=threads)
        self._turn = 0

    def candidates(self, image: U8, people: People) -> list[Candidate]:
        """Return who is found and not followed, best first: who was lost, then the largest and most central.

        While somebody is followed this looks once, else at least at the whole picture.
        """
        bodies, faces, whole = self._bodies, self._faces, whole_picture(image)
        views = [
            view for part in parts(image) for view in ((bodies, whole), (faces, part), (faces, whole), (bodies, part))
        ]
        chosen = [views[self._turn % len(views)]]
        self._turn += 1
        if not people.followed:
            chosen = [(bodies, whole), (faces, whole), *(view for view in chosen if view[1] is not whole)]
        for detector, region in chosen:
            find = self._new_bodies if detector is bodies else self._new_faces
            found = find(image, region, people)
            if found:
                return sorted(found, key=lambda candidate: candidate.rank, reverse=True)
        return []

    def body_of(self, person: Person, image: U8) -> Region | None:
        """Return where the body of somebody is whose body was lost, or None."""
        for found in detect(self._bodies, image, MIN_BODY_SCORE):
            region = body_region(found.points[0], found.points[1])
            if np.linalg.norm(found.points[2] - person.shoulders) < 2 * NEAR_BODY * region.side:
                return region
        return None

    def _new_bodies(self, image: U8, part: Region, people: People) -> list[Candidate]:
        candidates = []
        for found in detect(self._bodies, image, MIN_BODY_SCORE, part):
            region = body_region(found.points[0], found.points[1])
            near = NEAR_BODY * region.side
            if all(np.linalg.norm(found.points[2] - one.shoulders) > near for one in people.followed):
                candidates.append(Candidate(rank=_rank(region, found, image, people.lost), region=region))
        return candidates

    def _new_faces(self, image: U8, part: Region, people: People) -> list[Candidate]:
        candidates = []
        size = (image.shape[1], image.shape[0])
        for found in detect(self._faces, image, MIN_FACE_SCORE, part):
            left, top, right, bottom = found.box
            height = float(bottom - top)
            if any(np.linalg.norm(found.points[2] - one.head) < NEAR_FACE * height for one in people.followed):
                continue
            middle = np.array([(left + right) / 2, (top + bottom) / 2], np.float32)
            reach = np.array([0, BOX_TO_FACE * height / 2], np.float32)
            region = region_from_face(np.stack([middle - reach, middle + reach]))
            crop = held_crop(middle, FACE_MARGIN * height, size, None)
            candidates.append(Candidate(rank=_rank(region, found, image, people.lost), region=region, crop=crop))
        return candidates


def _rank(region: Region, found: Detection, image: U8, lost: Iterable[Lost]) -> float:
    width = image.shape[1]
    central = 1 - 0.5 * abs(region.x - width / 2) / (width / 2)
    near = any(np.hypot(region.x - one.region.x, region.y - one.region.y) < 0.5 * one.region.side for one in lost)
    return found.score * region.side * central * (LOST_FIRST if near else 1.0)
