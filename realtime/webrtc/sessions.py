"""All sessions of a server: opens them while there is room, finds them, ends them."""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import replace

from realtime.clock import Clock
from realtime.compositing import parse_colour
from realtime.errors import SessionNotFound, TooManySessions, UnknownCharacter
from realtime.memory import give_back_memory
from realtime.pipeline import Look
from realtime.settings import MediaSettings, ServerSettings
from realtime.webrtc.codecs import configure_codecs
from realtime.webrtc.messages import LookChange
from realtime.webrtc.session import MakePipeline, Session, State

logger = logging.getLogger(__name__)

#: Random bytes in a session's id, which is its key: 128 bits are beyond guessing.
ID_BYTES = 16
#: Seconds after the last session's end until its memory is handed back: by then its threads' heaps are free.
GIVE_BACK_DELAY_S = 0.5


class Sessions:
    """The sessions that live.  Belongs to one event loop.

    Args:
        make_pipeline: builds a session's pipeline.
        characters: names that a session may ask for.
        look: what a session shows that asks for nothing.
        server: limits and time-outs.
        media: codecs, bit rates, ICE servers.
        clock: shared by sessions and pipelines.
    """

    def __init__(
        self,
        *,
        make_pipeline: MakePipeline,
        characters: tuple[str, ...],
        look: Look,
        server: ServerSettings,
        media: MediaSettings,
        clock: Clock,
    ) -> None:
        self._make_pipeline = make_pipeline
        self._characters = characters
        self._look = look
        self._server = server
        self._media = media
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._closed = False
        self._loop = asyncio.get_running_loop()
        configure_codecs(media)

    def __len__(self) -> int:
        return len(self._sessions)

    async def open(self, offer: str, wish: LookChange) -> tuple[Session, str]:
        """Open a session and return it with its SDP answer.

        Raises:
            TooManySessions: every place is taken, or the server is going down.
            UnknownCharacter: no character of that name.
            OfferError: the offer cannot become a session.
        """
        look = self.change_look(self._look, wish)
        if self._closed or len(self._sessions) >= self._server.max_sessions:
            raise TooManySessions(f"all {self._server.max_sessions} places are taken; try again in a moment")
        session = Session(
            id=secrets.token_urlsafe(ID_BYTES),
            look=look,
            change_look=self.change_look,
            make_pipeline=self._make_pipeline,
            server=self._server,
            media=self._media,
            clock=self._clock,
            on_ended=self._forget,
        )
        self._sessions[session.id] = session  # takes the place before the first await
        if wish.neutral is not None:
            session.take_neutral(wish.neutral)
        try:
            answer = await session.open(offer)
        except BaseException:
            self._forget(session)
            raise
        return session, answer

    def find(self, session_id: str) -> Session:
        """Return a living session.

        Raises:
            SessionNotFound: none of that id lives.
        """
        session = self._sessions.get(session_id)
        if session is None or session.state in (State.ENDING, State.ENDED):
            raise SessionNotFound("no such session; it may have ended")
        return session

    async def stop(self) -> None:
        """End every session and open none any more.  Idempotent."""
        self._closed = True
        await asyncio.gather(*(session.stop("server stopping") for session in list(self._sessions.values())))

    def change_look(self, look: Look, change: LookChange) -> Look:
        """Return the look with a wished change.

        Raises:
            UnknownCharacter: no character of that name.
        """
        if change.character is not None and change.character not in self._characters:
            known = ", ".join(self._characters)
            raise UnknownCharacter(f"no character {change.character!r}; there are: {known}")
        return replace(
            look,
            character=look.character if change.character is None else change.character,
            mirror=look.mirror if change.mirror is None else change.mirror,
            background=look.background if change.background is None else parse_colour(change.background),
        )

    def _forget(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        if not self._sessions:
            # A few milliseconds, while nobody is there to notice.
            self._loop.call_later(GIVE_BACK_DELAY_S, self._give_back_memory)

    def _give_back_memory(self) -> None:
        if not self._sessions:
            give_back_memory()
