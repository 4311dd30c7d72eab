"""A server in a process of its own, as users run it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx

START_LIMIT_S = 60.0
END_LIMIT_S = 15.0


class ServerDidNotStart(Exception):
    """The process ended, or did not answer in time."""


def free_port() -> int:
    """Return a TCP port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def server(module: str, arguments: Sequence[str], environment: Mapping[str, str], port: int) -> Iterator[str]:
    """Run `python -m module`, wait until it answers, yield its address, and end it.

    Args:
        module: what to run.
        arguments: its command line.
        environment: variables on top of our own.
        port: where it will listen on 127.0.0.1.

    Raises:
        ServerDidNotStart: it ended or stayed silent; its output stands above.
    """
    command = [sys.executable, "-m", module, *arguments]
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        _await(process, address)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], address: str) -> None:
    until_s = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until_s:
        if process.poll() is not None:
            raise ServerDidNotStart(f"the server ended with code {process.returncode} before it answered")
        try:
            if httpx.get(f"{address}/healthz", timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise ServerDidNotStart(f"the server did not answer at {address} within {START_LIMIT_S:.0f} s")
