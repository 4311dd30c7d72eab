"""The cache's folder: where it is, that files in it are whole or not there, and that processes take turns."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engines.cache_folder import ENVIRONMENT, cache_folder, locked, remove_parts, write_whole

#: Writes a file of a hundred megabytes, says so when it begins, and again when it is done.
_WRITER = """
import sys
from pathlib import Path
from engines.cache_folder import write_whole
print("begins", flush=True)
while True:
    write_whole(Path(sys.argv[1]), bytes(100_000_000))
"""
#: Takes a lock, says so, and holds it until it is killed.
_HOLDER = """
import sys, time
from pathlib import Path
from engines.cache_folder import locked
with locked(Path(sys.argv[1]), lambda: print("waits", flush=True)):
    print("holds", flush=True)
    time.sleep(60)
"""


def test_given_folder_goes_over_environment_over_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The setting, the variable, then the platform's own place."""
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "named"))
    assert cache_folder(tmp_path) == tmp_path
    assert cache_folder() == tmp_path / "named"
    monkeypatch.delenv(ENVIRONMENT)
    assert "animirror" in cache_folder().parts


@pytest.mark.skipif(sys.platform != "linux", reason="XDG is Linux's")
def test_linux_keeps_to_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """XDG_CACHE_HOME, else ~/.cache."""
    monkeypatch.delenv(ENVIRONMENT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "animirror"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "animirror"


def test_file_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    """The folder is made, the content is there, and no part is left."""
    path = tmp_path / "new" / "file"
    write_whole(path, b"first")
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_killed_writer_leaves_the_old_file_and_a_part_that_is_removed(tmp_path: Path) -> None:
    """SIGKILL in the middle of writing, several times: what stood there still stands there."""
    path = tmp_path / "plan"
    write_whole(path, b"old")
    seen = 0
    for delay_s in (0.02, 0.04, 0.06):
        path.write_bytes(b"old")
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"begins\n"
        time.sleep(delay_s)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert path.read_bytes() in (b"old", bytes(100_000_000))
        seen += len(list(tmp_path.glob("plan.*")))
    assert seen, "no kill met the writing"
    remove_parts(path)
    assert list(tmp_path.iterdir()) == [path]


def test_full_disk_raises_and_leaves_the_old_file(tmp_path: Path) -> None:
    """A process that may write no more than a thousand bytes: the old file stays, no part is left."""
    path = tmp_path / "plan"
    path.write_bytes(b"old")
    code = """
import resource, signal, sys
from pathlib import Path
from engines.cache_folder import write_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_whole(Path(sys.argv[1]), bytes(5000))
except OSError as error:
    print(error.strerror)
"""
    result = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert result.stdout == "File too large\n"
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_lock_is_held_by_one_process_and_freed_by_its_death(tmp_path: Path) -> None:
    """A second process waits and says so; when the first is killed, the second goes on."""
    path = tmp_path / "lock"
    holders: list[subprocess.Popen[str]] = []

    def hears(number: int, word: str) -> None:
        stream = holders[number].stdout
        assert stream is not None
        assert stream.readline() == f"{word}\n"

    try:
        for number, word in enumerate(("holds", "waits")):
            command = [sys.executable, "-c", _HOLDER, str(path)]
            holders.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            hears(number, word)
        holders[0].send_signal(signal.SIGKILL)
        hears(1, "holds")
    finally:
        for holder in holders:
            holder.kill()
            holder.communicate()
    with locked(path, lambda: pytest.fail("nobody holds it any more")):
        pass
