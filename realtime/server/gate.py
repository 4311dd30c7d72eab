"""Who may come in: host names, origins, the token, and the size of what they bring."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from realtime.server.problem import ProblemResponse
from realtime.settings import ServerSettings, is_loopback

#: What an answer carries so that the page can only be what we made it.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob: mediastream:; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
#: Addresses below this are the API, which asks for the token and refuses foreign origins.
API_PREFIX = "/api/"


class BodyTooLarge(Exception):
    """The request's body is longer than allowed."""


class Gate:
    """Stands before the application and turns away what must not reach it.

    - A Host that is not ours, on loopback: another site's name that was made to resolve to this machine (DNS
      rebinding), whose pages would count as same-origin.
    - An Origin that is neither ours nor allowed.
    - A missing or wrong token.
    - A body beyond the limit, counted as it comes, whatever Content-Length says.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings
        self._loopback = is_loopback(settings.host)
        self._hosts = {"localhost", "127.0.0.1", "[::1]", settings.host, *settings.allowed_hosts}
        self._origins = {origin.rstrip("/").lower() for origin in settings.allowed_origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    *((name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()),
                ]
            await send(message)

        if refusal := self._refusal(scope, Headers(scope=scope)):
            await refusal(scope, receive, send_with_headers)
            return

        limit, seen, answered = self._settings.max_offer_bytes, 0, False

        async def receive_limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLarge
            return message

        async def send_noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send_with_headers(message)

        try:
            await self._app(scope, receive_limited, send_noted)
        except BodyTooLarge:
            if not answered:
                await self._too_large()(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope, headers: Headers) -> ProblemResponse | None:
        host = headers.get("host", "")
        if self._loopback and _host_name(host) not in self._hosts:
            return ProblemResponse(403, f"host {host!r} is not this server; add it to server.allowed_hosts if it is")
        if not scope["path"].startswith(API_PREFIX):
            return None
        origin = headers.get("origin")
        if origin is not None and not self._is_ours(origin, host):
            return ProblemResponse(403, f"origin {origin!r} may not use this server; see server.allowed_origins")
        if self._settings.token is not None and not self._has_token(scope, headers, self._settings.token):
            words = "this server needs its token, as Authorization: Bearer or ?token="
            return ProblemResponse(401, words, {"WWW-Authenticate": "Bearer"})
        length = headers.get("content-length", "0")  # the HTTP parser has seen that it is a number
        return self._too_large() if int(length) > self._settings.max_offer_bytes else None

    def _is_ours(self, origin: str, host: str) -> bool:
        parts = urlsplit(origin.lower())
        return (parts.scheme in ("http", "https") and parts.netloc == host.lower()) or origin.lower() in self._origins

    @staticmethod
    def _has_token(scope: Scope, headers: Headers, token: str) -> bool:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        query = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        given = bearer.strip() if scheme.lower() == "bearer" else query
        return secrets.compare_digest(given.encode(), token.encode())

    def _too_large(self) -> ProblemResponse:
        return ProblemResponse(413, f"the body is longer than {self._settings.max_offer_bytes} bytes")


def _host_name(host: str) -> str:
    """Return a Host header without its port, lower case; IPv6 addresses keep their brackets."""
    name, bracket, _ = host.lower().partition("]")
    return name + bracket if bracket else name.partition(":")[0]
