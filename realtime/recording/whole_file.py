"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO, cast

from realtime.errors import SinkError

#: Compression that costs little beside tracking: level 9 saves 2 % more and takes five times as long.
_GZIP_LEVEL = 6
_ORDINARY_FILE, _ORDINARY_FOLDER = 0o666, 0o777


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Open a text file that takes its name only when everything was written; compressed when it ends with .gz.

    Raises:
        SinkError: the file cannot be written.
    """
    with _named_errors(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as plain:
                if path.suffix == ".gz":
                    # No name and no time inside: the same recording gives the same bytes.
                    packed = gzip.GzipFile("", "wb", _GZIP_LEVEL, plain, mtime=0)
                    with packed, io.TextIOWrapper(cast(io.BytesIO, packed), encoding="utf-8") as file:
                        yield file
                else:
                    with io.TextIOWrapper(plain, encoding="utf-8") as file:
                        yield file
            temporary.chmod(_ORDINARY_FILE & ~_umask())  # mkstemp's files are for their owner only
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Make a folder that takes its name only when everything in it was written.

    Raises:
        SinkError: there is something of that name, or it cannot be written.
    """
    if path.is_dir() and any(path.iterdir()):
        raise SinkError(f"{path}: is a folder with something in it; name one that is new or empty")
    with _named_errors(path):
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
        try:
            yield temporary
            temporary.chmod(_ORDINARY_FOLDER & ~_umask())
            temporary.replace(path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


@contextlib.contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SinkError(f"{path}: cannot be written: {error.strerror or error}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
