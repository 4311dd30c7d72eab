"""The words of the data channel, in both directions: JSON objects with a `type`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

#: A message longer than this is refused unread.
MAX_MESSAGE_CHARS = 4096

ColourText = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class LookChange(_Message):
    """What a peer may change while it runs; also the body of PATCH.  Left out means: as it is."""

    character: str | None = Field(default=None, max_length=200)
    mirror: bool | None = None
    background: ColourText | None = None


class SetMessage(LookChange):
    """Change the look."""

    type: Literal["set"]


class PingMessage(_Message):
    """Ask for a pong with the same `t`."""

    type: Literal["ping"]
    t: float


class StateMessage(_Message):
    """What the session shows; sent when the channel opens and after every change."""

    type: Literal["state"] = "state"
    character: str
    mirror: bool
    background: ColourText


class StatsMessage(_Message):
    """How the session is doing, about four times a second."""

    type: Literal["stats"] = "stats"
    fps_in: float
    fps_out: float
    latency_ms: float | None
    latency_p95_ms: float | None
    stage_ms: Mapping[str, float]
    drops: int
    tracked: bool


class LandmarksMessage(_Message):
    """What to draw over the self-view: x, y in 0..1 of the unmirrored camera picture; empty when nobody is seen."""

    type: Literal["landmarks"] = "landmarks"
    points: list[tuple[float, float]]


class PongMessage(_Message):
    """The answer to a ping."""

    type: Literal["pong"] = "pong"
    t: float


class ErrorMessage(_Message):
    """Something that the person should know."""

    type: Literal["error"] = "error"
    message: str


_incoming: TypeAdapter[SetMessage | PingMessage] = TypeAdapter(
    Annotated[SetMessage | PingMessage, Field(discriminator="type")]
)


def read_message(text: str | bytes) -> SetMessage | PingMessage:
    """Return a peer's message.

    Raises:
        ValueError: it is too long, not JSON, or not one of ours; the text says which.
    """
    if not isinstance(text, str):
        raise ValueError("message: got bytes, expected JSON text")
    if len(text) > MAX_MESSAGE_CHARS:
        raise ValueError(f"message: got {len(text)} characters, expected at most {MAX_MESSAGE_CHARS}")
    try:
        return _incoming.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"message: {where or 'text'}: {first['msg']}") from error
