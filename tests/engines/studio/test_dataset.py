"""The training set: complete rows, resumed with the same bytes, and never mixed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from engines.character import load_character
from engines.errors import DatasetError, SpecMismatchError
from engines.studio.dataset import FIELDS, done_rows, make, open_fields
from engines.studio.renderer import Renderer
from engines.studio.truth import FaceTruth
from tests.fakes.vrm import build_vrm

ROWS = 6


@pytest.fixture(scope="module")
def avatar_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the synthetic avatar and return its path."""
    path = tmp_path_factory.mktemp("avatars") / "boxes.vrm"
    path.write_bytes(build_vrm())
    return path


@pytest.fixture(scope="module")
def made(avatar_path: Path, renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a small set and return its folder."""
    folder = tmp_path_factory.mktemp("set") / "boxes"
    make(renderer, avatar_path, folder, ROWS, seed=3)
    return folder


def test_every_row_holds_a_picture_of_its_controls(made: Path) -> None:
    """All fields have all rows; pictures show something and differ."""
    arrays = open_fields(made)
    assert done_rows(made) == ROWS
    for name, (shape, dtype) in FIELDS.items():
        assert arrays[name].shape == (ROWS, *shape)
        assert arrays[name].dtype == np.dtype(dtype)
    pictures = np.asarray(arrays["picture"], np.uint8)
    assert (pictures[..., 3].reshape(ROWS, -1).max(axis=1) == 255).all()
    assert not np.array_equal(pictures[0], pictures[1])


def test_face_truth_finds_the_first_view_in_a_row(made: Path) -> None:
    """Exact flow warps a face view onto the rendered face where the view shows it."""
    import cv2

    arrays, truth = open_fields(made), FaceTruth.load(made / "face_truth.npz")
    view = load_character(made / "character").sheet.face_views[0]
    close = []
    for row in range(ROWS):
        barycentric = np.asarray(arrays["face_barycentric"][row], np.float32)
        places, seen = truth.flow(np.asarray(arrays["face_triangle"][row], np.int32), barycentric)
        where = (places[0].transpose(1, 2, 0) * len(view) - 0.5).astype(np.float32)
        got = cv2.remap(view, where, None, cv2.INTER_LINEAR)[..., :3]
        expected = cv2.resize(np.asarray(arrays["face"][row], np.uint8), got.shape[:2], interpolation=cv2.INTER_AREA)
        error = np.abs(got.astype(int) - expected[..., :3]).max(axis=-1)
        close.append(error[seen[0]] < 40)
    # Shading turns with the head and edges belong to two surfaces; everything else is the same colour.
    assert np.concatenate(close).mean() > 0.7


def test_interrupted_set_is_finished_with_the_same_bytes(made: Path, avatar_path: Path, renderer: Renderer) -> None:
    """Rows that were already there are kept, and the others come out as without the interruption."""
    copy = made.with_name("again")
    shutil.copytree(made, copy)
    before = {name: np.array(array) for name, array in open_fields(copy).items()}
    meta = json.loads((copy / "dataset.json").read_text())
    (copy / "dataset.json").write_text(json.dumps(meta | {"done": 2}))
    arrays = open_fields(copy, ROWS)
    for array in arrays.values():
        array[2:] = 0
    make(renderer, avatar_path, copy, ROWS, seed=3)
    after = open_fields(copy)
    for name, array in before.items():
        assert np.array_equal(array, after[name]), name


def test_other_number_of_rows_is_refused(made: Path, avatar_path: Path, renderer: Renderer) -> None:
    """A set is not quietly made longer or shorter."""
    with pytest.raises(DatasetError, match="holds 6 rows, asked for 7"):
        make(renderer, avatar_path, made, ROWS + 1, seed=3)


def test_other_spec_is_refused(made: Path) -> None:
    """A set made for another control spec is not read."""
    copy = made.with_name("other_spec")
    shutil.copytree(made, copy)
    meta = json.loads((copy / "dataset.json").read_text())
    (copy / "dataset.json").write_text(json.dumps(meta | {"spec_hash": "00ddba11"}))
    with pytest.raises((DatasetError, SpecMismatchError), match="00ddba11"):
        open_fields(copy)


def test_missing_set_says_how_to_make_one(tmp_path: Path) -> None:
    """The error names the command."""
    with pytest.raises(DatasetError, match=r"engines\.studio\.dataset"):
        open_fields(tmp_path)
