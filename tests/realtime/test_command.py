"""The command line: exit codes and one-line errors, in processes of their own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from realtime.command import FAILED, OK, USAGE

#: `animirror serve` around fake parts, for what does not need a model.
FAKE = """
import sys
import realtime.assembly
from tests.fakes.serving import fake_parts
realtime.assembly.load_parts = lambda settings: fake_parts()
from realtime.command import main
sys.exit(main())
"""


def run(*arguments: str, fake: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", FAKE] if fake else [sys.executable, "-m", "realtime"]
    return subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "required: command"),
        (("sing",), "invalid choice"),
        (("serve", "--wings", "2"), "unrecognized arguments"),
        (("serve", "--port", "eighty"), "server.port"),
        (("serve", "--host", "0.0.0.0"), "token"),
        (("serve", "--engine", "abacus"), "engine.backend"),
        (("serve", "--config", "/nonexistent.toml"), "/nonexistent.toml"),
    ],
)
def test_wrong_usage_exits_with_two_and_says_why(arguments: tuple[str, ...], words: str) -> None:
    """No traceback: the last line names what was wrong."""
    result = run(*arguments)
    assert result.returncode == USAGE
    assert "Traceback" not in result.stderr
    assert words in result.stderr.splitlines()[-1]


def test_missing_weights_exit_with_one_and_are_named(tmp_path: Path) -> None:
    """A folder without weights is refused before anything is served, in one line that names it."""
    result = run("serve", "--port", "0", "--characters", str(tmp_path / "nothing"))
    assert result.returncode == FAILED
    assert "Traceback" not in result.stderr
    assert str(tmp_path / "nothing") in result.stderr.splitlines()[-1]


def test_taken_port_exits_with_one_at_once() -> None:
    """The port is tried before anything slow is loaded."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        began_s = time.perf_counter()
        result = run("serve", "--port", str(port))
        assert time.perf_counter() - began_s < 10
    assert result.returncode == FAILED
    assert f"port {port}" in result.stderr
    assert "Traceback" not in result.stderr


def test_unknown_first_character_exits_with_two() -> None:
    """The character to start with is checked against those there are."""
    result = run("serve", "--port", "0", "--character", "eve", fake=True)
    assert result.returncode == USAGE
    assert "'eve'" in result.stderr
    assert "ada, bob" in result.stderr


def test_help_shows_every_option_and_version_the_version() -> None:
    """Help is made from the settings."""
    result = run("serve", "--help")
    assert result.returncode == OK
    for option in ("--host", "--port", "--token", "--engine", "--media.start-bitrate-kbps", "--pipeline.marker-px"):
        assert option in result.stdout
    assert re.match(r"animirror \d+\.\d+", run("--version").stdout)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_server_that_is_asked_to_stop_exits_with_zero(number: signal.Signals) -> None:
    """It serves, says where, never logs the token, and ends well on a signal."""
    token = "a-secret-of-sixteen"
    process = subprocess.Popen(
        [sys.executable, "-c", FAKE, "serve", "--port", "0", "--token", token],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    log = ""
    while (found := re.search(r"open (http://[^/]+)/", log)) is None:
        line = process.stderr.readline()
        assert line, log
        log += line
    deadline_s = time.perf_counter() + 10
    while True:
        try:
            response = httpx.get(f"{found[1]}/api/info?token={token}")
            break
        except httpx.ConnectError:
            assert time.perf_counter() < deadline_s
            time.sleep(0.05)
    assert response.json()["engine"]["backend"] == "fake"
    process.send_signal(number)
    log += process.communicate(timeout=20)[1]
    assert process.returncode == OK, log
    assert token not in log
    assert "Traceback" not in log
