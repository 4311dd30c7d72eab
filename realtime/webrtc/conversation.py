"""What is said over the data channel: wishes in, state, statistics and landmarks out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from aiortc import RTCDataChannel

from realtime.errors import SessionError
from realtime.webrtc.messages import (
    CalibrateMessage,
    CalibrationMessage,
    ErrorMessage,
    ForgetMessage,
    LookChange,
    PingMessage,
    PongMessage,
    StateMessage,
    read_message,
)

#: Statistics and landmarks are left out while more than this waits in the channel.
MAX_BUFFERED_BYTES = 64 * 1024
#: How long the last words may take to leave.
LAST_WORDS_S = 0.5


class Conversation:
    """One peer's data channel.  Lives on the event loop; silent until the peer opens a channel.

    Args:
        change: does what a peer wishes; raises `SessionError` if it cannot be done.
        state: returns what the session shows.
        calibrate: begins to record a neutral, or forgets it.
    """

    def __init__(
        self,
        change: Callable[[LookChange], None],
        state: Callable[[], StateMessage],
        calibrate: Callable[[CalibrateMessage | ForgetMessage], None],
    ) -> None:
        self._change = change
        self._state = state
        self._calibrate = calibrate
        self._fate: CalibrationMessage | None = None
        self._channel: RTCDataChannel | None = None

    def begin(self, channel: RTCDataChannel) -> None:
        """Take the channel that the peer opened; the first one counts."""
        if self._channel is not None:
            channel.close()
            return
        self._channel = channel
        channel.on("message", self._hear)
        self.say_state()
        if self._fate is not None:
            self.say_calibration(self._fate)

    def say_state(self) -> None:
        """Tell the peer what the session shows."""
        self._say(self._state().model_dump_json())

    def say_calibration(self, message: CalibrationMessage) -> None:
        """Tell the peer how a recording goes; what came of a neutral before the channel opened is told then."""
        self._fate = message if self._channel is None else None
        self._say(message.model_dump_json())

    def say_unless_busy(self, text: str) -> None:
        """Tell the peer something that it can do without when the channel is full."""
        if self._channel is not None and self._channel.bufferedAmount < MAX_BUFFERED_BYTES:
            self._say(text)

    async def end(self, last_words: str) -> None:
        """Tell the peer why this is the end and give the words a moment to leave."""
        if self._channel is None:
            return
        self._say(ErrorMessage(message=last_words).model_dump_json())
        if self._channel.bufferedAmount:
            left = asyncio.Event()
            self._channel.once("bufferedamountlow", left.set)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(left.wait(), LAST_WORDS_S)

    def _hear(self, text: str | bytes) -> None:
        try:
            message = read_message(text)
            if isinstance(message, PingMessage):
                self._say(PongMessage(t=message.t).model_dump_json())
            elif isinstance(message, CalibrateMessage | ForgetMessage):
                self._calibrate(message)
            else:
                self._change(message)
                self.say_state()
        except (ValueError, SessionError) as error:
            self._say(ErrorMessage(message=str(error)).model_dump_json())

    def _say(self, text: str) -> None:
        if self._channel is not None and self._channel.readyState == "open":
            self._channel.send(text)
