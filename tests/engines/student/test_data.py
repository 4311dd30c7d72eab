"""What the student reads: maps kept on disk, pictures that belong to them, characters in one order."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the student needs the train extra")

import torch

from engines.character import Character
from engines.controls import NAMES, normalised
from engines.errors import DatasetError
from engines.structure import CHANNELS, CharacterStructure
from engines.student.data import FEATURE_WEIGHT, PoseDataset, encoder_views, importance, unpacked_maps
from engines.student.maps import MAP_STEPS, PICTURE_PX, maps_folder, prepare_maps, read_maps
from engines.studio.dataset_plan import Split
from engines.studio.dataset_reader import DatasetReader
from engines.style import ENCODER_PX, ENCODER_VIEWS, encoder_input


@pytest.fixture(scope="module")
def prepared(student_set: Path) -> Path:
    """Return the set with its maps."""
    splits: tuple[Split, ...] = ("train", "held_out_poses", "held_out_identity")
    for split in splits:
        prepare_maps(student_set, split, workers=1)
    return student_set


def test_maps_kept_are_those_computed(prepared: Path) -> None:
    """Within half a step, of each picture of the split; the condition exactly."""
    reader, data = DatasetReader(prepared), PoseDataset(prepared)
    assert len(data) == len(reader) == 4
    for row in range(0, len(reader), 2):
        sample, kept = reader[row], data[row]
        one = reader.character(sample.character)
        structure = CharacterStructure(one.proportions, one.figure, one.sheet)
        maps = structure.structure(sample.controls, sample.framing, 2 * PICTURE_PX).maps
        got = unpacked_maps(kept["maps"][None])[0].numpy()
        assert kept["maps"].dtype == torch.int8
        assert np.abs(got - np.clip(maps, -128 / MAP_STEPS, 1)).max() <= 0.5 / MAP_STEPS + 1e-5
        np.testing.assert_array_equal(kept["condition"].numpy(), normalised(sample.controls))


def test_items_fit_together(prepared: Path) -> None:
    """Shapes and types are as the training takes them, and picture and maps show the same figure."""
    for item in (PoseDataset(prepared)[row] for row in range(4)):
        assert item["maps"].shape == (CHANNELS, PICTURE_PX // 2, PICTURE_PX // 2)
        assert item["condition"].shape == (len(NAMES),)
        assert item["picture"].shape == (4, PICTURE_PX, PICTURE_PX)
        assert item["picture"].dtype == torch.uint8
        assert item["level"].shape == (PICTURE_PX, PICTURE_PX)
        assert set(item["level"].unique().tolist()) <= {0, 1, 2}
        seen = unpacked_maps(item["maps"][None])[0, 12:16].mean(dim=0) > 0.5
        shown = item["picture"][3].float().reshape(PICTURE_PX // 2, 2, -1, 2).mean(dim=(1, 3)) > 127
        assert (seen & shown).sum() > 0.9 * (seen | shown).sum()


def test_maps_that_are_there_are_left_and_missing_ones_computed(prepared: Path, tmp_path: Path) -> None:
    """A run that was stopped goes on; progress counts what was there."""
    shutil.copytree(prepared, tmp_path / "set")
    folder = maps_folder(tmp_path / "set", "train", None)
    (folder / "000002.npz").unlink()
    kept = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    said: list[tuple[int, int]] = []
    assert prepare_maps(tmp_path / "set", "train", workers=1, progress=lambda *now: said.append(now)) == folder
    assert said == [(4, 4)]
    assert {path.name for path in folder.iterdir()} == {f"{row:06d}.npz" for row in range(4)}
    assert all((folder / name).stat().st_mtime_ns == time for name, time in kept.items())
    again, before = read_maps(folder, 2), read_maps(maps_folder(prepared, "train", None), 2)
    for name, values in before.items():
        np.testing.assert_array_equal(again[name], values)


def test_damaged_maps_are_named(prepared: Path, tmp_path: Path) -> None:
    """A file cut short, or none, is one error with what to do."""
    shutil.copytree(prepared, tmp_path / "set")
    data, path = PoseDataset(tmp_path / "set"), maps_folder(tmp_path / "set", "train", None) / "000001.npz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DatasetError, match=r"000001\.npz: cannot be read"):
        data[1]
    path.unlink()
    with pytest.raises(DatasetError, match=r"000001\.npz: cannot be read"):
        data[1]


def test_held_out_characters_come_after_those_trained_on(prepared: Path) -> None:
    """Those that both splits show have one index."""
    train = PoseDataset(prepared)
    poses = PoseDataset(prepared, "held_out_poses", like=train)
    other = PoseDataset(prepared, "held_out_identity", like=train)
    assert poses.names == train.names
    assert other.names[: len(train.names)] == train.names
    assert len(other.names) == len(train.names) + 1
    assert int(other[0]["character"]) == len(train.names)
    assert torch.equal(other.encoder_views[: len(train.names)], train.encoder_views)


def test_importance_is_greatest_in_features() -> None:
    """Level 0 counts once, level 2 so many times."""
    level = torch.tensor([[[0, 1], [2, 0]]], dtype=torch.uint8)
    expected = torch.tensor([[[[1.0, (1 + FEATURE_WEIGHT) / 2], [FEATURE_WEIGHT, 1.0]]]])
    torch.testing.assert_close(importance(level), expected)


def test_encoder_views_are_what_a_new_character_s_style_is_read_off(balls: Character) -> None:
    """Training and run time show the encoder the same, to half a step of 255."""
    views = encoder_views(balls.sheet)
    assert views.shape == (4 * len(ENCODER_VIEWS), ENCODER_PX, ENCODER_PX)
    assert views.dtype == torch.uint8
    np.testing.assert_allclose(views.numpy() / 255, encoder_input(balls.sheet)[0], atol=0.5 / 255 + 1e-6)
    by_view = views.reshape(len(ENCODER_VIEWS), 4, ENCODER_PX, ENCODER_PX).numpy().astype(int)
    assert (by_view[:, :3] <= by_view[:, 3:] + 1).all()
    assert all((one[3] > 0).any() for one in by_view)
