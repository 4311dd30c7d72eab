"""What is said about a session's neutral: recordings asked for, how they go, and neutrals that the peer kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from realtime.pipeline import Pipeline
from realtime.retargeting.calibration import LEAD_S, RECORD_S, Calibration, CalibrationState
from realtime.webrtc.messages import (
    CalibrateMessage,
    CalibrationMessage,
    ForgetMessage,
    NeutralFault,
    read_neutral,
    write_neutral,
)


class CalibrationTalk:
    """Carries wishes to the pipeline and its answers to the peer.  Lives on the event loop.

    Args:
        pipeline: the session's.
        say: tells the peer.
    """

    def __init__(self, pipeline: Pipeline, say: Callable[[CalibrationMessage], None]) -> None:
        self._pipeline = pipeline
        self._say = say
        self._told = Calibration()

    def hear(self, message: CalibrateMessage | ForgetMessage) -> None:
        """Begin to record, or forget."""
        if isinstance(message, ForgetMessage):
            self._pipeline.use_neutral(None)
            self._say(CalibrationMessage(state="forgotten"))
        else:
            self._pipeline.calibrate()
            self.report()

    def take(self, words: Mapping[str, float | None]) -> None:
        """Take a neutral that the peer kept; one that is of no use is ignored, and the peer is told."""
        neutral = read_neutral(words)
        if isinstance(neutral, NeutralFault):
            self._say(CalibrationMessage(state="ignored", reason=neutral))
        else:
            self._pipeline.use_neutral(neutral)
            self._say(CalibrationMessage(state="used"))

    def report(self) -> None:
        """Tell the peer how its recording goes, when that has changed."""
        calibration = self._pipeline.calibration()
        if calibration == self._told:
            return
        self._told = calibration
        if calibration.state is CalibrationState.RECORDING:
            message = CalibrationMessage(state="recording", duration_s=LEAD_S + RECORD_S)
        elif calibration.neutral is not None:
            message = CalibrationMessage(state="done", neutral=write_neutral(calibration.neutral))
        else:
            message = CalibrationMessage(state="failed", reason=calibration.refusal)
        self._say(message)
