"""One frozen tree of settings: command line over environment over TOML file over default.

Every field carries its unit, its range and its help in the schema itself, so that the command line, the
documentation and the error messages are made from one source.  In the environment a field is written
`ANIMIRROR_<SECTION>__<FIELD>`, e.g. `ANIMIRROR_SERVER__PORT=9000`; tuples are JSON lists.
"""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as SourceError

from realtime.errors import SettingsError

ENVIRONMENT_PREFIX = "ANIMIRROR_"

Codec = Literal["H264", "VP8"]
Framing = Literal["portrait", "full"]
Backend = Literal["auto", "openvino", "onnxruntime", "tensorrt", "torch"]
Precision = Literal["f32", "bf16", "f16"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(_Section):
    """Where the server listens, whom it lets in, and how many."""

    host: str = Field(default="127.0.0.1", description="Address to listen on; anything but loopback needs a token.")
    port: int = Field(default=8080, ge=0, le=65535, description="TCP port to listen on; 0 takes a free one.")
    token: str | None = Field(
        default=None, min_length=16, description="Secret that every API request must carry; at least 16 characters."
    )
    allowed_origins: tuple[str, ...] = Field(
        default=(),
        description="Origins besides the server's own whose pages may use the API, e.g. https://example.org.",
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="Host names besides localhost under which a loopback server may be addressed."
    )
    max_sessions: int = Field(
        default=4, ge=1, le=64, description="Sessions at a time; further ones are told to come back."
    )
    session_idle_timeout_s: float = Field(
        default=12.0, ge=1, le=15, description="Seconds without a packet after which a peer counts as gone."
    )
    no_frames_timeout_s: float = Field(
        default=60.0,
        ge=1,
        le=3600,
        description="Seconds without a camera frame after which a living peer loses its place.",
    )
    connect_timeout_s: float = Field(
        default=12.0, ge=1, le=15, description="Seconds that a peer has to connect after the answer."
    )
    max_offer_bytes: int = Field(default=65_536, ge=4096, le=1_048_576, description="Largest request body in bytes.")


class MediaSettings(_Section):
    """Codecs, bit rates and ICE."""

    codecs: tuple[Codec, ...] = Field(
        default=("H264", "VP8"), min_length=1, description="Video codecs, preferred first."
    )
    start_bitrate_kbps: int = Field(
        default=2500, ge=100, le=50_000, description="Bit rate to start sending with, kbit/s."
    )
    min_bitrate_kbps: int = Field(default=1000, ge=100, le=50_000, description="Never send with less, kbit/s.")
    max_bitrate_kbps: int = Field(default=6000, ge=100, le=50_000, description="Never send with more, kbit/s.")
    camera_start_bitrate_kbps: int = Field(
        default=1500,
        ge=0,
        le=50_000,
        description="Bit rate that the browser is asked to start with, kbit/s; 0: its own.",
    )
    fps: int = Field(default=30, ge=5, le=60, description="Frame rate that the encoder plans for, frames/s.")
    ice_servers: tuple[str, ...] = Field(
        default=(),
        description="STUN or TURN addresses, e.g. stun:stun.example.org:3478; none are needed on one network.",
    )

    @model_validator(mode="after")
    def _check_bitrates(self) -> MediaSettings:
        if not self.min_bitrate_kbps <= self.start_bitrate_kbps <= self.max_bitrate_kbps:
            got = f"{self.min_bitrate_kbps}, {self.start_bitrate_kbps}, {self.max_bitrate_kbps}"
            raise ValueError(f"bit rates: got min, start, max = {got}, expected min <= start <= max")
        return self


class EngineSettings(_Section):
    """What draws."""

    backend: Backend = Field(default="auto", description="Backend to draw with; auto takes the fastest one that runs.")
    threads: int = Field(default=0, ge=0, le=256, description="CPU threads for drawing; 0 lets the backend choose.")
    precision: Precision | None = Field(
        default=None, description="Numbers that a backend asked for by name computes in; default: the fastest it has."
    )
    provider: str | None = Field(
        default=None,
        description="Execution provider of ONNX Runtime, e.g. CUDA or CoreML, or RTX for TensorRT for RTX.",
    )
    cache: Path | None = Field(
        default=None, description="Folder for what is measured and compiled; default: the user's cache folder."
    )
    characters: Path | None = Field(
        default=None, description="Folder with weights and characters; default: the shipped ones."
    )
    character: str | None = Field(
        default=None, description="Character that a new session starts with; default: the first."
    )


class TrackerSettings(_Section):
    """What watches."""

    people: int = Field(default=1, ge=1, le=6, description="Follow at most this many people.")
    pose_every: int = Field(
        default=2,
        ge=1,
        le=10,
        description="Look at a moving body on every n-th frame (a fast one more often, a still one less); "
        "at the face on all.",
    )
    budget_ms: float = Field(
        default=15.0,
        ge=4,
        le=1000,
        description="Track for this long per frame on average, one person on one core; each further person adds half, "
        "up to twice of it for all, ms.",
    )
    threads: int = Field(default=1, ge=1, le=64, description="CPU threads for a network of the tracker.")
    replay: Path | None = Field(
        default=None,
        description="Recording to follow instead of the camera, as `animirror track` writes it.",
    )
    replay_loops: bool = Field(default=True, description="Begin the recording again at its end.")


class PipelineSettings(_Section):
    """From camera frame to anime frame."""

    fps: int = Field(default=30, ge=1, le=60, description="At most this many pictures a second, per session.")
    max_lead_ms: float = Field(
        default=80.0,
        ge=0,
        le=300,
        description="Predict the pose ahead by the time drawing takes, but never by more, ms.",
    )
    background: str = Field(
        default="#dfe4f0", pattern="^#[0-9a-fA-F]{6}$", description="Colour behind the character at first, #rrggbb."
    )
    framing: Framing = Field(default="portrait", description="What a picture shows: head to waist, or head to feet.")
    mirror: bool = Field(default=False, description="Move as the person's mirror image; the page mirrors by itself.")
    marker_px: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Copy this many rows from the top of the camera frame (latency benchmark), px.",
    )


_toml_values: ContextVar[dict[str, Any]] = ContextVar("_toml_values")


class Settings(BaseSettings):
    """The whole tree."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__"
    )

    server: ServerSettings = ServerSettings()
    media: MediaSettings = MediaSettings()
    engine: EngineSettings = EngineSettings()
    tracker: TrackerSettings = TrackerSettings()
    pipeline: PipelineSettings = PipelineSettings()

    @model_validator(mode="after")
    def _check_exposure(self) -> Settings:
        if self.server.token is None and not is_loopback(self.server.host):
            raise ValueError(
                f"server.host: got {self.server.host} without server.token; anybody on the network could look through "
                "the camera, so listening beyond loopback needs a token of 16 characters or more"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the command line (the arguments) over the environment over the TOML file."""
        file = InitSettingsSource(settings_cls, _toml_values.get({}))
        return init_settings, env_settings, file


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A field of the tree, as command line and documentation see it.

    Args:
        section: name of the section, e.g. "server".
        name: name of the field, e.g. "port".
        default: what it is when nobody says anything.
        limits: range in words, or "".
        help: what it means, one sentence, with its unit.
        many: whether it takes several values.
        flag: whether it is a yes or no.
    """

    section: str
    name: str
    default: Any
    limits: str
    help: str
    many: bool
    flag: bool

    @property
    def path(self) -> str:
        """Return the dotted name, e.g. "server.port"."""
        return f"{self.section}.{self.name}"


def options() -> Iterator[Option]:
    """Yield every field of the tree in order."""
    for section, section_field in Settings.model_fields.items():
        model = section_field.annotation
        assert isinstance(model, type) and issubclass(model, BaseModel)
        for name, field in model.model_fields.items():
            yield Option(
                section=section,
                name=name,
                default=field.get_default(call_default_factory=True, validated_data={}),
                limits=_limits(field),
                help=field.description or "",
                many="tuple" in str(field.annotation),
                flag=field.annotation is bool,
            )


def load_settings(arguments: Mapping[str, Any] | None = None, config: Path | None = None) -> Settings:
    """Read the settings from the command line's arguments, the environment and a TOML file.

    Args:
        arguments: dotted name -> value, e.g. {"server.port": 9000}.
        config: TOML file with one table per section.

    Raises:
        SettingsError: a setting is unknown, out of range or contradicts another, or the file cannot be read.
    """
    tree: dict[str, dict[str, Any]] = {}
    for path, value in (arguments or {}).items():
        section, _, name = path.partition(".")
        tree.setdefault(section, {})[name] = value
    token = _toml_values.set(_read_toml(config) if config else {})
    build: Callable[..., Settings] = Settings  # the sources complete what is missing
    try:
        return build(**tree)
    except ValidationError as error:
        raise SettingsError("; ".join(_in_words(detail) for detail in error.errors())) from error
    except SourceError as error:
        raise SettingsError(f"environment: {error}") from error
    finally:
        _toml_values.reset(token)


def is_loopback(host: str) -> bool:
    """Return whether an address reaches this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read as TOML: {error}") from error


def _in_words(detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"{where}: no such setting"
    message = str(detail["msg"]).removeprefix("Value error, ")
    if not where:
        return message
    if detail["type"] == "value_error":
        return f"{where}: {message}"
    if detail["loc"][-1] == "token":  # secrets stay out of logs
        return f"{where}: {message}"
    return f"{where}: got {detail['input']!r}: {message}"


def _limits(field: FieldInfo) -> str:
    words = {"ge": "at least {}", "le": "at most {}", "min_length": "at least {} long", "pattern": "{}"}
    limits = [
        template.format(getattr(piece, key))
        for piece in field.metadata
        for key, template in words.items()
        if getattr(piece, key, None) is not None
    ]
    choices = get_args(field.annotation)
    if choices and all(isinstance(choice, str) for choice in choices):
        limits.append(" | ".join(choices))
    return ", ".join(limits)
