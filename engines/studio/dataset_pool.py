"""The processes that draw a data set: each has an OpenGL context of its own, none outlives the one that started it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import cv2

from engines.errors import DatasetError
from engines.studio.dataset_plan import DatasetOptions, Plan
from engines.studio.dataset_worker import Worker, shard_is_there
from engines.studio.identity import Identity

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]

#: After so many deaths in a row without a finished shard between them, drawing is given up.
_DEATHS = 3
#: One core per process: Mesa's software renderer and the linear algebra would each take them all.
_ONE_CORE = dict.fromkeys(("LP_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def draw_all(
    options: DatasetOptions,
    layout: Plan,
    identities: tuple[Identity, ...],
    folder: Path,
    workers: int,
    progress: Progress,
) -> None:
    """Draw what a data set lacks.  If a process dies, its work is given to a new one.

    Args:
        options: of the set.
        layout: its plan.
        identities: its characters.
        folder: where it is.
        workers: processes.
        progress: called with the number of pictures that are there and of all.

    Raises:
        DatasetError: processes die again and again.
        EnginesError: something cannot be used; what is complete stays.
        OSError: something cannot be written; what is complete stays.
    """
    total = sum(shard.count for shard in layout.shards)
    deaths = 0
    while True:
        missing = [shard for shard in layout.shards if not shard_is_there(folder, shard.name)]
        truths = [path.stem for path in options.avatars if not (folder / "avatars" / path.stem).exists()]
        characters = [i for i, one in enumerate(identities) if not (folder / "characters" / one.name).exists()]
        done = total - sum(shard.count for shard in missing)
        progress(done, total)
        if not (missing or truths or characters):
            return
        try:
            with _pool(options, identities, folder, workers) as pool:
                waiting = [pool.submit(_draw, "draw_truth", base) for base in truths]
                waiting += [pool.submit(_draw, "draw_character", index) for index in characters]
                waiting += [pool.submit(_draw, "draw_shard", shard) for shard in missing]
                for pictures in _results(waiting):
                    if pictures:
                        done, deaths = done + pictures, 0
                        progress(done, total)
        except BrokenProcessPool as error:
            deaths += 1
            if deaths >= _DEATHS:
                raise DatasetError(
                    f"{folder}: drawing processes die again and again (out of memory?); start again with fewer "
                    "--workers: it goes on from here"
                ) from error
            logger.warning("a drawing process died; its work is given to a new one")


@contextmanager
def _pool(
    options: DatasetOptions, identities: tuple[Identity, ...], folder: Path, workers: int
) -> Iterator[ProcessPoolExecutor]:
    """Give a pool whose processes end at once when this block ends for whatever reason, or this process dies."""
    context = multiprocessing.get_context("spawn")  # an OpenGL context does not survive a fork
    life, parent = context.Pipe(duplex=False)
    before = {name: os.environ.get(name) for name in _ONE_CORE}
    os.environ.update({name: value for name, value in _ONE_CORE.items() if before[name] is None})
    pool = ProcessPoolExecutor(workers, context, _start, (options, identities, folder, life))
    try:
        yield pool
    except BaseException:
        parent.close()  # now: a shard takes half a minute to finish
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        parent.close()
        life.close()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


def _results(futures: list[Future[int]]) -> Iterator[int]:
    for future in as_completed(futures):
        yield future.result()


_make: Callable[[], Worker] | None = None
_worker: Worker | None = None


def _start(options: DatasetOptions, identities: tuple[Identity, ...], folder: Path, life: Connection) -> None:
    """Prepare a process.  The worker is made with the first task, whose caller then hears what is wrong."""
    global _make  # noqa: PLW0603 - one worker per process
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process decides when to stop
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, args=(life,), name="end with parent", daemon=True).start()
    _make = lambda: Worker(options, identities, folder)  # noqa: E731


def _end_with_parent(life: Connection) -> None:
    wait([life])  # nothing is ever sent: it ends when the parent closes its side, or dies
    os._exit(1)


def _draw(what: str, argument: Any) -> int:
    """Let this process's worker draw something; return the number of pictures added to the set."""
    global _worker  # noqa: PLW0603 - one worker per process
    if _worker is None:
        assert _make is not None
        _worker = _make()
    pictures: int = getattr(_worker, what)(argument)
    return pictures
