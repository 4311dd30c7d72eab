"""The HTTP interface: sessions, what there is to see, and the page."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from engines.engine import EngineInfo
from realtime.compositing import format_colour
from realtime.errors import SessionError, TooManySessions
from realtime.server.gate import Gate
from realtime.server.page import Page
from realtime.server.problem import ProblemResponse
from realtime.settings import Settings
from realtime.webrtc.messages import LookChange
from realtime.webrtc.session import Session
from realtime.webrtc.sessions import Sessions

logger = logging.getLogger(__name__)

SDP = "application/sdp"


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterEntry:
    """A character as the page shows it.

    Args:
        name: what a session asks for.
        title: what a person reads.
        credit: who made it.
        licence: under which terms.
        thumbnail: picture file, or None.
    """

    name: str
    title: str
    credit: str = ""
    licence: str = ""
    thumbnail: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backstage:
    """What stands behind the HTTP interface; made while the server starts, closed when it stops.

    Args:
        sessions: the living sessions.
        engine: what draws.
        characters: in display order.
        tracker: what watches, in words.
        close: frees engine and models, when no session is left.
    """

    sessions: Sessions
    engine: EngineInfo
    characters: tuple[CharacterEntry, ...]
    tracker: Mapping[str, Any] = field(default_factory=dict)
    close: Callable[[], None] = lambda: None


def create_application(settings: Settings, open_backstage: Callable[[], Backstage], page: Path | None) -> FastAPI:
    """Return the ASGI application.

    Args:
        settings: the whole tree.
        open_backstage: called on the event loop when the server starts.
        page: folder of the page, or None for the API alone.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        backstage = open_backstage()
        app.state.backstage = backstage
        try:
            yield
        finally:
            await backstage.sessions.stop()
            backstage.close()

    app = FastAPI(title="Animirror", version=version("animirror"), lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_middleware(Gate, settings=settings.server)
    if settings.server.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.server.allowed_origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Location", "Retry-After"],
        )
    _add_error_handlers(app)
    _add_sessions(app, settings)
    _add_information(app, settings)
    if page is not None:
        app.mount("/", Page(page))
    return app


def _backstage(request: Request) -> Backstage:
    backstage = request.app.state.backstage
    assert isinstance(backstage, Backstage)
    return backstage


def _add_sessions(app: FastAPI, settings: Settings) -> None:
    @app.post("/api/sessions", status_code=201, response_class=Response)
    async def open_session(request: Request) -> Response:
        """Take an SDP offer; answer with a session's address and SDP."""
        _expect_content_type(request, SDP)
        wish = _look_change(
            {key: value for key, value in request.query_params.items() if value and key in LookChange.model_fields}
        )
        offer = _text(await request.body())
        session, answer = await _backstage(request).sessions.open(offer, wish)
        location = f"{request.scope.get('root_path', '')}/api/sessions/{session.id}"
        return Response(answer, 201, {"Location": location, "Cache-Control": "no-store"}, media_type=SDP)

    @app.patch("/api/sessions/{session_id}")
    async def change_session(request: Request, session_id: str) -> JSONResponse:
        """Change character, mirror or background from the next picture on."""
        session = _backstage(request).sessions.find(session_id)
        _expect_content_type(request, "application/json")
        session.change(_look_change(_text(await request.body())))
        return JSONResponse(_look(session))

    @app.delete("/api/sessions/{session_id}", status_code=204, response_class=Response)
    async def end_session(request: Request, session_id: str) -> Response:
        """End a session and wait until nothing of it is left."""
        await _backstage(request).sessions.find(session_id).stop("goodbye")
        return Response(status_code=204)


def _add_information(app: FastAPI, settings: Settings) -> None:
    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Say that the server answers."""
        return {"status": "ok"}

    @app.get("/api/info")
    async def info(request: Request) -> dict[str, Any]:
        """Say what runs here, on what, and how much of it."""
        backstage = _backstage(request)
        return {
            "version": app.version,
            "engine": {**asdict(backstage.engine), "rejected": dict(backstage.engine.rejected)},
            "tracker": dict(backstage.tracker),
            "limits": {
                "max_sessions": settings.server.max_sessions,
                "sessions": len(backstage.sessions),
                "session_idle_timeout_s": settings.server.session_idle_timeout_s,
                "no_frames_timeout_s": settings.server.no_frames_timeout_s,
                "max_offer_bytes": settings.server.max_offer_bytes,
                "fps": settings.pipeline.fps,
            },
            "ice_servers": [{"urls": address} for address in settings.media.ice_servers],
        }

    @app.get("/api/characters")
    async def characters(request: Request) -> list[dict[str, str | None]]:
        """List the characters in display order."""
        # <img> cannot carry a header, so whoever came with the token gets addresses that work.
        token = f"?{urlencode({'token': settings.server.token})}" if settings.server.token else ""
        return [
            {
                "name": character.name,
                "title": character.title,
                "credit": character.credit,
                "licence": character.licence,
                "thumbnail": (
                    f"api/characters/{quote(character.name, safe='')}/thumbnail{token}" if character.thumbnail else None
                ),
            }
            for character in _backstage(request).characters
        ]

    @app.get("/api/characters/{name}/thumbnail", response_class=Response)
    async def thumbnail(request: Request, name: str) -> Response:
        """Send a character's picture."""
        for character in _backstage(request).characters:
            if character.name == name and character.thumbnail is not None and character.thumbnail.is_file():
                return FileResponse(character.thumbnail, headers={"Cache-Control": "no-cache"})
        return ProblemResponse(404, f"no picture of a character {name!r}")


def _add_error_handlers(app: FastAPI) -> None:
    def handle(kind: type[Exception], handler: Callable[[Request, Any], Awaitable[Response]]) -> None:
        app.add_exception_handler(kind, handler)

    async def session_error(_: Request, error: SessionError) -> Response:
        headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, TooManySessions) else None
        return ProblemResponse(error.status, str(error), headers)

    async def http_error(_: Request, error: HTTPException) -> Response:
        return ProblemResponse(error.status_code, str(error.detail), error.headers)

    async def validation_error(_: Request, error: RequestValidationError) -> Response:
        return ProblemResponse(422, str(error))

    async def unexpected(_: Request, error: Exception) -> Response:
        # Starlette raises it again after this answer, and uvicorn logs it once with its traceback.
        return ProblemResponse(500, "the server failed; its log says how")

    handle(SessionError, session_error)
    handle(HTTPException, http_error)
    handle(RequestValidationError, validation_error)
    handle(Exception, unexpected)


def _expect_content_type(request: Request, expected: str) -> None:
    got = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if got != expected:
        raise HTTPException(415, f"Content-Type: got {got or 'none'}, expected {expected}")


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HTTPException(400, "the body is not UTF-8 text") from error


def _look_change(source: str | dict[str, str]) -> LookChange:
    try:
        if isinstance(source, str):
            return LookChange.model_validate_json(source)
        return LookChange.model_validate(source)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        status = 400 if first["type"] == "json_invalid" else 422
        raise HTTPException(status, f"{where or 'body'}: {first['msg']}") from error


def _look(session: Session) -> dict[str, Any]:
    look = session.look
    return {"character": look.character, "mirror": look.mirror, "background": format_colour(look.background)}
