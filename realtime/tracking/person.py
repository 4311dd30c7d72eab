"""One person who is followed: what was last seen of face, body and hands, and where to look next."""

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from realtime.observation import PersonObservation
from realtime.tracking.appearance import chest_colours, likeness
from realtime.tracking.body import Body, body_mask, body_region, see_body
from realtime.tracking.face import NOSE, Crop, FaceGraph, face_crop, head_crop
from realtime.tracking.hand import Hand, hand_region_from_body, hand_region_from_place, see_hand
from realtime.tracking.networks import BODY, BODY_WITH_MASK, HAND, HAND_PLACE, Network
from realtime.tracking.region import Region, held

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")

#: What was not looked at for this long is not passed on any more.
TOO_OLD_S = 0.3
#: Frames without a face in its crop before the whole head's surroundings are searched again, and then every so often.
FACE_MISSES, FACE_RETRY = 3, 5
#: How far regions may be off before they move.  Chosen on the sign clips: still people keep theirs, and no point comes
#: near the crop's edge.
BODY_HOLD = {"shift": 0.05, "scale": 1.12, "turn": 0.12}
HAND_HOLD = {"shift": 0.07, "scale": 1.2, "turn": 0.2}
#: A body's points that tell whether it moves, and the visibility from which they count.
MOVING_POINTS = [0, 11, 12, 13, 14, 15, 16, 23, 24]
SURE = 0.5
#: Wrist, little and index finger of each hand in the body's points.
HAND_OF_BODY: dict[Side, tuple[int, int, int]] = {"left": (15, 17, 19), "right": (16, 18, 20)}
#: A wrist less visible than this has no hand to look for.  (MediaPipe's holistic graph: 0.1.)
WRIST_VISIBLE = 0.25
#: A hand that looks this much like the other one is the other one; a new one must not even lean that way.
OTHER_HAND, NEW_OTHER_HAND = 0.85, 0.6
#: A hand's wrist further from the body's than this part of the hand's region is not that body's.
WRIST_APART = 0.6
#: Looks at a body whose regions are remembered: where it was before it strayed.
TRAIL = 8
#: Face and body are two people's where their noses are this many faces apart.
TORN = 0.6
#: Weight of a new look in the running mean of colours.
COLOUR_WEIGHT = 0.1
#: Mean adult proportions around the distance from brow to chin: from the face's middle to the hips' middle, and how
#: far the body reaches from there.  Only starts the body network, which corrects it.
FACE_TO_HIPS, FACE_TO_REACH = 5.0, 6.5


class Networks:
    """The networks that look at a person.

    Args:
        threads: how many threads a run may use.
        masks: whether bodies come with masks.
    """

    def __init__(self, *, threads: int = 1, masks: bool = False) -> None:
        # In bf16 the body's metres are 8 cm off, and a hand's points 1 px: both stay in f32.
        self.body = Network(BODY_WITH_MASK if masks else BODY, threads=threads)
        self.hand = Network(HAND, threads=threads)
        self.hand_place = Network(HAND_PLACE, threads=threads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a body was.

    Args:
        time_s: when.
        region: where it was looked for.
        velocity: float32 (2,), pixels per second.
    """

    time_s: float
    region: Region
    velocity: F32


@dataclass(slots=True)
class FollowedHand:
    """A hand from frame to frame; `points` and `world` are what observations carry."""

    hand: Hand | None = None
    points: F32 | None = None
    world: F32 | None = None
    seen_s: float = -np.inf
    tried_s: float = -np.inf
    misses: int = 0
    speed: float = 0.0

    def drop(self) -> None:
        """Forget what was seen."""
        self.hand = self.points = self.world = None
        self.misses += 1


@dataclass(slots=True)
class Person:
    """A person from frame to frame.

    Args:
        person_id: stable.
        region: where the body is, or is guessed to be.
        since_s: when first seen.
    """

    person_id: int
    region: Region
    since_s: float
    body: Body | None = None
    body_s: float = -np.inf
    body_misses: int = 0
    body_speed: float = 0.0
    velocity: F32 = field(default_factory=lambda: np.zeros(2, np.float32))
    pose: F32 | None = None
    pose_world: F32 | None = None
    visibility: F32 | None = None
    mask: U8 | None = None
    face: F32 | None = None
    face_points: F32 | None = None
    face_s: float = -np.inf
    face_misses: int = 0
    crop: Crop | None = None
    graph: FaceGraph | None = None
    hands: dict[Side, FollowedHand] = field(default_factory=lambda: {side: FollowedHand() for side in SIDES})
    colours: F32 | None = None
    last_colours: F32 | None = None
    trail: deque[Place] = field(default_factory=lambda: deque(maxlen=TRAIL))

    @property
    def seen_s(self) -> float:
        """When body or face were last seen."""
        return max(self.body_s, self.face_s)

    @property
    def shoulders(self) -> F32:
        """Where the middle of the shoulders is, float32 (2,), pixels."""
        if self.body is not None:
            return np.asarray(self.body.points[[11, 12], :2].mean(axis=0), np.float32)
        return np.array([self.region.x, self.region.y - 0.2 * self.region.side], np.float32)

    @property
    def head(self) -> F32:
        """Where the nose is, float32 (2,), pixels; guessed where neither face nor body is seen."""
        if self.face_points is not None:
            return self.face_points[NOSE, :2]
        if self.body is not None:
            return self.body.points[0, :2]
        return np.array([self.region.x, self.region.y - 0.3 * self.region.side], np.float32)

    def look_at_body(self, networks: Networks, image: U8, now_s: float) -> bool:
        """Run the body network; return whether it saw somebody."""
        size = (image.shape[1], image.shape[0])
        body = see_body(networks.body, image, self.region)
        if body is None:
            self.forget_body()
            return False
        if self.body is not None:
            self.trail.append(Place(time_s=self.body_s, region=self.region, velocity=self.velocity))
        if self.body is not None and now_s > self.body_s:
            steps = body.points[MOVING_POINTS, :2] - self.body.points[MOVING_POINTS, :2]
            sure = np.minimum(body.visibility, self.body.visibility)[MOVING_POINTS] > SURE
            elapsed_s = max(now_s - self.body_s, 1e-3)
            lengths = np.linalg.norm(steps, axis=1)[sure]
            self.body_speed = float(lengths.max()) / self.region.side / elapsed_s if sure.any() else 0.0
            trunk = np.array([body.region.x - self.body.region.x, body.region.y - self.body.region.y])
            self.velocity = np.asarray(0.7 * self.velocity + 0.3 * trunk / elapsed_s, np.float32)
        self.body, self.body_s, self.body_misses = body, now_s, 0
        self.region = held(self.region, body.next_region, **BODY_HOLD)
        self.pose, self.pose_world, self.visibility = normalized(body.points, size), body.world, body.visibility
        self.mask = body_mask(body, size)
        self.last_colours = chest_colours(image, body.points)
        if self.last_colours is not None and self.colours is None:
            self.colours = self.last_colours
        return True

    def learn_colours(self) -> None:
        """Take what was last seen of the clothes into the memory of them."""
        if (
            self.colours is not None
            and self.last_colours is not None
            and likeness(self.colours, self.last_colours) > 0.7
        ):
            mixed = (1 - COLOUR_WEIGHT) * self.colours + COLOUR_WEIGHT * self.last_colours
            self.colours = np.asarray(mixed, np.float32)

    def forget_body(self) -> None:
        """Let go of the body."""
        self.body = None
        self.pose = self.pose_world = self.visibility = None
        self.mask = None
        self.body_misses += 1

    def look_at_face(self, image: U8, now_s: float) -> bool:
        """Run the face graph where the head is; return whether it saw a face."""
        assert self.graph is not None
        size = (image.shape[1], image.shape[0])
        crop = None
        if self.body is not None:
            crop = head_crop(self.body.points, size, self.crop)
        elif self.face_points is not None:
            crop = face_crop(self.face_points, size, self.crop)
        elif self.crop is not None:
            crop = self.crop
        self.crop = crop
        face = self.graph.see(image, crop) if crop is not None else None
        if face is None:
            self.face = self.face_points = None
            self.face_misses += 1
            return False
        self.face_points, self.face_s, self.face_misses = face, now_s, 0
        self.face = normalized(face, size)
        if self.body is None:
            self.region = region_from_face(face)
        return True

    def is_torn(self) -> bool:
        """Return whether face and body, both just seen, are not one person's."""
        if self.face_points is None or self.body is None or abs(self.face_s - self.body_s) > 0.05:
            return False
        face = self.face_points[:, :2]
        apart = float(np.linalg.norm(face[NOSE] - self.body.points[0, :2]))
        return apart > TORN * float(np.ptp(face, axis=0).max())

    def forget_face(self) -> None:
        """Let go of the face."""
        self.face = self.face_points = self.crop = None
        self.face_misses += 1
        if self.graph is not None:
            self.graph.forget()

    def wrist_in_sight(self, side: Side, size: tuple[int, int]) -> bool:
        """Return whether the body shows that hand's wrist inside the picture."""
        if self.body is None:
            return False
        wrist = HAND_OF_BODY[side][0]
        x, y = self.body.points[wrist, :2]
        return bool(self.body.visibility[wrist] > WRIST_VISIBLE and 0 <= x < size[0] and 0 <= y < size[1])

    def look_at_hand(self, side: Side, networks: Networks, image: U8, now_s: float) -> bool:
        """Run the hand network; return whether it saw that side's hand."""
        followed, body = self.hands[side], self.body
        followed.tried_s = now_s
        wrist, pinky, index = (body.points[at, :2] for at in HAND_OF_BODY[side]) if body else (None, None, None)
        last = followed.hand
        if last is not None and wrist is not None:
            apart = float(np.linalg.norm(last.points[0, :2] - wrist))
            # The body's wrist may be a few frames old: only a plain contradiction counts.
            if apart > WRIST_APART * last.next_region.side and now_s - self.body_s < 0.05:
                last = None
        if last is not None:
            region = held(last.region, last.next_region, **HAND_HOLD)
        elif wrist is not None and pinky is not None and index is not None:
            rough = hand_region_from_body(wrist, pinky, index)
            if not rough.side > 8:
                followed.drop()
                return False
            region = hand_region_from_place(networks.hand_place, image, rough)
        else:
            followed.drop()
            return False
        hand = see_hand(networks.hand, image, region) if region.side > 8 else None
        if hand is not None:
            otherness = hand.rightness if side == "left" else 1 - hand.rightness
            if otherness > (NEW_OTHER_HAND if last is None else OTHER_HAND):
                hand = None
        if hand is None:
            followed.drop()
            return False
        if last is not None and now_s > followed.seen_s:
            step = float(np.linalg.norm(hand.points[:, :2] - last.points[:, :2], axis=1).mean())
            followed.speed = step / hand.region.side / max(now_s - followed.seen_s, 1e-3)
        followed.hand, followed.seen_s, followed.misses = hand, now_s, 0
        followed.points = normalized(hand.points, (image.shape[1], image.shape[0]))
        followed.world = hand.world
        return True

    def part_hands(self) -> None:
        """Drop one of two hands that are the same hand."""
        left, right = self.hands["left"].hand, self.hands["right"].hand
        if left is None or right is None or self.body is None:
            return
        apart = float(np.linalg.norm(left.points[:, :2] - right.points[:, :2], axis=1).mean())
        if apart > 0.12 * max(left.next_region.side, right.next_region.side):
            return
        # The network's own opinion first, then whose wrist is nearer.
        rightness = (left.rightness + right.rightness) / 2
        wrists = [self.body.points[HAND_OF_BODY[side][0], :2] for side in SIDES]
        near = [float(np.linalg.norm(left.points[0, :2] - wrist)) for wrist in wrists]
        keep_left = rightness < 0.5 if abs(rightness - 0.5) > 0.25 else near[0] <= near[1]
        self.hands["right" if keep_left else "left"].drop()

    def expire(self, now_s: float) -> None:
        """Let go of what was not looked at for too long."""
        if now_s - self.body_s > TOO_OLD_S:
            self.body = None
            self.pose = self.pose_world = self.visibility = None
            self.mask = None
        if now_s - self.face_s > TOO_OLD_S:
            self.face = self.face_points = None
        for followed in self.hands.values():
            if followed.hand is not None and now_s - followed.seen_s > TOO_OLD_S:
                followed.hand = followed.points = followed.world = None

    def observation(self, size: tuple[int, int]) -> PersonObservation | None:
        """Return what is known of the person in a picture of that size, or None if nothing is."""
        if self.pose is None and self.face is None:
            return None
        left, right = self.hands["left"], self.hands["right"]
        return PersonObservation(
            person_id=self.person_id,
            pose=self.pose,
            pose_world=self.pose_world,
            pose_visibility=self.visibility,
            face=self.face,
            left_hand=left.points,
            right_hand=right.points,
            left_hand_world=left.world,
            right_hand_world=right.world,
            image_size=size,
            mask=self.mask,
        )

    def close(self) -> None:
        """Free the face graph."""
        if self.graph is not None:
            with contextlib.suppress(RuntimeError):
                self.graph.close()
            self.graph = None


def region_from_face(face: F32) -> Region:
    """Return where the body under a face, float32 (N, 2 or 3), pixels, is about."""
    low, high = face[:, :2].min(axis=0), face[:, :2].max(axis=0)
    middle, height = (low + high) / 2, float((high - low).max())
    hips = np.array([middle[0], middle[1] + FACE_TO_HIPS * height], np.float32)
    return body_region(hips, np.array([hips[0], hips[1] - FACE_TO_REACH * height], np.float32))


def normalized(points: F32, size: tuple[int, int]) -> F32:
    """Return pixel points (N, 3) in parts of the picture, z in units of x."""
    return np.asarray(points / np.array([size[0], size[1], size[0]], np.float32), np.float32)
