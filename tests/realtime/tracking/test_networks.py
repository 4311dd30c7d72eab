"""Body and hands in OpenVINO against MediaPipe's own graphs, on the same pictures."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from realtime.native_log import without_lines
from realtime.tracking.body import Body, body_mask, body_region, see_body
from realtime.tracking.detection import detect, parts, whole_picture
from realtime.tracking.hand import hand_region_from_body, hand_region_from_hand, hand_region_from_place, see_hand
from realtime.tracking.networks import BODY, BODY_DETECTION, BODY_WITH_MASK, FACE_DETECTION, HAND, HAND_PLACE, Network
from realtime.tracking.person import HAND_OF_BODY
from realtime.tracking.region import Region, held
from tests.fakes.footage import U8, clip, portrait

F32 = npt.NDArray[np.float32]


def _small(image: U8) -> U8:
    """Return the picture so small that crops are sampled as MediaPipe does it, not averaged down."""
    size = (160 * image.shape[1] // image.shape[0], 160)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _points(landmarks: Any, image: U8) -> F32:
    size = np.array([image.shape[1], image.shape[0], image.shape[1]], np.float32)
    return np.array([(point.x, point.y, point.z) for point in landmarks.landmark], np.float32) * size


def _body(network: Network, image: U8, region: Region | None = None) -> Body:
    if region is None:
        found = detect(Network(BODY_DETECTION), image, 0.5)[0]
        region = body_region(found.points[0], found.points[1])
    body = see_body(network, image, region)
    assert body is not None
    return body


@pytest.mark.parametrize("source", ["portrait", "gestures/yes.mkv", "gestures/help.mkv"])
def test_body_is_the_one_that_mediapipes_graph_finds(source: str) -> None:
    """One crop gives the same points, a tenth of a pixel off in the median, and the same visibilities and metres."""
    from mediapipe.python.solutions import pose

    image = _small(portrait() if source == "portrait" else clip(source)[30])
    with without_lines(b"XNNPACK", b"absl", b"feedback"), pose.Pose(static_image_mode=True) as graph:
        truth = graph.process(image)
    body = _body(Network(BODY), image)
    visibility = np.array([point.visibility for point in truth.pose_landmarks.landmark])
    sure = visibility > 0.5
    apart = np.linalg.norm(body.points - _points(truth.pose_landmarks, image), axis=1)[sure]
    assert np.median(apart) < 0.1 and apart.max() < 2
    assert np.abs(body.visibility - visibility).max() < 0.01
    world = np.array([(point.x, point.y, point.z) for point in truth.pose_world_landmarks.landmark])
    assert np.abs(body.world - world)[sure].max() < 0.005


def test_hands_are_the_ones_that_mediapipes_graph_finds() -> None:
    """Found by way of the body instead of palms, a raised hand ends in the same points; left and right are told."""
    from mediapipe.python.solutions import hands

    frames = clip("gestures/yes.mkv")[25:45]
    body_network, hand_network, place = Network(BODY), Network(HAND), Network(HAND_PLACE)
    apart: list[float] = []
    metres: list[float] = []
    region = None
    with without_lines(b"XNNPACK", b"absl", b"feedback"), hands.Hands(max_num_hands=2) as graph:
        for image in frames:
            truth = graph.process(image)
            if region is None:
                body = _body(body_network, image)
                wrist, pinky, index = (body.points[at, :2] for at in HAND_OF_BODY["right"])
                region = hand_region_from_place(place, image, hand_region_from_body(wrist, pinky, index))
            hand = see_hand(hand_network, image, region)
            assert hand is not None and hand.rightness > 0.5
            region = hand.next_region
            if not truth.multi_hand_landmarks:
                continue
            found = [_points(landmarks, image) for landmarks in truth.multi_hand_landmarks]
            steps = [np.linalg.norm(hand.points - points, axis=1) for points in found]
            best = int(np.argmin([step.mean() for step in steps]))
            apart.append(float(np.median(steps[best])))
            world = truth.multi_hand_world_landmarks[best].landmark
            metres.append(float(np.abs(hand.world - [(point.x, point.y, point.z) for point in world]).max()))
    assert len(apart) > 10
    assert np.median(apart) < 0.5 and np.median(metres) < 0.003


def test_still_body_is_steadier_than_mediapipes_own() -> None:
    """Sensor noise on a still picture moves points less than half as much as in MediaPipe's graph."""
    from mediapipe.python.solutions import pose

    rng = np.random.default_rng(0)
    noisy = [np.clip(portrait() + rng.normal(0, 3, (512, 512, 3)), 0, 255).astype(np.uint8) for _ in range(12)]
    with without_lines(b"XNNPACK", b"absl", b"feedback"), pose.Pose(smooth_landmarks=False) as graph:
        theirs = np.array([_points(graph.process(image).pose_landmarks, image) for image in noisy])
    network, region, bodies = Network(BODY), None, []
    for image in noisy:
        bodies.append(_body(network, image, region))
        region = held(region, bodies[-1].next_region, shift=0.05, scale=1.12, turn=0.12)
    sure = bodies[-1].visibility > 0.5
    ours = np.array([body.points for body in bodies])
    assert ours[4:, sure, :2].std(axis=0).mean() < 0.5 * theirs[4:, sure, :2].std(axis=0).mean()


def test_mask_covers_the_person_and_not_the_wall() -> None:
    """The mask lies where the body's points are, in a picture that the region turns and overlaps."""
    image = portrait()
    network = Network(BODY_WITH_MASK)
    body = _body(network, image)
    assert _body(Network(BODY), image).mask is None
    mask = body_mask(body, (512, 512))
    assert mask is not None and mask.shape == (512, 512) and set(np.unique(mask)) == {0, 255}
    nose = body.points[0].astype(int)
    assert mask[nose[1], nose[0]] == 255 and mask[20, 480] == 0
    assert 0.2 < (mask > 0).mean() < 0.8


def test_detectors_find_the_portrait_and_nothing_in_grey() -> None:
    """Body and face are found where they are, in the whole picture and in its parts."""
    image, grey = portrait(), np.full((480, 640, 3), 127, np.uint8)
    body, face = Network(BODY_DETECTION), Network(FACE_DETECTION)
    assert detect(body, grey, 0.5) == [] and detect(face, grey, 0.5) == []
    found = detect(face, image, 0.6)[0]
    right_eye, left_eye, nose = found.points[:3]
    assert right_eye[0] < nose[0] < left_eye[0] and found.box[1] < nose[1] < found.box[3]
    wide = np.full((512, 1536, 3), 127, np.uint8)
    wide[:, 1024:] = image
    seen = [at for part in parts(wide) for at in detect(face, wide, 0.6, part)]
    assert seen and all(np.abs(at.points[2] - nose - [1024, 0]).max() < 12 for at in seen)
    assert whole_picture(wide) == Region(x=768.0, y=256.0, side=1536.0)


@pytest.mark.parametrize("size", [(640, 480), (1920, 1080), (480, 640), (2000, 30), (30, 30)])
def test_parts_cover_the_picture(size: tuple[int, int]) -> None:
    """Every corner and the middle lie in a part; long strips have few parts."""
    width, height = size
    squares = parts(np.zeros((height, width, 3), np.uint8))
    assert len(squares) <= 9
    for x, y in ((1, 1), (width - 1, height - 1), (1, height - 1)):
        assert any(abs(x - part.x) <= part.side / 2 and abs(y - part.y) <= part.side / 2 for part in squares)


def test_hand_region_follows_the_hands_own_direction() -> None:
    """A hand that points to the right is turned so that its fingers are up."""
    points = np.zeros((21, 3), np.float32)
    points[:, 0], points[:, 1] = 100 + 5 * np.arange(21), 200 + 8 * np.sin(np.arange(21))
    region = hand_region_from_hand(points)
    assert abs(region.turn - np.pi / 2) < 0.3
    assert region.x > 130 and abs(region.y - 200) < 15 and 150 < region.side < 220
