"""Makes a data set: labelled pictures of many characters in tar shards, by several processes, resumable.

The format is WebDataset's: plain tar files whose members share a stem per sample.  A shard appears under its name when
it is complete; whoever starts again draws what is missing, and the bytes come out the same.
See docs/decisions/0008-data-set.md.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engines.errors import DatasetError
from engines.studio.dataset_manifest import check_same, credit_rows, manifest_contents, manifest_head, write_manifest
from engines.studio.dataset_plan import DatasetOptions, plan
from engines.studio.dataset_pool import Progress, draw_all
from engines.studio.dataset_worker import load_cast
from engines.studio.identity import Cast, Identity, sample_identity


def make_dataset(
    options: DatasetOptions, folder: Path, workers: int = 1, progress: Progress | None = None
) -> dict[str, Any]:
    """Make a data set, or what is missing of it, and return its manifest.

    Args:
        options: what to make.
        folder: where; made if it is not there.
        workers: processes that draw; each uses one core and about 1.5 GB.
        progress: called with the number of pictures that are there and of all.

    Raises:
        DatasetError: the folder holds another set or is being written by somebody else, cannot be written, or
            workers die; what is complete stays.
        AvatarError: an avatar cannot be used.
        MotionError: a clip cannot be used.
    """
    layout = plan(options)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            head = manifest_head(options)
            check_same(folder, head)
            _remove_parts(folder)
            cast = load_cast(options)
            head["credits"] = credit_rows(cast.avatar(name) for name in cast.names)
            write_manifest(folder, {**head, "complete": False})
            (folder / "avatars").mkdir(exist_ok=True)
            (folder / "characters").mkdir(exist_ok=True)
            identities = choose_identities(cast, options)
            try:
                draw_all(options, layout, identities, folder, workers, progress or (lambda done, total: None))
            finally:
                _remove_parts(folder)
            manifest = {**head, **manifest_contents(layout, identities, folder), "complete": True}
            write_manifest(folder, manifest)
    except OSError as error:
        raise DatasetError(
            f"{folder}: cannot be written ({error.strerror or error}); mend that and start again: it goes on from here"
        ) from error
    return manifest


def choose_identities(cast: Cast, options: DatasetOptions) -> tuple[Identity, ...]:
    """Return the identities of a set: each avatar as it is, then sampled ones, bases taking turns.

    Nothing of the held-out avatar, not even a texture of its clothes, goes into identities of the others.
    """
    bases = [path.stem for path in options.avatars]
    others = Cast(cast.avatar(name) for name in cast.names if name != options.held_out_avatar)
    identities = [Identity(name=base, base=base) for base in bases]
    for index in range(len(bases), options.identities):
        base = bases[index % len(bases)]
        among = cast if base == options.held_out_avatar else others
        identities.append(sample_identity(among, base, options.seed * 100_000 + index, identities))
    return tuple(identities)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from making a set in a folder; the lock goes with this process, however it ends."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DatasetError(f"{folder}: another process is making a set here; wait until it is done") from error
        yield
    finally:
        os.close(handle)


def _remove_parts(folder: Path) -> None:
    """Remove what an interrupted run left half done."""
    for part in [*folder.glob("*.part"), *folder.glob(".*.part"), *folder.glob("*/.*.part")]:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
