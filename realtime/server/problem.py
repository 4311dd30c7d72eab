"""Errors over HTTP: RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse


class ProblemResponse(JSONResponse):
    """An answer that says what went wrong: `application/problem+json` with title, status and detail.

    Args:
        status: the HTTP status.
        detail: what happened, what was expected, what to do next.
        headers: further headers, e.g. Retry-After.
    """

    media_type = "application/problem+json"

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        title = HTTPStatus(status).phrase
        # Without a `type` member a problem is "about:blank": its title is the status' own phrase.  RFC 9457, 4.2.1
        super().__init__({"title": title, "status": status, "detail": detail}, status, headers)
