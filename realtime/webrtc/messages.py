"""The words of the data channel, in both directions: JSON objects with a `type`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from realtime.retargeting.neutral import NEUTRAL_NAMES, NEUTRAL_VERSION, Neutral

#: A message longer than this is refused unread.
MAX_MESSAGE_CHARS = 4096

ColourText = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class LookChange(_Message):
    """What a peer may change while it runs; also the body of PATCH.  Left out means: as it is.

    `neutral` is what a `calibration` message gave, kept by the peer; in a query it is JSON text.
    """

    character: str | None = Field(default=None, max_length=200)
    mirror: bool | None = None
    background: ColourText | None = None
    neutral: dict[str, float | None] | None = Field(default=None, max_length=64)

    @field_validator("neutral", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError as error:
            raise ValueError("expected a JSON object") from error


class SetMessage(LookChange):
    """Change the look."""

    type: Literal["set"]


class PingMessage(_Message):
    """Ask for a pong with the same `t`."""

    type: Literal["ping"]
    t: float


class CalibrateMessage(_Message):
    """Record the neutral face and posture of the person in front."""

    type: Literal["calibrate"]


class ForgetMessage(_Message):
    """Forget the neutral that was recorded; the running estimates begin anew."""

    type: Literal["forget"]


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
    hint: str | None = None


class CalibrationMessage(_Message):
    """How a recording goes, or what became of a neutral that the peer sent.

    `duration_s` comes with `recording`, `neutral` with `done`, `reason` with `failed` (a `Refusal`) and `ignored`
    (a `NeutralFault`).
    """

    type: Literal["calibration"] = "calibration"
    state: Literal["recording", "done", "failed", "used", "ignored", "forgotten"]
    reason: str | None = None
    neutral: Mapping[str, float] | None = None
    duration_s: float | None = None


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


PeerMessage = SetMessage | PingMessage | CalibrateMessage | ForgetMessage

_incoming: TypeAdapter[PeerMessage] = TypeAdapter(Annotated[PeerMessage, Field(discriminator="type")])


class NeutralFault(StrEnum):
    """Why a neutral that a peer kept is of no use; it records a new one."""

    VERSION = "version"
    VALUES = "values"


def write_neutral(neutral: Neutral) -> dict[str, float]:
    """Return a neutral for a peer to keep: its version and what was measured."""
    return {"version": NEUTRAL_VERSION, **{name: round(value, 4) for name, value in neutral.known().items()}}


def read_neutral(words: Mapping[str, float | None]) -> Neutral | NeutralFault:
    """Return the neutral that a peer kept, or why it cannot be used."""
    values = dict(words)
    if values.pop("version", None) != NEUTRAL_VERSION:
        return NeutralFault.VERSION
    if not values.keys() <= set(NEUTRAL_NAMES):
        return NeutralFault.VALUES
    try:
        return Neutral(**values)
    except ValueError:
        return NeutralFault.VALUES


def read_message(text: str | bytes) -> PeerMessage:
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
