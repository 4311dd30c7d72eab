"""What the person is told about the camera's picture, and that nothing is said without a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from realtime.camera_watch import FROZEN_S, CameraWatch, Hint, Patience
from realtime.observation import PersonObservation
from tests.fakes.footage import clip, portrait
from tests.fakes.person import F32, face, person

U8 = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
FPS = 30
RANDOM = np.random.default_rng(5)
SIZE = (120, 160)


def scene(luma: float = 120.0, contrast: float = 40.0, noise: float = 3.0) -> U8:
    """Return a room as a camera shows it: a gradient with noise, uint8 (120, 160, 3)."""
    rows = np.linspace(-contrast, contrast, SIZE[1])[None, :, None]
    picture = luma + rows + RANDOM.normal(0, noise, (*SIZE, 1)) + np.zeros(3)
    return np.clip(picture, 0, 255).astype(np.uint8)


def somebody(points: F32 | None = None) -> tuple[PersonObservation, ...]:
    return (person(face_points=face(centre_px=(320, 200)) if points is None else points),)


def watched(
    watch: CameraWatch,
    paint: Callable[[], U8],
    seconds: float,
    people: tuple[PersonObservation, ...] | None = None,
    fps: int = FPS,
    start_s: float = 0.0,
) -> list[Hint | None]:
    """Show pictures and return the hint after each."""
    hints = []
    for frame in range(round(seconds * fps)):
        watch.see(paint(), start_s + frame / fps)
        watch.meet(somebody() if people is None else people)
        hints.append(watch.hint)
    return hints


def test_person_in_a_lit_room_is_told_nothing() -> None:
    """All is well."""
    assert set(watched(CameraWatch(), scene, 5)) == {None}


def test_dark_room_is_told_after_a_while_and_not_at_once() -> None:
    """A shadow that passes is no darkness."""
    hints = watched(CameraWatch(), lambda: scene(20, 15), 4)
    assert set(hints[: 2 * FPS - 2]) == {None}
    assert hints[-1] is Hint.DARK


def test_light_about_the_threshold_does_not_flicker() -> None:
    """Once dark, it takes clearly more light to take it back."""
    watch = CameraWatch()
    watched(watch, lambda: scene(20, 15), 3)
    wavering = watched(watch, lambda: scene(float(RANDOM.uniform(25, 30)), 40), 4, start_s=3)
    assert set(wavering) == {Hint.DARK}
    assert watched(watch, scene, 3, start_s=7)[-1] is None


def test_noisy_picture_counts_as_dark_earlier() -> None:
    """A camera that amplifies what little light there is shows noise instead of blackness."""
    assert watched(CameraWatch(), lambda: scene(50, 30, noise=2), 4)[-1] is None
    assert watched(CameraWatch(), lambda: scene(60, 30, noise=14), 4)[-1] is Hint.DARK


def test_rough_cloth_is_no_noise() -> None:
    """A pattern in the middle of the picture is not everywhere, as noise is."""

    def in_tweed() -> U8:
        picture = scene(70, 20, noise=2)
        picture[40:120, 30:110] = RANDOM.integers(0, 120, (80, 80, 1), np.uint8)
        return picture

    assert watched(CameraWatch(), in_tweed, 4)[-1] is None


def test_covered_camera_is_told_so() -> None:
    """One grey is no picture, whether it is black or not, and whether it stands still or not."""
    for luma in (0, 120):
        watch = CameraWatch()
        assert watched(watch, lambda level=luma: scene(level, 0, 1), 3, ())[-1] is Hint.BLANK  # type: ignore[misc]
    assert watched(CameraWatch(), lambda: np.zeros((*SIZE, 3), np.uint8), 3, ())[-1] is Hint.BLANK


def test_camera_that_hangs_is_found_and_let_go() -> None:
    """The same picture for two seconds is no picture of a person; the next one is believed at once."""
    watch, still = CameraWatch(), scene()
    for frame in range(3 * FPS):
        watch.see(still, frame / FPS)
        if not watch.frozen:
            watch.meet(somebody())
        assert watch.frozen == (frame / FPS >= FROZEN_S)
    assert watch.hint is Hint.FROZEN
    watch.see(scene(110), 3.0)
    assert not watch.frozen
    assert watched(watch, scene, 1, start_s=3.1)[-1] is None


def test_codec_noise_on_a_still_picture_is_still_a_still_picture() -> None:
    """A codec changes a repeated picture by a level here and there."""
    watch, still = CameraWatch(), scene()
    for frame in range(3 * FPS):
        flicker = (RANDOM.random(still.shape) < 0.1).astype(np.uint8)
        watch.see(np.minimum(still, 254) + flicker, frame / FPS)
    assert watch.frozen


def test_small_movement_before_a_still_room_keeps_the_camera_alive() -> None:
    """A mouth that speaks is enough."""
    watch, still = CameraWatch(), scene(noise=0)
    for frame in range(4 * FPS):
        picture = still.copy()
        picture[75 : 79 + frame // 10 % 3, 75:83] = 20
        watch.see(picture, frame / FPS)
        assert not watch.frozen


def test_nobody_is_told_after_three_seconds() -> None:
    """Leaving for a moment is nobody's business."""
    watch = CameraWatch()
    hints = watched(watch, scene, 4, ())
    assert set(hints[: 3 * FPS - 2]) == {None}
    assert hints[-1] is Hint.NOBODY
    assert watched(watch, scene, 1, start_s=4)[-1] is None


@pytest.mark.parametrize(
    ("points", "hint"),
    [
        (face(centre_px=(640, 200)), Hint.PARTLY),
        (face(centre_px=(320, 460)), Hint.PARTLY),
        (face(centre_px=(320, 200), scale_px=2.0), Hint.FAR),
        (face(centre_px=(320, 200), scale_px=5.0), None),
        (face(centre_px=(320, 250), scale_px=24.0), None),
    ],
    ids=["beyond the edge", "below the edge", "far", "across the room", "near"],
)
def test_place_of_the_face_is_told(points: F32, hint: Hint | None) -> None:
    """Too far away, or half outside."""
    assert watched(CameraWatch(), scene, 4.5, somebody(points))[-1] is hint


def test_body_whose_head_is_cut_off_is_told() -> None:
    """The face is not found then, but the body is."""
    headless = person()
    assert headless.pose is not None
    raised = headless.pose.copy()
    raised[:, 1] -= raised[:11, 1].max() + 0.02
    assert watched(CameraWatch(), scene, 3, (replace(headless, pose=raised),))[-1] is Hint.PARTLY
    assert watched(CameraWatch(), scene, 3, (headless,))[-1] is None, "who turns away is all there"


def test_face_before_a_window_is_told_a_dark_face_before_a_wall_is_not() -> None:
    """It takes blown out light as well: a person's skin is not the camera's fault."""

    def before(luma: int) -> U8:
        picture = scene(60, 10)
        picture[:, 100:] = luma
        return picture

    assert watched(CameraWatch(), lambda: before(255), 5)[-1] is Hint.BACKLIT
    assert watched(CameraWatch(), lambda: before(215), 5)[-1] is None


def test_most_urgent_hint_is_given() -> None:
    """In the dark nobody is seen: light comes first."""
    assert watched(CameraWatch(), lambda: scene(15, 10), 5, ())[-1] is Hint.DARK


@pytest.mark.parametrize("fps", [5, 120])
def test_patience_counts_seconds_not_frames(fps: int) -> None:
    """Slow and fast cameras are treated alike."""
    hints = watched(CameraWatch(), scene, 4, (), fps=fps)
    assert hints.index(Hint.NOBODY) / fps == pytest.approx(3.0, abs=0.25)


def test_time_that_goes_back_or_leaps_counts_for_little() -> None:
    """A laptop that slept did not watch an empty room."""
    watch = CameraWatch()
    for time_s in (0.0, 100.0, 50.0, 200.0):
        watch.see(scene(), time_s)
        watch.meet(())
        assert watch.hint is None


@pytest.mark.parametrize("shape", [(1, 1), (2, 3000), (4320, 7680), (480, 640)])
def test_every_size_of_picture_is_looked_at(shape: tuple[int, int]) -> None:
    """One pixel or 8K, and a change of size in between."""
    watch = CameraWatch()
    watch.see(scene(), 0.0)
    watch.see(np.full((*shape, 3), 90, np.uint8), 0.03)
    watch.meet(())
    assert watch.hint is None


def test_patience_begins_anew_with_every_pause() -> None:
    """A condition counts when it lasts, and stays for as long as it comes back in time."""
    patience = Patience(1.0, 0.5)
    assert [patience.update(now, 0.4) for now in (True, True, False, True, True, True)] == [False] * 5 + [True]
    assert [patience.update(now, 0.4) for now in (False, True, False, False)] == [True, True, True, False]


@pytest.mark.parametrize("gain", [1.0, 0.06])
def test_portrait_is_lit_until_it_is_darkened(gain: float) -> None:
    """A real picture with sensor-like noise."""
    picture = portrait()[::4, ::4].astype(np.float32) * gain

    def shot() -> U8:
        return np.asarray(np.clip(picture + RANDOM.normal(0, 4, picture.shape), 0, 255), np.uint8)

    assert watched(CameraWatch(), shot, 3)[-1] is (None if gain == 1.0 else Hint.DARK)


@pytest.mark.parametrize("name", ["gestures/yes.mkv", "gestures/night.mkv", "scenes/head-pose-face-detection-male.gif"])
def test_real_footage_moves_and_is_lit(name: str) -> None:
    """Nothing is said of a good picture, played there and back for six seconds."""
    pictures = clip(name)
    there_and_back = [*pictures, *pictures[::-1]]
    watch = CameraWatch()
    for frame in range(6 * FPS):
        watch.see(there_and_back[frame % len(there_and_back)], frame / FPS)
        watch.meet(somebody())
        assert watch.hint is None
