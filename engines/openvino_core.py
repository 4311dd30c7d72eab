"""The one OpenVINO core of a process, which tracker and engine share."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from engines.errors import BackendError

if TYPE_CHECKING:
    import openvino


@functools.cache
def openvino_core() -> openvino.Core:
    """Return the core; it lives as long as the process.

    A core gives the thread that makes it an alternate signal stack, and takes it away when it is destroyed, on
    whatever thread and in whatever order that happens: with several of them a thread is left with a stack that is no
    longer there, and the next signal (a child that ends, Ctrl-C) is the end of the process.

    Raises:
        BackendError: the package is missing.
    """
    try:
        import openvino
    except ImportError as error:
        raise BackendError(f"package openvino cannot be imported ({error}); pip install openvino") from error
    return openvino.Core()


def openvino_version() -> str:
    """Return the library's version.

    Raises:
        BackendError: the package is missing.
    """
    openvino_core()
    import openvino

    return str(openvino.__version__).split("-")[0]
