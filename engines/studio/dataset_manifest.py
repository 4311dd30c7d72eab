"""A data set's manifest: what it is made of, what it holds, and whom to credit."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from engines import controls
from engines.errors import DatasetError
from engines.skeleton import BONES
from engines.studio.avatar import Avatar
from engines.studio.dataset_plan import SPLITS, DatasetOptions, Plan
from engines.studio.identity import Identity
from engines.studio.labels import FACE_LABEL_PX, LABEL_PX
from engines.studio.palette import PALETTE
from engines.studio.part_names import Part
from engines.studio.sample_files import DEPTH_STEP_M, FLOW_STEP, WEIGHT_STEPS

#: Counts up when the files of a sample change.
FORMAT = 1
MANIFEST = "manifest.json"
#: What must be the same for two runs to work on one set.
_SAME = ("options", "sources", "format", "animirror", "labels")


def manifest_head(options: DatasetOptions) -> dict[str, Any]:
    """Return what a set is made of: two sets with one head have the same bytes on one machine.

    Raises:
        DatasetError: a source cannot be read, or the held-out clip is one of the others under another name.
    """
    clips = {path.name: _sha256(path) for path in options.clips}
    sources = {path.name: _sha256(path) for path in options.avatars} | clips
    if options.held_out_clip is not None:
        held_out = _sha256(options.held_out_clip)
        same = next((name for name, digest in clips.items() if digest == held_out), None)
        if same:
            raise DatasetError(
                f"{options.held_out_clip.name}: is {same} once more and cannot be held out; take one out"
            )
        sources[options.held_out_clip.name] = held_out
    return {
        "format": FORMAT,
        "animirror": version("animirror"),
        "spec_version": controls.SPEC_VERSION,
        "spec_hash": controls.spec_hash(),
        "options": options.stored(),
        "sources": sources,
        "labels": {
            "label_px": LABEL_PX,
            "face_label_px": FACE_LABEL_PX,
            "depth_step_m": DEPTH_STEP_M,
            "barycentric_steps": WEIGHT_STEPS,
            "flow_step": FLOW_STEP,
            "bones": list(BONES),
            "parts": {part.name.lower(): int(part) for part in Part},
            "palette": [paint.name.lower() for paint in PALETTE],
        },
    }


def check_same(folder: Path, head: dict[str, Any]) -> None:
    """Refuse to go on with a folder that was begun with something else.

    Raises:
        DatasetError: it holds another set, or shards of which nothing is known.
    """
    if not (folder / MANIFEST).exists():
        if any(folder.glob("*.tar")):
            raise DatasetError(f"{folder}: holds shards but no {MANIFEST}; choose an empty folder")
        return
    before = read_manifest(folder)
    for key in _SAME:
        old, new, what = before.get(key), head[key], key
        if old == new:
            continue
        if isinstance(old, dict):
            name = next(name for name in {**old, **new} if old.get(name) != new.get(name))
            old, new, what = old.get(name), new.get(name), f"{key.removesuffix('s')} {name}"
        raise DatasetError(f"{folder}: made with {what} {old!r}, asked for {new!r}; choose another folder")


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


def manifest_contents(layout: Plan, identities: Sequence[Identity], folder: Path) -> dict[str, Any]:
    """Return what a finished set holds: counts, characters, and every shard with its size and hash."""
    shards = [json.loads((folder / f"{shard.name}.json").read_text()) for shard in layout.shards]
    pictures, per_avatar, per_character = Counter[str](), Counter[str](), Counter[str]()
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


def credit_rows(avatars: Iterable[Avatar]) -> list[dict[str, object]]:
    """Return whom to credit for each avatar, and on which terms."""
    return [{"avatar": avatar.name, **asdict(avatar.credit)} for avatar in avatars]


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest, whole or not at all."""
    partial = folder / f".{MANIFEST}.part"
    partial.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(folder / MANIFEST)


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
