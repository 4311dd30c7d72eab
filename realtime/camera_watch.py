"""Watches what the camera shows and says what the person could do about it: light, distance, a camera that hangs."""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from realtime.observation import F32, PersonObservation

U8 = npt.NDArray[np.uint8]

#: The longer side of what is looked at, in pixels, taken out of the picture without a filter.
LONGEST_PX = 80
#: Noise changes slowly and costs more than the rest: it is measured in every n-th picture.
_NOISE_EVERY = 8

#: Pictures that differ less than this from the last that was different, on average and anywhere, are the same one;
#: the first is what a codec adds to a still picture, the second catches a small thing that moves.
_SAME_MEAN, _SAME_MOST = 0.25, 10
#: A camera that repeats its picture for this long hangs, if it sent so many pictures meanwhile.
FROZEN_S, _FROZEN_FRAMES = 2.0, 8
#: Standard deviation of luma below which there is no picture: a closed shutter, a finger, a driver's grey.
_BLANK = (3.0, 5.0)
#: Luma that a tenth of the picture exceeds; below the first it is dark, above the second it is not.  The brightest
#: tenth says how much light there is; the mean would say how dark clothes, walls and skin are.
_DARK = (58.0, 72.0)
#: The same for a picture that is as noisy as the last number, in levels: it is dark, and the camera amplifies.  Good
#: webcams' pictures have 0.3 to 2.5; at 9 faces are still found, at 12 they are not.
_DARK_NOISY, _NOISE = (140.0, 155.0), 8.0
#: Noise is measured in three by three squares of so many pixels.  It is everywhere, cloth and leaves are not: what
#: a third of the squares do not exceed is noise.
_PATCH_PX = 40
#: Upper quartile of the normal distribution: the median of what is normally distributed, signs dropped.
_NORMAL_QUARTILE = 0.6745
#: Backlit: this share of the picture is blown out (luma above 245), while the face lies below so much luma.
_BLOWN, _BLOWN_LUMA = (0.14, 0.10), 245
_FACE_DARK = (62.0, 75.0)
#: A face lower than this, in pixels, has irises of less than two pixels; a share of the picture's height beside it,
#: because a camera that sends less than it could is not the person's distance.
_FAR_PX, _FAR_SHARE = (36.0, 42.0), (0.11, 0.13)
#: Share of the face's longer side by which it may stand out of the picture.
_PARTLY = (0.15, 0.08)

#: Pose points of nose, eyes, ears and mouth, for faces that the edge hides.
_HEAD = slice(0, 11)


class Hint(StrEnum):
    """What is wrong, most urgent first; stable names, which the page turns into words."""

    BLANK = "blank"
    FROZEN = "frozen"
    DARK = "dark"
    NOBODY = "nobody"
    PARTLY = "partly"
    BACKLIT = "backlit"
    FAR = "far"


#: After how many seconds a hint is given, and how many seconds after its cause it goes.
_PATIENCE_S: dict[Hint, tuple[float, float]] = {
    Hint.BLANK: (1.5, 0.5),
    Hint.FROZEN: (0.0, 0.5),
    Hint.DARK: (2.0, 1.5),
    Hint.NOBODY: (3.0, 0.3),
    Hint.PARTLY: (2.0, 1.0),
    Hint.BACKLIT: (3.0, 2.0),
    Hint.FAR: (3.0, 1.5),
}
#: A pause longer than this between frames is no time that was watched.
_LONGEST_STEP_S = 0.5


class Patience:
    """A condition that has to last before it counts, and to be gone for a while before it does not.

    Args:
        on_s: how long it has to last.
        off_s: how long it has to be gone.
    """

    def __init__(self, on_s: float, off_s: float) -> None:
        self._on_s = on_s
        self._off_s = off_s
        self._turned_s = 0.0
        self._is_on = False

    @property
    def is_on(self) -> bool:
        """Whether it counts."""
        return self._is_on

    def update(self, now: bool, step_s: float) -> bool:
        """Take whether it is so now, `step_s` after the last time, and return whether it counts."""
        self._turned_s = self._turned_s + step_s if now is not self._is_on else 0.0
        if now is not self._is_on and self._turned_s >= (self._on_s if now else self._off_s):
            self._is_on, self._turned_s = now, 0.0
        return self._is_on


class CameraWatch:
    """Looks at every frame, cheaply, and keeps one hint.  Used from one thread."""

    def __init__(self) -> None:
        self._patience = {hint: Patience(*seconds) for hint, seconds in _PATIENCE_S.items()}
        self._time_s: float | None = None
        self._step_s = 0.0
        self._luma: U8 | None = None
        self._frames = 0
        self._same_s = 0.0
        self._same_frames = 0
        self._noise = 0.0
        self._blown = 0.0

    @property
    def hint(self) -> Hint | None:
        """The most urgent thing that is wrong, or None."""
        return next((hint for hint in Hint if self._patience[hint].is_on), None)

    @property
    def frozen(self) -> bool:
        """Whether the camera repeats one picture: what is seen in it says nothing about the person any more."""
        return self._same_s >= FROZEN_S and self._same_frames >= _FROZEN_FRAMES

    def see(self, image: U8, captured_s: float) -> None:
        """Take a picture, uint8 (H, W, 3) RGB, that was captured at a time in seconds."""
        elapsed_s = 0.0 if self._time_s is None else captured_s - self._time_s
        self._time_s = captured_s
        self._step_s = min(max(elapsed_s, 0.0), _LONGEST_STEP_S)
        luma = _small_luma(image)
        self._compare(luma)
        if self._frames % _NOISE_EVERY == 0:
            self._noise += (1.0 if self._frames == 0 else 0.5) * (_noise(image) - self._noise)
        self._frames += 1
        up_to = np.cumsum(np.bincount(luma.ravel(), minlength=256)) / luma.size  # (256,)
        self._blown = 1.0 - float(up_to[_BLOWN_LUMA])
        tenth = float(np.searchsorted(up_to, 0.9))
        noisy = self._noise > _NOISE and _below(tenth, _DARK_NOISY, self._patience[Hint.DARK].is_on)
        self._tell(Hint.BLANK, _below(float(cv2.meanStdDev(luma)[1][0, 0]), _BLANK, self._patience[Hint.BLANK].is_on))
        self._tell(Hint.FROZEN, self.frozen)
        self._tell(Hint.DARK, noisy or _below(tenth, _DARK, self._patience[Hint.DARK].is_on))

    def meet(self, people: tuple[PersonObservation, ...]) -> None:
        """Take who was seen in the picture of the last `see`; the first person counts."""
        self._tell(Hint.NOBODY, not people)
        if not people:
            for hint in (Hint.PARTLY, Hint.BACKLIT, Hint.FAR):
                self._tell(hint, False)
            return
        face, pose = people[0].face, people[0].pose
        seen = face if face is not None else pose[_HEAD] if pose is not None else None
        if seen is None or self._luma is None:
            return
        low, high = seen[:, :2].min(0), seen[:, :2].max(0)
        outside = float(np.maximum(-low, high - 1).max() / max(float((high - low).max()), 1e-6))
        self._tell(Hint.PARTLY, _below(-outside, (-_PARTLY[0], -_PARTLY[1]), self._patience[Hint.PARTLY].is_on))
        if face is None:
            return  # turned away, or behind a hand: light and distance are what they were
        height = people[0].image_size[1]
        tall = float(high[1] - low[1])
        is_far = self._patience[Hint.FAR].is_on
        far = _below(tall * height, _FAR_PX, is_far) and _below(tall, _FAR_SHARE, is_far)
        is_backlit = self._patience[Hint.BACKLIT].is_on
        blown = _below(-self._blown, (-_BLOWN[0], -_BLOWN[1]), is_backlit)
        self._tell(Hint.BACKLIT, blown and _below(self._face_luma(low, high), _FACE_DARK, is_backlit))
        self._tell(Hint.FAR, far)

    def _tell(self, hint: Hint, now: bool) -> None:
        self._patience[hint].update(now, self._step_s)

    def _compare(self, luma: U8) -> None:
        if self._luma is not None and self._luma.shape == luma.shape:
            apart = cv2.absdiff(luma, self._luma)
            if apart.max() < _SAME_MOST and apart.mean() < _SAME_MEAN:
                self._same_s += self._step_s
                self._same_frames += 1
                return
        self._luma, self._same_s, self._same_frames = luma, 0.0, 0

    def _face_luma(self, low: F32, high: F32) -> float:
        """Return the median luma of the middle of a face whose box is normalised."""
        assert self._luma is not None
        rows, columns = self._luma.shape
        middle, half = (low + high) / 2, (high - low) / 4
        left, top = np.clip((middle - half) * [columns, rows], 0, [columns - 1, rows - 1]).astype(int)
        right, bottom = np.clip((middle + half) * [columns, rows], 0, [columns, rows]).astype(int)
        return float(np.median(self._luma[top : max(bottom, top + 1), left : max(right, left + 1)]))


def _small_luma(image: U8) -> U8:
    """Return the luma of some pixels, uint8, at most `LONGEST_PX` a side."""
    height, width = image.shape[:2]
    share = min(1.0, LONGEST_PX / max(height, width))
    size = (max(1, round(width * share)), max(1, round(height * share)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def _noise(image: U8) -> float:
    """Return the standard deviation of the noise in levels.

    Source: J. Immerkaer, "Fast noise variance estimation", Computer Vision and Image Understanding 64(2), 1996; with
    the median for the mean, which leaves edges out.
    """
    height, width = image.shape[:2]
    found = []
    for row in (1, 3, 5):
        for column in (1, 3, 5):
            top, left = max(0, row * height // 6 - _PATCH_PX // 2), max(0, column * width // 6 - _PATCH_PX // 2)
            green = image[top : top + _PATCH_PX, left : left + _PATCH_PX, 1].astype(np.int16)
            if min(green.shape) < 3:
                return 0.0
            rows = green[:-2] - 2 * green[1:-1] + green[2:]
            found.append(np.median(np.abs(rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:])))
    return float(np.quantile(found, 1 / 3)) / (6 * _NORMAL_QUARTILE)


def _below(value: float, thresholds: tuple[float, float], is_on: bool) -> bool:
    """Return whether a value lies below the first threshold or, once it counts, below the second."""
    return value < thresholds[1 if is_on else 0]
