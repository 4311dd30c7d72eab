"""Finds faces, bodies and hands of up to six people with the networks inside the MediaPipe 0.10.21 wheel.

Body and hands run in OpenVINO (`body.py`, `hand.py`), the face on MediaPipe's own graph (`face.py`); `schedule.py`
decides which of them runs on which frame, `people.py` who is who.
"""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

from engines.framing import Framing
from realtime.errors import TrackerError
from realtime.frame import Frame
from realtime.observation import PersonObservation
from realtime.tracking.face import MIN_SIDE_PX, Crop, FaceGraph
from realtime.tracking.people import LOST_S, People
from realtime.tracking.person import FACE_MISSES, FACE_RETRY, SIDES, Networks, Person, Side
from realtime.tracking.schedule import Kind, Schedule, Task, Wish, body_period, hand_period
from realtime.tracking.search import NEAR_BODY, Candidate, Search

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

MAX_PEOPLE = 6
#: Looks at a newly found body, to settle its region, and how many of those who were found are looked at per frame.
SETTLING_LOOKS, ADMITTED_PER_FRAME = 2, 1
#: Frames between two searches for others: while somebody is missing, and else.
SEARCH_MISSING, SEARCH_OTHERS = 3, 6
#: Frames between two tries to find the body under a face, and more frames for every try to find a hand again.
BODY_RETRY, HAND_RETRY, HAND_RETRY_MAX = 8, 2, 10
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
        self._search = Search(threads=threads)
        self._graphs: list[FaceGraph] = [FaceGraph(min_confidence)]  # at leisure
        self._people = People()
        self._schedule = Schedule(budget_ms)
        self._size = (0, 0)
        self._now_s = 0.0
        self._captured_s: float | None = None
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
            candidates = self._search.candidates(image, self._people)
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
            person.region = self._search.body_of(person, image) or person.region
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

    def _admit_best(self, candidates: list[Candidate], image: U8) -> None:
        admitted = 0
        for candidate in candidates:
            if admitted == ADMITTED_PER_FRAME or len(self._people.followed) == self._most:
                break
            admitted += self._admit(candidate, image)
        self._waiting = len(candidates) > admitted

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
