"""Finds faces, bodies and hands of up to six people with the networks inside the MediaPipe 0.10.21 wheel.

Body and hands run in OpenVINO (`body.py`, `hand.py`), the face on MediaPipe's own graph (`face.py`); `schedule.py`
decides which of them runs on which frame, `people.py` who is who.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.framing import Framing
from realtime.errors import TrackerError
from realtime.frame import Frame
from realtime.observation import PersonObservation
from realtime.tracking.body import body_region
from realtime.tracking.detection import Detection, detect, parts, whole_picture
from realtime.tracking.face import MIN_SIDE_PX, Crop, FaceGraph, held_crop
from realtime.tracking.networks import BODY_DETECTION, FACE_DETECTION, Network
from realtime.tracking.people import LOST_S, REMEMBERED_S, People
from realtime.tracking.person import FACE_MISSES, FACE_RETRY, SIDES, Networks, Person, Side, region_from_face
from realtime.tracking.region import Region
from realtime.tracking.schedule import Kind, Schedule, Task, Wish, body_period, hand_period

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

MAX_PEOPLE = 6
#: Scores from which it is worth looking closer at a body or a face.  (The wheel's graphs: 0.5 and 0.6.)
MIN_BODY_SCORE, MIN_FACE_SCORE = 0.5, 0.5
#: Looks at a newly found body, to settle its region, and how many of those who were found are looked at per frame.
SETTLING_LOOKS, ADMITTED_PER_FRAME = 2, 1
#: Frames between two searches for others: while somebody is missing, and else.
SEARCH_MISSING, SEARCH_OTHERS = 3, 6
#: Frames between two tries to find the body under a face, and more frames for every try to find a hand again.
BODY_RETRY, HAND_RETRY, HAND_RETRY_MAX = 8, 2, 10
#: How near in parts of its size a found body's shoulders or face must be to somebody's to be theirs.
NEAR_BODY, NEAR_FACE = 0.12, 0.8
#: A face detector's box is this much higher than the way from brow to chin.
BOX_TO_FACE = 0.75
#: Half the side of the square around a newly found face, in heights of the detector's box.
FACE_MARGIN = 0.9
#: What was seen this long ago is looked at whatever it costs, before it is too old and the person lost.
LATE_S = 0.2
#: Between two frames as much time passes at least and at most, whatever the time stamps say; and if they go back.
MIN_STEP_S, MAX_STEP_S, ODD_STEP_S = 0.002, 1.0, 1 / 30


class _Watch:
    """Measures what a run costs: others who want the same core lengthen the time, our own other threads the work."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def ms(self) -> float:
        """Return the smaller of the time and the work of this process since the beginning, ms."""
        began_s, worked_s = self._began
        return min(time.perf_counter() - began_s, time.process_time() - worked_s) * 1000


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


class MediaPipeTracker:
    """Implements `realtime.tracker.Tracker`.

    Used from one thread.  What was not looked at in a frame is passed on as the *same* array object for up to 0.3 s.
    Ids outlive losses of up to three seconds.

    Args:
        people: how many people to follow at most, 1 to 6.
        pose_every: frames between two looks at a moving body, 1 or more; a fast one is seen more often, a still one
            less.
        budget_ms: time of one core per frame on average for one person; each further person adds half of it, up to
            twice of it for everybody.
        framing: what the character's picture shows; hands below a portrait's edge are not looked for.
        masks: whether observations carry masks.
        threads: how many threads a network may use.
        min_confidence: of the face graph, 0..1.

    Raises:
        TrackerError: a value is out of range, or the models cannot be loaded.
    """

    def __init__(
        self,
        *,
        people: int = 1,
        pose_every: int = 2,
        budget_ms: float = 15.0,
        framing: Framing = "full",
        masks: bool = False,
        threads: int = 1,
        min_confidence: float = 0.5,
    ) -> None:
        if pose_every < 1:
            raise TrackerError(f"pose_every: got {pose_every}, expected 1 or more")
        if not 1 <= people <= MAX_PEOPLE:
            raise TrackerError(f"people: got {people}, expected 1 to {MAX_PEOPLE}")
        self._most, self._pose_every, self._framing = people, pose_every, framing
        self._min_confidence = min_confidence
        self._networks = Networks(threads=threads, masks=masks)
        self._body_detector = Network(BODY_DETECTION, threads=threads)
        self._face_detector = Network(FACE_DETECTION, threads=threads)
        self._graphs: list[FaceGraph] = [FaceGraph(min_confidence)]  # at leisure
        self._people = People()
        self._schedule = Schedule(budget_ms)
        self._size = (0, 0)
        self._now_s = 0.0
        self._captured_s: float | None = None
        self._searches = 0
        self._waiting = False
        self._closed = False

    def track(self, frame: Frame) -> tuple[PersonObservation, ...]:
        """Return the people in the frame, the main one first.

        Raises:
            TrackerError: the tracker was closed.
        """
        if self._closed:
            raise TrackerError("track: the tracker is closed; make a new one")
        self._advance(frame.captured_s)
        image, size = frame.image, (frame.image.shape[1], frame.image.shape[0])
        if min(size) < MIN_SIDE_PX:
            return ()
        if size != self._size:
            self._resize(size)
        for task in self._schedule.plan(self._wishes(size), len(self._people.followed), self._now_s):
            self._run(task, image)
        self._let_go(self._people.part(self._now_s))
        for person in self._people.followed:
            person.expire(self._now_s)
            person.learn_colours()
        self._let_go(self._people.expire(self._now_s))
        seen = (person.observation(size) for person in self._people.followed)
        return tuple(observation for observation in seen if observation is not None)

    def close(self) -> None:
        """Free the models.  Idempotent."""
        if not self._closed:
            self._closed = True
            for person in self._people.followed:
                person.close()
            for graph in self._graphs:
                graph.close()

    def _advance(self, captured_s: float) -> None:
        step_s = ODD_STEP_S if self._captured_s is None else captured_s - self._captured_s
        if not step_s > 0:  # false for NaN too
            step_s = ODD_STEP_S
        self._captured_s = captured_s
        self._now_s += min(max(step_s, MIN_STEP_S), MAX_STEP_S)

    def _resize(self, size: tuple[int, int]) -> None:
        for person in list(self._people.followed):
            self._people.lose(person, self._now_s)
            self._let_go([person])
        if min(self._size) > 0:
            self._people.rescale(size[0] / self._size[0], size[1] / self._size[1])
        self._size = size

    def _wishes(self, size: tuple[int, int]) -> list[Wish]:
        """Return everything that would make sense in this frame."""
        wishes = []
        followed, missing = self._people.followed, bool(self._people.lost) or self._waiting
        if len(followed) < self._most:
            pause = self._pose_every if not followed else SEARCH_MISSING if missing else SEARCH_OTHERS
            wishes.append(Wish(task=Task("search"), period=pause, must=not followed))
        for person in followed:
            is_main = person.person_id == self._people.main_id or len(followed) == 1
            weight = 2.0 if is_main else 1.0
            retry = person.face_misses > FACE_MISSES
            wishes.append(
                Wish(
                    task=Task("face", person.person_id),
                    period=FACE_RETRY if retry else 1,
                    weight=weight,
                    must=not retry and (is_main or self._late(person.face_s)),
                )
            )
            period = body_period(person.body_speed, self._pose_every) if person.body is not None else BODY_RETRY
            must = person.body is not None and self._late(person.body_s)
            wishes.append(Wish(task=Task("body", person.person_id), period=period, weight=weight, must=must))
            for side in SIDES:
                if self._hand_shows(person, side, size):
                    hand = person.hands[side]
                    retry_period = min(HAND_RETRY * (1 + hand.misses), HAND_RETRY_MAX)
                    kind: Kind = "left_hand" if side == "left" else "right_hand"
                    wishes.append(
                        Wish(
                            task=Task(kind, person.person_id),
                            period=retry_period if hand.hand is None else hand_period(hand.speed),
                            weight=weight,
                        )
                    )
        return wishes

    def _late(self, seen_s: float) -> bool:
        """Return whether what was seen then is about to be too old, in a person who is still there."""
        return LATE_S < self._now_s - seen_s < LOST_S

    def _hand_shows(self, person: Person, side: Side, size: tuple[int, int]) -> bool:
        if not person.wrist_in_sight(side, size):
            return False
        if self._framing == "full" or person.body is None:
            return True
        hips = person.body.points[[23, 24], 1].mean()  # a portrait ends above them
        return bool(person.body.points[15 if side == "left" else 16, 1] < hips)

    def _run(self, task: Task, image: U8) -> None:
        person = next((one for one in self._people.followed if one.person_id == task.person_id), None)
        watch = _Watch()
        if task.kind == "search":
            candidates = self._search(image)
            self._schedule.spent(task.kind, watch.ms())
            self._admit_best(candidates, image)  # a rare extra
            return
        elif person is None:
            return
        elif task.kind == "face":
            self._look_at_face(person, image)
        elif task.kind == "body":
            self._look_at_body(person, image)
        else:
            person.look_at_hand("left" if task.kind == "left_hand" else "right", self._networks, image, self._now_s)
            person.part_hands()
        self._schedule.spent(task.kind, watch.ms())

    def _look_at_body(self, person: Person, image: U8) -> None:
        if person.body is None and person.body_misses:
            for found in detect(self._body_detector, image, MIN_BODY_SCORE):
                region = body_region(found.points[0], found.points[1])
                if np.linalg.norm(found.points[2] - person.shoulders) < 2 * NEAR_BODY * region.side:
                    person.region = region
                    break
        if person.look_at_body(self._networks, image, self._now_s) and self._people.strayed(person, self._now_s):
            self._let_go([person])

    def _look_at_face(self, person: Person, image: U8) -> None:
        if person.graph is None:
            person.graph = self._graphs.pop() if self._graphs else FaceGraph(self._min_confidence)
        if not person.look_at_face(image, self._now_s) or person.face_points is None or person.body is None:
            return
        if person.is_torn():
            person.forget_body()
            return
        others = [one.body.points[0, :2] for one in self._people.followed if one is not person and one.body is not None]
        nose = person.face_points[1, :2]
        own = np.linalg.norm(nose - person.body.points[0, :2])
        if any(np.linalg.norm(nose - other) < own for other in others):  # somebody else's face in the crop
            person.forget_face()

    def _search(self, image: U8) -> list[Candidate]:
        """Look for people who are not followed yet: in the whole picture, and in parts of it in turn; best first."""
        body, face, whole = self._body_detector, self._face_detector, whole_picture(image)
        around = [view for part in parts(image) for view in ((body, whole), (face, part), (face, whole), (body, part))]
        views = [around[self._searches % len(around)]]
        self._searches += 1
        if not self._people.followed:  # then the whole picture is what counts
            views = [(body, whole), (face, whole), *(view for view in views if view[1] is not whole)]
        candidates: list[Candidate] = []
        for detector, region in views:
            find = self._bodies if detector is self._body_detector else self._faces
            candidates = find(image, region)
            if candidates:
                break
        return sorted(candidates, key=lambda candidate: candidate.rank, reverse=True)

    def _admit_best(self, candidates: list[Candidate], image: U8) -> None:
        admitted = 0
        for candidate in candidates:
            if admitted == ADMITTED_PER_FRAME or len(self._people.followed) == self._most:
                break
            admitted += self._admit(candidate, image)
        self._waiting = len(candidates) > admitted

    def _bodies(self, image: U8, part: Region) -> list[Candidate]:
        found: list[Candidate] = []
        for body in detect(self._body_detector, image, MIN_BODY_SCORE, part):
            region = body_region(body.points[0], body.points[1])
            near = NEAR_BODY * region.side
            if all(np.linalg.norm(body.points[2] - one.shoulders) > near for one in self._people.followed):
                found.append(Candidate(rank=self._rank(region, body, image), region=region))
        return found

    def _faces(self, image: U8, part: Region) -> list[Candidate]:
        found = []
        size = (image.shape[1], image.shape[0])
        for face in detect(self._face_detector, image, MIN_FACE_SCORE, part):
            left, top, right, bottom = face.box
            height = float(bottom - top)
            if any(np.linalg.norm(face.points[2] - one.head) < NEAR_FACE * height for one in self._people.followed):
                continue
            middle = np.array([(left + right) / 2, (top + bottom) / 2], np.float32)
            reach = np.array([0, BOX_TO_FACE * height / 2], np.float32)
            region = region_from_face(np.stack([middle - reach, middle + reach]))
            crop = held_crop(middle, FACE_MARGIN * height, size, None)
            found.append(Candidate(rank=self._rank(region, face, image), region=region, crop=crop))
        return found

    def _rank(self, region: Region, found: Detection, image: U8) -> float:
        """Return who is to be followed first: who was lost, then the largest and most central."""
        width = image.shape[1]
        central = 1 - 0.5 * abs(region.x - width / 2) / (width / 2)
        near = any(
            np.hypot(region.x - lost.region.x, region.y - lost.region.y) < 0.5 * lost.region.side
            for lost in self._people.lost
            if self._now_s - lost.lost_s < REMEMBERED_S
        )
        return found.score * region.side * central * (4.0 if near else 1.0)

    def _admit(self, candidate: Candidate, image: U8) -> bool:
        """Look at who was found; return whether somebody new is there, who is then followed."""
        region, crop = candidate.region, candidate.crop
        if not (region.side > MIN_SIDE_PX and np.isfinite([region.x, region.y, region.side]).all()):
            return False
        person = Person(person_id=0, region=region, since_s=self._now_s, crop=crop)
        for _ in range(SETTLING_LOOKS):
            if not person.look_at_body(self._networks, image, self._now_s):
                break
        person.trail.clear()
        if person.body is None and crop is None:
            return False
        followed = self._people.followed
        if person.body is not None and any(
            np.linalg.norm(one.shoulders - person.shoulders) < NEAR_BODY * person.region.side for one in followed
        ):
            return False
        self._look_at_face(person, image)
        if person.is_torn() or (crop is not None and person.face is None and not _holds(crop, person.head)):
            person.forget_body()
        if person.body is None and person.face is None:
            self._let_go([person])
            return False
        if self._people.is_doubtful(person, self._now_s):
            self._let_go([person])
            return False
        self._people.admit(person, self._now_s)
        return True

    def _let_go(self, people: list[Person]) -> None:
        """Take back the face graphs of people who are not followed any more."""
        for person in people:
            if person.graph is not None:
                person.graph.forget()
                self._graphs.append(person.graph)
                person.graph = None


def _holds(crop: Crop, point: F32) -> bool:
    return bool(crop.left <= point[0] < crop.right and crop.top <= point[1] < crop.bottom)
