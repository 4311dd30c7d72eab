"""Everything that can go wrong on the live side.

RealtimeError
├── SettingsError        a setting is unknown, out of range or contradicts another
├── SessionError         a peer asked for something that cannot be done; `status` is the HTTP status
│   ├── OfferError           the SDP offer is empty, malformed or lacks video (400)
│   ├── SessionNotFound      no session of that id (404)
│   ├── UnknownCharacter     no character of that name (422)
│   └── TooManySessions      every place is taken (503, Retry-After)
├── TrackerError         the tracker cannot be started
├── SourceError          a camera or file cannot be opened or read
└── SinkError            an output cannot be opened or written
"""

from __future__ import annotations


class RealtimeError(Exception):
    """Base of every error that `realtime` raises on purpose."""


class SettingsError(RealtimeError):
    """A setting is unknown, out of range or contradicts another."""


class SessionError(RealtimeError):
    """A peer asked for something that cannot be done."""

    status = 400


class OfferError(SessionError):
    """The SDP offer is empty, malformed or lacks video."""


class SessionNotFound(SessionError):
    """No session of that id."""

    status = 404


class UnknownCharacter(SessionError):
    """No character of that name."""

    status = 422


class TooManySessions(SessionError):
    """Every place is taken; try again after `retry_after_s`."""

    status = 503

    def __init__(self, message: str, retry_after_s: int = 10) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TrackerError(RealtimeError):
    """The tracker cannot be started."""


class SourceError(RealtimeError):
    """A camera or file cannot be opened or read."""


class SinkError(RealtimeError):
    """An output cannot be opened or written."""
