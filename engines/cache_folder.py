"""The folder in which this program keeps what it can make again: measured choices, compiled networks."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

#: Names another folder; the same as the setting `engine.cache`.
ENVIRONMENT = "ANIMIRROR_ENGINE__CACHE"
_NAME = "animirror"
#: What half-written files end in.
PART = ".part"


def cache_folder(given: Path | None = None) -> Path:
    """Return the folder: the given one, else the environment's, else the platform's place for such things.

    Source: XDG Base Directory Specification 0.8 (`XDG_CACHE_HOME`), Apple's File System Programming Guide
    (`Library/Caches`), Windows' known folder LocalAppData.
    """
    if given is not None:
        return given
    named = os.environ.get(ENVIRONMENT)
    if named:
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / _NAME / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / _NAME
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / _NAME


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that others see all of it or nothing, whenever this process is killed.

    Raises:
        OSError: the folder cannot be written to, or is full; what stood there before is left alone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=PART, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def remove_parts(path: Path) -> None:
    """Remove what a killed process left of a file; only whoever holds the file's lock may ask for it."""
    for part in path.parent.glob(f"{path.name}.*{PART}"):
        with contextlib.suppress(OSError):
            part.unlink()


@contextmanager
def locked(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold a lock among processes; the system frees it when its holder dies, however it dies.

    Args:
        path: of the lock's own file, which stays.
        on_wait: called once, when another process holds it.

    Raises:
        OSError: the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        _lock(file, on_wait)
        try:
            yield
        finally:
            _unlock(file)


if sys.platform == "win32":
    import msvcrt
    import time

    def _lock(file: IO[bytes], on_wait: Callable[[], None]) -> None:
        told = False
        while True:
            try:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                return
            except OSError:
                if not told:
                    on_wait()
                told = True
                time.sleep(0.2)

    def _unlock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes], on_wait: Callable[[], None]) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
