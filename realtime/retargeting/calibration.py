"""Records a person's neutral face and posture in a second, or says why it could not; and keeps it for that person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from realtime.retargeting.neutral import NEUTRAL_NAMES, Neutral, nearest_neutral
from realtime.retargeting.rest_pose import TURNED_DEG

#: The eyes need this long to come back from the button: a saccade takes 0.2 s, a turn of the head about 0.5 s.
LEAD_S = 0.5
#: How long is recorded: a blink of 0.3 s cannot move a second's median.
RECORD_S = 1.0
#: How long frames on their way are waited for.
GRACE_S = 0.7
#: Fewer frames with a face than this say nothing; a camera with 5 frames a second shows so many.
MIN_FRAMES = 4
#: The middle four fifths of the recorded head angles spread by less than this in somebody who holds still, and those of
#: the distance by less than this share of it.  Source: the sign clips, whose signers were told nothing: 2 to 4 degrees
#: in the quietest second of eight of the twenty, 10 and more only where somebody nods or shakes the head; distance 1 to
#: 5 %, but 11 % where somebody bends forward.
_STILL_DEG, _STILL_DISTANCE = 8.0, 0.12
#: Lids less open than this share of the usual, or than this over the eye's width, are shut (one signer's open eyes read
#: 0.13 to 0.18).
_SHUT_SHARE, _SHUT = 0.62, 0.11
#: Lips further apart than this, over the distance of the eyes, speak or yawn (closed mouths: 0.00 to 0.03; somebody
#: who mouths words: 0.06 to 0.12).
_MOUTH_OPEN = 0.08
#: Nobody seen for this long, and whoever comes next is taken for the same person who comes back.
ALONE_S = 1.0

F64 = npt.NDArray[np.float64]


class CalibrationState(StrEnum):
    """Where a recording is in its life."""

    NONE = "none"
    RECORDING = "recording"
    DONE = "done"
    FAILED = "failed"


class Refusal(StrEnum):
    """Why a recording is no neutral."""

    NO_FACE = "no_face"
    TURNED_AWAY = "turned_away"
    MOVED = "moved"
    EYES_SHUT = "eyes_shut"
    MOUTH_OPEN = "mouth_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The newest recording.

    Args:
        number: counts the recordings that were begun; 0 before the first.
        state: where it is.
        refusal: why it failed, else None.
        neutral: what was recorded, when it is done.
    """

    number: int = 0
    state: CalibrationState = CalibrationState.NONE
    refusal: Refusal | None = None
    neutral: Neutral | None = None


class Calibrator:
    """Records neutrals and knows whose the newest is.  Not thread-safe; times in seconds, of the frames' clock.

    The neutral belongs to the person who was in front when it was recorded or, where it came from outside, to the
    first one who comes.  Somebody who takes their place in front of the camera starts without; somebody who comes
    after nobody was seen for `ALONE_S` is taken for the owner who comes back.
    """

    def __init__(self) -> None:
        self._calibration = Calibration()
        self._neutral: Neutral | None = None
        self._owner: int | None = None
        self._present: int | None = None
        self._seen_s = -np.inf
        self._began_s = -np.inf
        self._usual = Neutral()
        self._frames: list[Mapping[str, float]] = []

    @property
    def recording(self) -> bool:
        """Whether a recording is under way."""
        return self._calibration.state is CalibrationState.RECORDING

    def use(self, neutral: Neutral | None) -> None:
        """Take a neutral that was recorded before, or none, for whoever is there or comes first."""
        self._neutral = neutral
        self._owner = self._present

    def see(self, person_id: int, time_s: float) -> Neutral | None:
        """Take who is in front of the camera and return what was recorded of them."""
        if self._owner is None or (person_id != self._present and time_s - self._seen_s > ALONE_S):
            self._owner = person_id
        self._present, self._seen_s = person_id, time_s
        return self._neutral if person_id == self._owner else None

    def begin(self, now_s: float, usual: Neutral) -> None:
        """Begin to record; one that is under way is begun anew.

        Args:
            now_s: the first `LEAD_S` from here on are left out.
            usual: the present estimate, which shut eyes are told by.
        """
        self._began_s, self._usual, self._frames = now_s, usual, []
        self._calibration = Calibration(number=self._calibration.number + 1, state=CalibrationState.RECORDING)

    def take(self, samples: Mapping[str, float], time_s: float) -> Neutral | None:
        """Take what was measured in a frame, empty for no face, and return the neutral when the recording is done."""
        if not self.recording:
            return None
        since_s = time_s - self._began_s - LEAD_S
        if 0 <= since_s <= RECORD_S:
            self._frames.append(samples)
        return self._end() if since_s >= RECORD_S else None

    def at(self, now_s: float) -> Calibration:
        """Return the newest recording; one that no frame has ended in time is given up."""
        if self.recording and now_s - self._began_s > LEAD_S + RECORD_S + GRACE_S:
            self._fail(Refusal.NO_FACE)
        return self._calibration

    def _end(self) -> Neutral | None:
        judged = judge(self._frames, self._usual)
        self._frames = []
        if isinstance(judged, Refusal):
            self._fail(judged)
            return None
        self._neutral, self._owner = judged, self._present
        self._calibration = Calibration(number=self._calibration.number, state=CalibrationState.DONE, neutral=judged)
        return judged

    def _fail(self, refusal: Refusal) -> None:
        self._calibration = Calibration(number=self._calibration.number, state=CalibrationState.FAILED, refusal=refusal)


def judge(frames: list[Mapping[str, float]], usual: Neutral) -> Neutral | Refusal:
    """Return the neutral that a second's frames show, number by number their median, or why they show none.

    Args:
        frames: what was measured in each frame, by the names in `Neutral`; empty where no face was seen.
        usual: the estimate before, which shut eyes are told by.
    """
    median = {name: float(np.median(values)) for name in NEUTRAL_NAMES if len(values := _column(frames, name))}
    needed = max(MIN_FRAMES, len(frames) / 2)
    if len(_column(frames, "head_yaw")) < needed:
        return Refusal.NO_FACE
    if max(abs(median["head_yaw"]), abs(median["head_pitch"])) > TURNED_DEG:
        return Refusal.TURNED_AWAY
    if _moved(frames):
        return Refusal.MOVED
    if len(_column(frames, "left_opening")) < needed:
        return Refusal.NO_FACE
    if _shut(median["left_opening"], usual.left_opening) or _shut(median["right_opening"], usual.right_opening):
        return Refusal.EYES_SHUT
    return Refusal.MOUTH_OPEN if median.get("mouth_opening", 0.0) > _MOUTH_OPEN else nearest_neutral(median)


def _moved(frames: list[Mapping[str, float]]) -> bool:
    distance = _column(frames, "distance_cm")
    turned = any(_spread(_column(frames, f"head_{axis}")) > _STILL_DEG for axis in ("yaw", "pitch", "roll"))
    return turned or (len(distance) > 0 and _spread(distance) > _STILL_DISTANCE * float(np.median(distance)))


def _shut(opening: float, usual: float | None) -> bool:
    return opening < max(_SHUT, _SHUT_SHARE * (usual or 0.0))


def _column(frames: list[Mapping[str, float]], name: str) -> F64:
    return np.array([frame[name] for frame in frames if name in frame], np.float64)


def _spread(values: F64) -> float:
    low, high = np.percentile(values, (10, 90))
    return float(high - low)
