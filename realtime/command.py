"""The command line, `animirror`: serves the page, and offers the commands of recordings and of the engines.

Exit codes: 0 ended well, 1 failed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from engines import command as engine_commands
from engines.errors import EnginesError
from realtime import recording_command
from realtime.errors import RealtimeError, SettingsError
from realtime.settings import Option, Settings, load_settings, options

if TYPE_CHECKING:
    from fastapi import FastAPI

logger = logging.getLogger(__name__)

OK, FAILED, USAGE = 0, 1, 2

#: Short names of the options that people type.
SHORT = {
    "server.host": "--host",
    "server.port": "--port",
    "server.token": "--token",
    "engine.backend": "--engine",
    "engine.threads": "--threads",
    "engine.characters": "--characters",
    "engine.character": "--character",
    "tracker.replay": "--replay",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parsed = _parser().parse_args(arguments)  # exits with 2 by itself
    if "run" in parsed:
        return _run_command(parsed)
    logging.basicConfig(
        level=logging.DEBUG if parsed.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    if not parsed.verbose:
        # They log every candidate pair, every connection, every request.
        for chatty in ("aioice", "aiortc", "uvicorn", "asyncio"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
    given = {path: value for path, value in vars(parsed).items() if "." in path}
    try:
        return _serve(load_settings(given, parsed.config))
    except SettingsError as error:
        return _fail(error, USAGE)
    except (EnginesError, RealtimeError, OSError) as error:
        return _fail(error, FAILED)
    except KeyboardInterrupt:
        return OK
    except Exception as error:  # the supervised border of the program
        logger.exception("unexpected failure")
        return _fail(error, FAILED)


def _run_command(parsed: argparse.Namespace) -> int:
    """Run a command that says what it does on its own: of recordings, or of the engines."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        engine_commands.run(parsed)
    except (EnginesError, RealtimeError, OSError) as error:
        return _fail(error, FAILED)
    except KeyboardInterrupt:
        return _fail(KeyboardInterrupt("stopped"), FAILED)
    except Exception as error:  # the supervised border of the program
        logger.exception("unexpected failure")
        return _fail(error, FAILED)
    return OK


def _serve(settings: Settings) -> int:
    with _bind(settings) as listener:  # before the slow part, so that a taken port is known at once
        from realtime.assembly import build_application, load_parts

        parts = load_parts(settings)
        try:
            app = build_application(settings, parts)
        except BaseException:
            parts.engine.close()
            raise
        info = parts.engine.info
        logger.info("%s %s on %s, %s, %d px: %s", info.backend, info.backend_version, info.device, info.precision,
                    info.resolution_px, info.reason)  # fmt: skip
        for backend, reason in info.rejected.items():
            logger.info("not %s: %s", backend, reason)
        return _run(app, settings, listener)


def _run(app: FastAPI, settings: Settings, listener: socket.socket) -> int:
    import uvicorn

    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    config = uvicorn.Config(
        app,
        loop="asyncio",
        log_config=None,
        access_log=False,  # addresses may carry the token
        lifespan="on",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    logger.info("open http://%s:%d/%s", shown, port, "?token=..." if settings.server.token else "")
    # uvicorn raises the signals that it caught again when it has shut down; they have done their work by then.
    previous = {number: signal.signal(number, _ignore) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return OK if server.started else FAILED


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing."""


def _bind(settings: Settings) -> socket.socket:
    host, port = settings.server.host, settings.server.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise OSError(f"{host}: {error.strerror or error}") from error
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {host} port {port}: {error.strerror or error}; try another --port") from error
    return listener


def _fail(error: BaseException, code: int) -> int:
    sys.stderr.write(f"animirror: {error or type(error).__name__}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="animirror", description="Turns the person at a webcam into an anime character."
    )
    parser.add_argument("--version", action="version", version=f"animirror {version('animirror')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    serve = commands.add_parser(
        "serve",
        help="serve the page",
        description="Serves the page and draws for it.",
        epilog="Every option can also stand in the environment, e.g. ANIMIRROR_SERVER__PORT=9000, or in a TOML file.",
    )
    serve.add_argument("--config", type=Path, help="TOML file with settings", metavar="FILE")
    serve.add_argument("--verbose", action="store_true", help="log every detail")
    section = ""
    for option in options():
        if option.section != section:
            section = option.section
            group = serve.add_argument_group(section)
        group.add_argument(*_names(option), **_how(option))
    recording_command.add_commands(commands)
    engine_commands.add_commands(commands)
    return parser


def _names(option: Option) -> list[str]:
    long = f"--{option.path.replace('_', '-')}"
    return [SHORT[option.path], long] if option.path in SHORT else [long]


def _how(option: Option) -> dict[str, Any]:
    # Values stay text: the settings know their types and ranges, and say what is wrong with a value.
    how: dict[str, Any] = {"dest": option.path, "default": argparse.SUPPRESS, "help": _help(option)}
    if option.flag:
        return {**how, "action": argparse.BooleanOptionalAction}
    if option.many:
        how["nargs"] = "+"
    return {**how, "metavar": option.name.rpartition("_")[2].upper()}


def _help(option: Option) -> str:
    default = " ".join(option.default) if isinstance(option.default, tuple) else option.default
    notes = [option.limits, f"default {default}" if default not in (None, "") else ""]
    text = "; ".join(note for note in notes if note)
    return f"{option.help} ({text})".replace("%", "%%") if text else option.help.replace("%", "%%")


if __name__ == "__main__":
    sys.exit(main())
