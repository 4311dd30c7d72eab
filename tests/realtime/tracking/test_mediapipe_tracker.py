"""MediaPipe's models on real people."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from engines.controls import INDEX
from engines.framing import Framing
from realtime.errors import TrackerError
from realtime.frame import Frame
from realtime.motion import Motion
from realtime.observation import PersonObservation
from realtime.retargeting.retarget import Retarget
from realtime.tracking.mediapipe_tracker import MediaPipeTracker
from tests.fakes.footage import U8, clip, frame, moved, portrait


@pytest.fixture
def tracker() -> Iterator[MediaPipeTracker]:
    made = MediaPipeTracker()
    yield made
    made.close()


def _only(tracker: MediaPipeTracker, image: U8, index: int = 0) -> PersonObservation:
    observations = tracker.track(frame(image, index))
    assert len(observations) == 1
    return observations[0]


def _controls(tracker: MediaPipeTracker, frames: list[U8], rate_hz: float = 30.0) -> dict[str, npt.NDArray[np.float32]]:
    """Return each smoothed control over a clip, as the character would show it."""
    motion = Motion()
    vectors = []
    for index, image in enumerate(frames):
        motion.observe(tracker.track(frame(image, index)), index / rate_hz)
        vectors.append(motion.controls_at(index / rate_hz))
    stacked = np.array(vectors)
    return {name: stacked[:, column] for name, column in INDEX.items()}


def test_portrait_is_seen_with_left_on_picture_right(tracker: MediaPipeTracker) -> None:
    """Face and body are found; the subject's left eye and shoulder lie to the right in an unmirrored picture."""
    seen = _only(tracker, portrait())
    assert seen.face is not None and seen.pose is not None and seen.pose_visibility is not None
    assert seen.image_size == (512, 512)
    assert seen.face[263, 0] > seen.face[33, 0]
    assert seen.pose[11, 0] > seen.pose[12, 0]
    # The face network's nose and the body network's are one nose.
    assert np.abs(seen.face[1, :2] - seen.pose[0, :2]).max() < 0.03


def test_face_follows_a_panned_picture(tracker: MediaPipeTracker) -> None:
    """A person who moves by a tenth of the picture is found a tenth further, in spite of the crop."""
    image = portrait()
    for index in range(12):
        seen = _only(tracker, moved(image, x_px=index * 51.2 / 11), index)
    start = _only(MediaPipeTracker(), image)
    assert seen.face is not None and start.face is not None
    assert np.abs(seen.face[:, 0] - start.face[:, 0] - 0.1).max() < 0.02


@pytest.mark.parametrize("roll_deg", [-15.0, 15.0])
def test_rolled_picture_rolls_head_and_chest(tracker: MediaPipeTracker, roll_deg: float) -> None:
    """Tipping the crown to picture left, the subject's right, is positive roll."""
    image = moved(portrait(), roll_deg=roll_deg)
    straight = Retarget()(_only(MediaPipeTracker(), portrait()), 0.0).vector
    turned = Retarget()(_only(tracker, image), 0.0).vector
    names = ["head_roll", "torso_roll"]
    change = sum(turned[INDEX[name]] - straight[INDEX[name]] for name in names)
    assert abs(change - roll_deg) < 4


def test_mirrored_picture_turns_the_head_the_other_way(tracker: MediaPipeTracker) -> None:
    """The portrait looks a little to one side; its mirror image looks to the other."""
    image = portrait()
    seen = Retarget()(_only(tracker, image), 0.0).vector[INDEX["head_yaw"]]
    mirrored = Retarget()(_only(MediaPipeTracker(), np.ascontiguousarray(image[:, ::-1])), 0.0).vector[
        INDEX["head_yaw"]
    ]
    assert abs(seen) > 3 and seen * mirrored < 0


def test_what_was_not_looked_at_is_the_same_object_again(tracker: MediaPipeTracker) -> None:
    """A still body is looked at in every fourth frame by default, its face in every one."""
    image = portrait()
    seen = [_only(tracker, image, index) for index in range(9)]
    new = [seen[index].pose is not seen[index - 1].pose for index in range(1, 9)]
    assert new.count(True) in (2, 3) and not any(one and other for one, other in itertools.pairwise(new))
    assert all(seen[index].face is not seen[index - 1].face for index in range(1, 9))


def test_person_who_is_away_for_a_moment_keeps_the_id_and_after_long_gets_a_new_one(tracker: MediaPipeTracker) -> None:
    """An empty picture shows nobody; a second later it is the same person, half a minute later another."""
    empty = np.full((480, 640, 3), 127, np.uint8)
    image = np.zeros((480, 640, 3), np.uint8)
    image[:, 64:576] = portrait()[:480]
    assert tracker.track(frame(empty)) == ()

    def seen_from(index: int) -> int:
        return [tracker.track(frame(image, index + step)) for step in range(4)][-1][0].person_id

    assert seen_from(1) == 1
    gone = [tracker.track(frame(empty, index)) for index in range(5, 35)]
    assert gone[-1] == ()
    assert seen_from(35) == 1
    for index in range(40, 400, 8):
        assert index < 60 or tracker.track(frame(empty, index)) == ()
    assert seen_from(940) == 2


def test_frame_size_may_change_in_mid_stream(tracker: MediaPipeTracker) -> None:
    """Large, small, upright, odd, non-contiguous and tiny pictures follow each other without an error."""
    image = portrait()
    large = np.ascontiguousarray(np.repeat(np.repeat(image, 3, 0), 3, 1))
    assert _only(tracker, image).image_size == (512, 512)
    assert _only(tracker, large, 1).image_size == (1536, 1536)
    assert _only(tracker, image[:400, 20:419], 2).image_size == (399, 400)
    for index, size in enumerate([(1, 1), (2, 640), (23, 23), (25, 31)]):
        assert tracker.track(frame(np.zeros((*size, 3), np.uint8), 3 + index)) == ()
    assert _only(tracker, image, 9).person_id >= 1


@pytest.mark.parametrize("people", [1, 6])
def test_bad_pictures_and_times_do_no_harm(people: int) -> None:
    """Grey, noise, huge, thin and tiny pictures, times that go back, stand still, jump or are no numbers."""
    rng = np.random.default_rng(1)
    image = portrait()
    tracker = MediaPipeTracker(people=people, masks=True)
    huge = np.full((4320, 7680, 3), 90, np.uint8)
    huge[1000:3560, 2000:4560] = np.repeat(np.repeat(image, 5, 0), 5, 1)
    pictures = [
        image,
        np.full((480, 640, 3), 127, np.uint8),
        rng.integers(0, 256, (480, 640, 3), np.uint8),
        np.zeros((1, 1, 3), np.uint8),
        np.full((24, 3000, 3), 200, np.uint8),
        image[:200],
        image[200:],
        image[:, :180],
        huge,
        huge,
        np.ascontiguousarray(np.rot90(image)),
        image,
    ]
    times = [0.0, 0.0, -5.0, 1e9, float("nan"), float("inf"), 3.0, 3.001, -float("inf"), 4.0, 4.03, 4.06]
    for picture, time_s in zip(pictures, times, strict=True):
        captured = Frame(image=picture, pts=0, time_base=Fraction(1, 30), captured_s=time_s)
        for _ in range(2):
            for seen in tracker.track(captured):
                assert seen.image_size == (picture.shape[1], picture.shape[0])
                for array in (seen.face, seen.pose, seen.left_hand, seen.right_hand):
                    assert array is None or np.isfinite(array).all()
    assert len(tracker.track(frame(image, 500))) == 1
    tracker.close()


def test_two_people_side_by_side_are_two_with_faces_and_bodies() -> None:
    """The portrait and its smaller mirror image get ids of their own, and keep them when they change places slowly."""
    image = portrait()
    small = cv2.resize(np.ascontiguousarray(image[:, ::-1]), (400, 400), interpolation=cv2.INTER_AREA)
    scene = np.full((512, 1100, 3), image[5, 500], np.uint8)
    scene[:, :512], scene[112:, 700:] = image, small
    tracker = MediaPipeTracker(people=3, budget_ms=1000)
    for index in range(24):
        seen = tracker.track(frame(moved(scene, x_px=index), index))
    tracker.close()
    assert [one.person_id for one in seen] == [1, 2]
    assert all(one.face is not None and one.pose is not None for one in seen)
    middles = [one.face[1, 0] for one in seen if one.face is not None]
    assert middles[0] < 0.5 < middles[1]


def test_only_as_many_people_as_allowed_are_followed(tracker: MediaPipeTracker) -> None:
    """With one place the larger one gets it, and keeps it."""
    image = portrait()
    scene = np.full((512, 1100, 3), image[5, 500], np.uint8)
    scene[:, 588:], scene[212:, 50:350] = image, cv2.resize(image, (300, 300), interpolation=cv2.INTER_AREA)
    for index in range(8):
        seen = _only(tracker, scene, index)
        assert seen.person_id == 1 and seen.face is not None and seen.face[1, 0] > 0.5


def test_mask_comes_where_it_was_asked_for() -> None:
    """Masks are as large as the picture, white on the face and black on the wall beside it."""
    tracker = MediaPipeTracker(masks=True)
    seen = _only(tracker, portrait())
    tracker.close()
    assert seen.mask is not None and seen.face is not None
    x, y = (seen.face[1, :2] * 512).astype(int)
    assert seen.mask[y, x] == 255 and seen.mask[20, 490] == 0


def test_raised_hand_is_seen_on_its_own_side(tracker: MediaPipeTracker) -> None:
    """In `yes` the right fist is raised: its points lie at the body's right wrist, and in metres it is a hand."""
    seen = [_only(tracker, image, index) for index, image in enumerate(clip("gestures/yes.mkv")[:45])]
    raised = [one for one in seen[25:] if one.right_hand is not None]
    assert len(raised) > 10
    for one in raised:
        assert one.right_hand is not None and one.right_hand_world is not None and one.pose is not None
        assert np.linalg.norm((one.right_hand[0] - one.pose[16])[:2]) < 0.1
        assert 0.03 < np.linalg.norm(one.right_hand_world[0] - one.right_hand_world[9]) < 0.15
    kept = sum(one.right_hand is before.right_hand for before, one in itertools.pairwise(raised))
    assert 0 < kept < len(raised) - 1


def test_portrait_framing_looks_for_no_hands_below_the_hips() -> None:
    """A hanging hand is followed for a full figure only."""
    frames = clip("gestures/yes.mkv")[:12]

    def hands(framing: Framing) -> int:
        tracker = MediaPipeTracker(framing=framing)
        seen = [_only(tracker, image, index) for index, image in enumerate(frames)]
        tracker.close()
        return sum(one.left_hand is not None for one in seen)

    assert hands("portrait") == 0 < hands("full")


def test_crossing_people_keep_their_ids() -> None:
    """Two people walk past each other, one in front: afterwards the one in orange is who he was before."""
    front, back = clip("gestures/book.mkv"), clip("gestures/yes.mkv")
    masker = MediaPipeTracker(masks=True)
    cut_out = []
    for images in (back, front):
        mask = _only(masker, images[0]).mask
        assert mask is not None
        cut_out.append((images[0], mask))
    masker.close()
    tracker = MediaPipeTracker(people=2, budget_ms=1000)
    wall = np.full((480, 1280, 3), 190, np.uint8)
    shown: list[dict[int, float]] = []
    for index in range(64):
        scene = wall.copy()
        along = 780 * index / 63
        for (image, mask), left in zip(cut_out, (-70 + along, 710 - along), strict=True):
            matrix = np.array([[1, 0, left], [0, 1, 0]], np.float32)
            part = cv2.warpAffine(mask, matrix, (1280, 480)) > 127
            scene[part] = cv2.warpAffine(image, matrix, (1280, 480))[part]
        seen = tracker.track(frame(scene, index))
        shown.append({one.person_id: float(one.pose[11:13, 0].mean()) for one in seen if one.pose is not None})
    tracker.close()
    assert set(shown[12]) == set(shown[-1]) == {1, 2}
    for person_id in (1, 2):
        assert (shown[12][person_id] < 0.5) != (shown[-1][person_id] < 0.5)


def test_closed_tracker_says_so() -> None:
    """Closing twice is fine, tracking afterwards is not."""
    tracker = MediaPipeTracker()
    tracker.close()
    tracker.close()
    with pytest.raises(TrackerError, match="closed"):
        tracker.track(frame(portrait()))
    with pytest.raises(TrackerError, match="pose_every"):
        MediaPipeTracker(pose_every=0)
    with pytest.raises(TrackerError, match="people"):
        MediaPipeTracker(people=7)


@pytest.mark.parametrize("name", ["yes", "no", "bird", "thanks"])
def test_right_handed_sign_raises_the_right_arm(tracker: MediaPipeTracker, name: str) -> None:
    """In these clips the right hand signs and the left one hangs; the face is never lost."""
    seen = _controls(tracker, clip(f"gestures/{name}.mkv"))
    assert seen["right_elbow"].max() > 70
    assert seen["left_elbow"].max() < 60
    assert np.abs(seen["head_yaw"]).max() < 30


def test_two_handed_sign_raises_both_arms(tracker: MediaPipeTracker) -> None:
    """In `help` both forearms come up and cross before the chest."""
    seen = _controls(tracker, clip("gestures/help.mkv"))
    assert seen["right_elbow"].max() > 80 and seen["left_elbow"].max() > 80
    assert max(seen["right_elbow"][-1], seen["left_elbow"][-1]) < 60


@pytest.mark.parametrize(("name", "blinks"), [("yes", (57,)), ("no", (19, 55))])
def test_blink_of_a_distant_person_is_seen(tracker: MediaPipeTracker, name: str, blinks: tuple[int, ...]) -> None:
    """On a face 50 pixels wide the lids shut when they do (`benchmarks/blinks.py`), and hardly else."""
    seen = _controls(tracker, clip(f"gestures/{name}.mkv"))
    both = np.minimum(seen["blink_left"], seen["blink_right"])
    else_open = np.ones(len(both), bool)
    for shut in blinks:
        assert both[shut - 4 : shut + 7].max() > 0.4
        else_open[shut - 8 : shut + 14] = False
    assert both[else_open].max() < 0.3


def test_turning_head_turns_both_ways(tracker: MediaPipeTracker) -> None:
    """The woman looks to picture left, her right, first (negative yaw), then to picture right."""
    seen = _controls(tracker, clip("scenes/head-pose-face-detection-female.gif"), 12.5)
    yaw = seen["head_yaw"] + seen["torso_yaw"]
    assert yaw[5:8].max() < -25
    assert yaw[10:16].max() > 15


def test_people_walking_in_with_their_backs_turned_do_not_move_the_character(tracker: MediaPipeTracker) -> None:
    """Half bodies at the edge and backs are seen by the body network, and not believed."""
    seen = _controls(tracker, clip("scenes/one-by-one-person-detection.mp4")[:120])
    assert np.abs(seen["torso_roll"]).max() < 15
    assert max(seen["left_elbow"].max(), seen["right_elbow"].max()) < 15


def test_broad_smile_is_a_smile(tracker: MediaPipeTracker) -> None:
    """The man smiles from the first frame: it is not learnt as his face at rest."""
    seen = _controls(tracker, clip("scenes/head-pose-face-detection-male.gif"), 12.5)
    assert seen["smile"][10:55].min() > 0.4
    assert seen["smile"][10:55].min() > seen["aa"][10:55].max()


def test_person_cropped_at_the_chest_keeps_the_arms_down(tracker: MediaPipeTracker) -> None:
    """Elbows below the picture are not guessed at."""
    seen = _controls(tracker, clip("scenes/head-pose-face-detection-male.gif"), 12.5)
    assert seen["left_elbow"].max() < 12 and seen["right_elbow"].max() < 12
