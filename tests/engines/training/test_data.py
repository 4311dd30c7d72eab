"""What the student reads of a data set: characters in one order, pictures and flow that belong together."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from engines.errors import DatasetError
from engines.structure import FACE_GRID
from engines.studio.dataset_reader import DatasetReader
from engines.training.data import FACE_PX, PICTURE_PX, PoseDataset
from tests.engines.studio.conftest import renderer  # noqa: F401 - a fixture
from tests.engines.studio.test_dataset import made, sources  # noqa: F401 - fixtures


def test_items_are_the_portraits_of_the_split(made: Path) -> None:  # noqa: F811
    """Every portrait is an item, with its picture averaged down."""
    data, reader = PoseDataset(made), DatasetReader(made, "train", "portrait")
    assert len(data) == len(reader) > 0
    assert data.rows_of(0) == list(range(len(data)))
    for row in range(len(data)):
        picture = data[row]["picture"]
        assert picture.shape == (4, PICTURE_PX, PICTURE_PX)
        stored = reader[row].picture[..., 3]
        assert abs(float(picture[3].float().mean()) - float(stored.mean())) < 1.0


def test_held_out_split_counts_characters_like_the_training_split(made: Path) -> None:  # noqa: F811
    """Those that both show have one index, and those that are new come after them."""
    train = PoseDataset(made)
    held_out = PoseDataset(made, "held_out_poses", like=train)
    assert held_out.names == train.names == ("boxes",)
    assert held_out.characters[0] is train.characters[0]
    others = PoseDataset(made, "held_out_identity", like=train)
    assert others.names == ("boxes", "others")
    assert others.rows_of(0) == []
    assert int(others[0]["character"]) == 1


def test_face_flow_finds_the_face_views_in_the_face_picture(made: Path) -> None:  # noqa: F811
    """A face view, looked up where the flow says, has the colours of the picture in the face frame."""
    data = PoseDataset(made)
    close = []
    for row in range(len(data)):
        item = data[row]
        places, seen = item["face_places"].numpy(), item["face_seen"].numpy()
        assert places.shape[1:] == (2, FACE_GRID, FACE_GRID)
        face = item["face_picture"].permute(1, 2, 0).numpy()
        assert face.shape == (FACE_PX, FACE_PX, 4)
        expected = cv2.resize(face, (FACE_GRID, FACE_GRID), interpolation=cv2.INTER_AREA)[..., :3].astype(int)
        for view, picture in enumerate(data.characters[0].sheet.face_views):
            where = (places[view].transpose(1, 2, 0) * len(picture) - 0.5).astype(np.float32)
            got = cv2.remap(picture, where, None, cv2.INTER_LINEAR)[..., :3].astype(int)
            close.append((np.abs(got - expected).max(axis=-1) < 40)[seen[view]])
    # Shading turns with the head and edges belong to two surfaces; everything else is the same colour.
    assert np.concatenate(close).mean() > 0.7


def test_set_with_other_key_views_is_refused(made: Path, tmp_path: Path) -> None:  # noqa: F811
    """The student's branches are per view: another sheet cannot be read by mistake."""
    shutil.copy(made / "manifest.json", tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["options"]["views"] = "portrait"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DatasetError, match="its key views are 'portrait'; this student needs --views student"):
        PoseDataset(tmp_path)
