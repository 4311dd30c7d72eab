"""Makes a data set: labelled pictures of many characters in tar shards, by several processes, resumable.

The format is WebDataset's: plain tar files whose members share a stem per sample.  A shard appears under its name when
it is complete; whoever starts again draws what is missing, and the bytes come out the same.
See docs/decisions/0008-data-set.md.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from engines import controls
from engines.errors import DatasetError
from engines.skeleton import BONES
from engines.studio.dataset_plan import SPLITS, DatasetOptions, Plan, plan
from engines.studio.dataset_worker import Worker, load_cast
from engines.studio.identity import Cast, Identity, sample_identity
from engines.studio.labels import FACE_LABEL_PX, LABEL_PX
from engines.studio.palette import PALETTE
from engines.studio.part_names import Part

Progress = Callable[[int, int], None]

FORMAT = 1
MANIFEST = "manifest.json"


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
        DatasetError: the folder holds another set, cannot be written, or a worker died; what is complete stays.
        AvatarError: an avatar cannot be used.
        MotionError: a clip cannot be used.
    """
    layout = plan(options)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        head = _head(options)
        _check_same(folder, head)
        cast = load_cast(options)
        identities = choose_identities(cast, options)
        head["credits"] = _credits(cast)
        _write(folder / MANIFEST, {**head, "complete": False})
        (folder / "avatars").mkdir(exist_ok=True)
        (folder / "characters").mkdir(exist_ok=True)
        _draw_all(options, layout, identities, folder, workers, progress or (lambda done, total: None))
        manifest = {**head, **_contents(layout, identities, folder), "complete": True}
        _write(folder / MANIFEST, manifest)
    except OSError as error:
        raise DatasetError(
            f"{folder}: cannot be written ({error.strerror or error}); mend that and start again: it goes on from here"
        ) from error
    return manifest


def choose_identities(cast: Cast, options: DatasetOptions) -> tuple[Identity, ...]:
    """Return the identities of a set: each avatar as it is, then sampled ones, bases taking turns."""
    bases = [path.stem for path in options.avatars]
    identities = [Identity(name=base, base=base) for base in bases]
    for index in range(len(bases), options.identities):
        base = bases[index % len(bases)]
        identities.append(sample_identity(cast, base, options.seed * 100_000 + index, identities))
    return tuple(identities)


def _draw_all(
    options: DatasetOptions,
    layout: Plan,
    identities: tuple[Identity, ...],
    folder: Path,
    workers: int,
    progress: Progress,
) -> None:
    total = sum(shard.count for shard in layout.shards)
    missing = [shard for shard in layout.shards if not _is_there(folder, shard.name)]
    done = total - sum(shard.count for shard in missing)
    progress(done, total)
    truths = [path.stem for path in options.avatars if not (folder / "avatars" / path.stem).exists()]
    characters = [i for i, one in enumerate(identities) if not (folder / "characters" / one.name).exists()]
    if not (missing or truths or characters):
        return
    pool = ProcessPoolExecutor(
        max_workers=workers,
        mp_context=multiprocessing.get_context("spawn"),  # an OpenGL context does not survive a fork
        initializer=_start_worker,
        initargs=(options, identities, folder),
    )
    try:
        for _ in _results([pool.submit(_draw, "draw_truth", base) for base in truths]):
            pass
        for _ in _results([pool.submit(_draw, "draw_character", index) for index in characters]):
            pass
        for found in _results([pool.submit(_draw, "draw_shard", shard) for shard in missing]):
            done += int(found["count"])
            progress(done, total)
    except BrokenProcessPool as error:
        raise DatasetError(
            f"{folder}: a drawing process died (out of memory?); start again with fewer --workers: it goes on from here"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _results(futures: list[Future[Any]]) -> Iterator[Any]:
    for future in as_completed(futures):
        yield future.result()


_worker: Worker | None = None


def _start_worker(options: DatasetOptions, identities: tuple[Identity, ...], folder: Path) -> None:
    global _worker  # noqa: PLW0603 - one worker per process, made when the process starts
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process decides when to stop
    os.environ.setdefault("LP_NUM_THREADS", "1")  # one core each: the software renderer would take them all
    _worker = Worker(options, identities, folder)


def _draw(what: str, argument: object) -> Any:
    assert _worker is not None
    return getattr(_worker, what)(argument)


def _is_there(folder: Path, name: str) -> bool:
    """Return whether a shard is complete: its note is written after it."""
    tar, note = folder / f"{name}.tar", folder / f"{name}.json"
    return tar.exists() and note.exists() and tar.stat().st_size == int(json.loads(note.read_text())["bytes"])


def _head(options: DatasetOptions) -> dict[str, Any]:
    """Return what a set is made of: two sets with one head have the same bytes."""
    files = [*options.avatars, *options.clips, *([options.held_out_clip] if options.held_out_clip else [])]
    return {
        "format": FORMAT,
        "animirror": version("animirror"),
        "spec_version": controls.SPEC_VERSION,
        "spec_hash": controls.spec_hash(),
        "options": options.stored(),
        "sources": {path.name: _sha256(path) for path in files},
        "labels": {
            "label_px": LABEL_PX,
            "face_label_px": FACE_LABEL_PX,
            "bones": list(BONES),
            "parts": {part.name.lower(): int(part) for part in Part},
            "palette": [paint.name.lower() for paint in PALETTE],
        },
    }


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error


def _check_same(folder: Path, head: dict[str, Any]) -> None:
    """Refuse to go on with a folder that was begun with other options."""
    path = folder / MANIFEST
    if not path.exists():
        if any(folder.glob("*.tar")):
            raise DatasetError(f"{folder}: holds shards but no {MANIFEST}; choose an empty folder")
        return
    before = read_manifest(folder)
    for key in ("options", "sources", "labels", "format"):
        if before.get(key) == head[key]:
            continue
        if key == "options":
            old, new = before[key], head[key]
            name = next(name for name in {**old, **new} if old.get(name) != new.get(name))
            raise DatasetError(
                f"{folder}: made with {name} {old.get(name)!r}, asked for {new.get(name)!r}; choose another folder"
            )
        raise DatasetError(f"{folder}: was begun with other {key}; choose another folder")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return a set's manifest.

    Raises:
        DatasetError: there is none, it is damaged, or it is of another control spec.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        made_for = manifest["spec_hash"]
    except FileNotFoundError as error:
        raise DatasetError(f"{folder}: no {MANIFEST}; make the set with `animirror dataset make`") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{path}: cannot be read ({error}); make the set again") from error
    if made_for != controls.spec_hash():
        raise DatasetError(f"{folder}: made for control spec {made_for}, this is {controls.spec_hash()}; make it anew")
    return dict(manifest)


def _contents(layout: Plan, identities: tuple[Identity, ...], folder: Path) -> dict[str, Any]:
    shards = [json.loads((folder / f"{shard.name}.json").read_text()) for shard in layout.shards]
    pictures = Counter[str]()
    per_avatar = Counter[str]()
    per_character = Counter[str]()
    base_of = {identity.name: identity.base for identity in identities}
    for shard in shards:
        pictures[shard["split"]] += shard["count"]
        per_avatar[base_of[shard["character"]]] += shard["count"]
        per_character[shard["character"]] += shard["count"]
    return {
        "counts": {
            "splits": {split: pictures[split] for split in SPLITS if pictures[split]},
            "avatars": dict(sorted(per_avatar.items())),
            "characters": dict(sorted(per_character.items())),
        },
        "characters": {
            "train": [identities[index].name for index in layout.train_characters],
            "held_out_identity": [identities[index].name for index in layout.held_out_characters],
        },
        "bases": base_of,
        "shards": shards,
    }


def _credits(cast: Cast) -> list[dict[str, object]]:
    return [{"avatar": name, **asdict(cast.avatar(name).credit)} for name in cast.names]


def _write(path: Path, document: dict[str, Any]) -> None:
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)
