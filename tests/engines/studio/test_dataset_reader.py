"""Reading a data set: in order, from anywhere, at random; splits apart; damage named."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from engines.errors import DatasetError
from engines.sheet import SHEET_VIEWS
from engines.skeleton import BONES
from engines.studio.dataset_plan import SPLITS, Split
from engines.studio.dataset_reader import DatasetReader
from engines.studio.labels import LabelledPicture
from tests.engines.studio.test_dataset import made, small_set, sources  # noqa: F401 - fixtures


def same(one: LabelledPicture, other: LabelledPicture) -> bool:
    """Return whether two samples hold the same picture."""
    return np.array_equal(one.picture, other.picture) and np.array_equal(one.controls, other.controls)


def test_samples_come_in_order_from_anywhere_and_at_random(made: Path) -> None:  # noqa: F811
    """The stream and the index agree, and a stream that was left off is taken up where it was."""
    reader = DatasetReader(made)
    assert len(reader) == 16
    stream = list(reader)
    assert len(stream) == 16
    assert all(same(reader[index], one) for index, one in enumerate(stream))
    assert not same(stream[0], stream[1])
    for start in (1, 4, 7, 15):
        rest = list(reader.iterate(start))
        assert len(rest) == 16 - start
        assert same(rest[0], stream[start])
    assert list(reader.iterate(16)) == []


def test_splits_share_neither_poses_nor_characters(made: Path) -> None:  # noqa: F811
    """No control vector of one split is in another, and who is held out is in no other split."""
    vectors: dict[str, set[bytes]] = {}
    characters: dict[str, set[str]] = {}
    for split in SPLITS:
        samples = list(DatasetReader(made, split))
        vectors[split] = {one.controls.tobytes() for one in samples}
        characters[split] = {one.character for one in samples}
    assert not set.intersection(*vectors.values())
    for index, split in enumerate(SPLITS):
        for other in SPLITS[index + 1 :]:
            assert not vectors[split] & vectors[other]
    assert characters == {split: {"others" if split == "held_out_identity" else "boxes"} for split in SPLITS}


def test_held_out_motion_is_of_the_held_out_clip(made: Path, sources: Path) -> None:  # noqa: F811
    """Its poses are frames of that clip, and the training split's clip frames are of the other one."""
    clips = {
        name: np.array(json.loads((sources / f"{name}.json").read_text())["frames"], np.float32)
        for name in ("walk", "dance")
    }

    def nearest(sample: LabelledPicture, clip: str) -> float:
        chosen = np.abs(sample.controls) > 0  # a portrait leaves legs and root neutral
        return float(np.abs(clips[clip][:, chosen] - sample.controls[chosen]).max(axis=1).min())

    held_out = list(DatasetReader(made, "held_out_motion"))
    assert all(nearest(one, "dance") < 1e-3 < nearest(one, "walk") for one in held_out)
    reader = DatasetReader(made)
    moving = [
        reader[index]
        for index, shard in enumerate(shard for shard in reader.shards for _ in range(shard["count"]))
        if shard["source"] == "clips"
    ]
    assert moving
    assert all(nearest(one, "walk") < 1e-3 < nearest(one, "dance") for one in moving)


def test_one_framing_can_be_asked_for(made: Path) -> None:  # noqa: F811
    """Portraits and full figures are apart and together make up the split."""
    portraits, full = DatasetReader(made, framing="portrait"), DatasetReader(made, framing="full")
    assert {one.framing for one in portraits} == {"portrait"}
    assert {one.framing for one in full} == {"full"}
    assert len(portraits) + len(full) == 16


def test_character_truth_and_parts_belong_to_the_samples(made: Path) -> None:  # noqa: F811
    """The sheet, the exact flow and the parts of the triangles fit the stored surfaces."""
    reader = DatasetReader(made)
    sample = reader[0]
    assert reader.character(sample.character).card.name == sample.character
    assert len(sample.joints) == len(BONES)
    shown = sample.triangle >= 0
    parts = reader.triangle_parts(sample.character)
    assert np.array_equal(parts[sample.triangle[shown]], sample.parts[shown])
    places, seen = reader.truth(sample.character).flow(sample.triangle, sample.barycentric)
    assert places.shape[0] == seen.shape[0] == len(SHEET_VIEWS)
    assert seen.any()


def test_shards_are_plain_tar_files_of_samples_with_one_stem(made: Path) -> None:  # noqa: F811
    """What WebDataset's readers rely on: the files of a sample stand together, and share all up to the first dot."""
    path = next(made.glob("train-*.tar"))
    with tarfile.open(path) as tar:
        names = tar.getnames()
        members = tar.getmembers()
    stems = [name.split(".", 1)[0] for name in names]
    assert stems == sorted(stems)
    assert {name.split(".", 1)[1] for name in names} == {"webp", "labels.npz", "json"}
    assert all(member.mtime == 0 and member.uid == 0 and not member.uname for member in members)


def test_unfinished_set_is_not_read(made: Path, tmp_path: Path) -> None:  # noqa: F811
    """The message says how to finish it."""
    shutil.copy(made / "manifest.json", tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"complete": False}))
    with pytest.raises(DatasetError, match="is not finished; go on with `animirror dataset make`"):
        DatasetReader(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"no manifest\.json; make the set with `animirror dataset make`"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"spec_hash": "00ddba11"}', "made for control spec 00ddba11"),
    ],
)
def test_folder_without_a_fitting_manifest_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    """Each is one line with what to do."""
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(DatasetError, match=message):
        DatasetReader(tmp_path)


@pytest.mark.parametrize("split", ["train", "held_out_poses"])
def test_damaged_shard_is_named(made: Path, tmp_path: Path, split: Split) -> None:  # noqa: F811
    """A shard cut short or overwritten is an error with its name, whichever way it is read."""
    folder = tmp_path / "set"
    shutil.copytree(made, folder)
    path = min(folder.glob(f"{split}-*.tar"))
    content = path.read_bytes()
    for spoiled in (content[: len(content) // 2], b"\xff" * len(content), content[:700] + b"\0" * (len(content) - 700)):
        path.write_bytes(spoiled)
        with pytest.raises(DatasetError):
            DatasetReader(folder, split)[0]
        with pytest.raises(DatasetError):
            list(DatasetReader(folder, split))
    path.unlink()
    with pytest.raises(DatasetError, match=path.name):
        list(DatasetReader(folder, split))
