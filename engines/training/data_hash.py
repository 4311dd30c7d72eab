"""Which data set a training learns from, as a hash that its checkpoints carry."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from engines.errors import DatasetError
from engines.studio.dataset_manifest import MANIFEST, read_manifest

#: What of a manifest decides the samples; the rest follows from it or is only said.
_DECIDING = ("format", "spec_hash", "options", "sources", "labels", "bases", "shards")


def data_hash(folder: Path) -> str:
    """Return the hash of a data set, 16 hexadecimal digits.

    The manifest holds the SHA-256 of every shard, so the hash changes with every picture. What lies in the folder is
    held against it by name, size and each shard's own note; the pictures are not read again.

    Raises:
        DatasetError: there is no finished data set, or it is mixed: shards are missing, from elsewhere, or changed.
    """
    manifest = read_manifest(folder)
    if not manifest.get("complete"):
        raise DatasetError(f"{folder}: is not finished; go on with `animirror dataset make`")
    _check_shards(folder, manifest["shards"])
    text = json.dumps({key: manifest.get(key) for key in _DECIDING}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _check_shards(folder: Path, shards: list[dict[str, Any]]) -> None:
    again = f"expected the set of {folder / MANIFEST}; delete the folder and make it anew"
    named = {f"{shard['name']}.tar" for shard in shards}
    found = {path.name for path in folder.glob("*.tar")}
    if named - found:
        raise DatasetError(f"{folder}: {min(named - found)} is missing; {again}")
    if found - named:
        raise DatasetError(f"{folder}: {min(found - named)} belongs to another data set; {again}")
    for shard in shards:
        path = folder / f"{shard['name']}.tar"
        if path.stat().st_size != shard["bytes"]:
            raise DatasetError(f"{path}: has {path.stat().st_size} bytes instead of {shard['bytes']}; {again}")
        try:
            note = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DatasetError(f"{path.with_suffix('.json')}: cannot be read ({error}); {again}") from error
        if note != shard:
            raise DatasetError(f"{path}: belongs to another data set; {again}")
