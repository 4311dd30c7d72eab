"""What the teacher reads from a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the teacher needs the train extra")

import torch

from engines.errors import DatasetError
from engines.framing import camera_of
from engines.studio.sample_files import PICTURE
from engines.teacher.data import TeacherData, Window, small_picture
from engines.teacher.palette_condition import PALETTE_LENGTH, palette_condition
from engines.teacher.samples import TeacherSamples
from engines.teacher.structure_maps import PACKED_ONE, STRUCTURE, STRUCTURE_CHANNELS


def test_sample_has_picture_maps_palettes_and_character(small_set: Path) -> None:
    """Shapes and types are what the training expects, and the picture is premultiplied."""
    data = TeacherData(small_set, "portrait")
    samples = TeacherSamples(data, 32, 16)
    assert len(samples) == 8
    sample = samples[5]
    assert sample["picture"].shape == (4, 32, 32)
    assert sample["picture"].dtype == torch.uint8
    assert (sample["picture"][:3].int() <= sample["picture"][3].int() + 1).all()
    assert sample["maps"].shape == (STRUCTURE_CHANNELS, 16, 16)
    assert sample["maps"].dtype == torch.int8
    assert sample["palette"].shape == sample["other_palette"].shape == (PALETTE_LENGTH,)
    assert data.names[int(sample["character"])] == data.reader[5].character


def test_sample_belongs_together(small_set: Path) -> None:
    """Maps are those of the stored pose, and the palette is the stored one."""
    data = TeacherData(small_set, "portrait")
    sample, stored = TeacherSamples(data, 32, 16)[2], data.reader[2]
    maps = data.structure(2, data.sample(2), 16)
    assert np.abs(sample["maps"].numpy() / PACKED_ONE - maps).max() < 0.01
    np.testing.assert_allclose(sample["palette"].numpy(), palette_condition(stored.palette), rtol=1e-5)


def test_kept_samples_are_the_ones_that_were_read(small_set: Path) -> None:
    """A second reading comes from memory and is the same; without room everything is read again."""
    data = TeacherData(small_set, "portrait")
    kept, read = TeacherSamples(data, 32, 16), TeacherSamples(data, 32, 16, kept_bytes=0)
    first = kept[3]
    for again in (kept[3], read[3]):
        assert torch.equal(first["picture"], again["picture"])
        assert torch.equal(first["maps"], again["maps"])


def test_other_split_counts_characters_as_the_first_does(small_set: Path) -> None:
    """Indices are of the training's characters; pictures of others are left out."""
    train = TeacherData(small_set, "portrait")
    turned = TeacherData(small_set, "portrait", "train", tuple(reversed(train.names)))
    shown = [train.names[index] for index in train.character_of]
    assert [turned.names[index] for index in turned.character_of] == shown
    one = TeacherData(small_set, "portrait", "train", train.names[:1])
    assert len(one) == shown.count(train.names[0]) < len(train)
    with pytest.raises(DatasetError, match="nobody of somebody"):
        TeacherData(small_set, "portrait", "train", ("somebody",))


def test_window_shows_the_same_part_of_picture_and_maps(small_set: Path) -> None:
    """A quarter of a picture is drawn by the camera that sees that quarter."""
    data = TeacherData(small_set, "any")
    sample, window = data.sample(3), Window(left=0.25, top=0.0, side=0.5)
    np.testing.assert_allclose(sample.camera, camera_of("portrait", data.proportions(data.names[0])))
    whole, part = data.structure(3, sample, 64), data.structure(3, sample, 32, window)
    smooth = [STRUCTURE.index(name) for name in ("chest_right", "head_x", "torso")]
    assert np.abs(whole[smooth, :32, 16:48] - part[smooth]).max() < 0.02
    files = data.files(3)
    picture, cut = small_picture(files[PICTURE], 128), small_picture(files[PICTURE], 64, window)
    assert np.array_equal(picture[:64, 32:96], cut)


def test_zoomed_samples_differ_each_time(small_set: Path) -> None:
    """Random windows are not kept, and follow from numpy's global generator as everything random does."""
    samples = TeacherSamples(TeacherData(small_set, "portrait"), 32, 16, zoom=2.0)
    np.random.seed(1)
    first, second = samples[0], samples[0]
    np.random.seed(1)
    again = samples[0]
    assert torch.equal(first["maps"], again["maps"])
    assert not torch.equal(first["maps"], second["maps"])
