"""A data set's hash changes with its pictures; mixed sets are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engines import controls
from engines.errors import DatasetError
from engines.training.data_hash import data_hash


def shard_of(folder: Path, name: str, contents: bytes) -> dict[str, Any]:
    """Write a shard with its note, which is returned."""
    note = {"name": name, "bytes": len(contents), "sha256": f"of {contents!r}", "split": "train"}
    (folder / f"{name}.tar").write_bytes(contents)
    (folder / f"{name}.json").write_text(json.dumps(note))
    return note


def set_of(folder: Path, *contents: bytes, seed: int = 0) -> Path:
    """Write what of a data set its hash depends on."""
    folder.mkdir()
    shards = [shard_of(folder, f"train-{number:06d}", one) for number, one in enumerate(contents)]
    manifest = {
        "format": 1,
        "spec_hash": controls.spec_hash(),
        "options": {"seed": seed},
        "sources": {},
        "labels": {},
        "bases": {},
        "shards": shards,
        "complete": True,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_data_hash_of_a_copy_is_the_same(tmp_path: Path) -> None:
    """It does not matter where a set is, nor how its manifest is written."""
    first = set_of(tmp_path / "first", b"one", b"two")
    digest = data_hash(first)
    shutil.copytree(first, tmp_path / "copy")
    manifest = json.loads((first / "manifest.json").read_text())
    (tmp_path / "copy" / "manifest.json").write_text(json.dumps(manifest, indent=4, sort_keys=True))
    assert data_hash(tmp_path / "copy") == digest
    assert len(digest) == 16


def test_data_hash_of_other_pictures_is_another(tmp_path: Path) -> None:
    """One picture, or how they were asked for, makes another set."""
    sets = [
        set_of(tmp_path / "first", b"one", b"two"),
        set_of(tmp_path / "second", b"one", b"owt"),
        set_of(tmp_path / "third", b"one", b"two", seed=1),
    ]
    assert len({data_hash(one) for one in sets}) == 3


def test_data_hash_of_a_mixed_set_is_refused(tmp_path: Path) -> None:
    """Shards of another set, missing ones and changed ones are named."""
    first = set_of(tmp_path / "first", b"one", b"two")
    other = set_of(tmp_path / "other", b"uno", b"dos", b"tres")
    shutil.copy(other / "train-000002.tar", first)
    with pytest.raises(DatasetError, match=r"train-000002\.tar belongs to another data set; .* make it anew"):
        data_hash(first)
    (first / "train-000002.tar").unlink()
    for name in ("train-000001.tar", "train-000001.json"):
        shutil.copy(other / name, first)
    with pytest.raises(DatasetError, match=r"train-000001\.tar: belongs to another data set"):
        data_hash(first)
    (first / "train-000001.tar").write_bytes(b"longer")
    with pytest.raises(DatasetError, match=r"train-000001\.tar: has 6 bytes instead of 3"):
        data_hash(first)
    (first / "train-000001.tar").unlink()
    with pytest.raises(DatasetError, match=r"train-000001\.tar is missing"):
        data_hash(first)


def test_data_hash_of_an_unfinished_or_absent_set_is_refused(tmp_path: Path) -> None:
    """Training would learn from something that is different tomorrow."""
    first = set_of(tmp_path / "first", b"one")
    manifest = json.loads((first / "manifest.json").read_text())
    (first / "manifest.json").write_text(json.dumps({**manifest, "complete": False}))
    with pytest.raises(DatasetError, match="is not finished"):
        data_hash(first)
    (first / "manifest.json").write_text(json.dumps({**manifest, "spec_hash": "0123"}))
    with pytest.raises(DatasetError, match="made for control spec 0123"):
        data_hash(first)
    with pytest.raises(DatasetError, match=r"no manifest\.json"):
        data_hash(tmp_path)
