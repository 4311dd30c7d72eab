"""What the teacher reads from a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the teacher needs the train extra")

import torch

from engines.errors import DatasetError
from engines.teacher.data import TeacherData, TeacherSamples
from engines.teacher.palette_condition import PALETTE_LENGTH, palette_condition
from engines.teacher.structure_maps import PACKED_ONE, STRUCTURE_CHANNELS


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
    maps = data.structure(2, stored.controls, 16)
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
    """Indices are of the training's characters; one it does not know is refused."""
    train = TeacherData(small_set, "portrait")
    turned = tuple(reversed(train.names))
    held_out = TeacherData(small_set, "portrait", "train", turned)
    assert [held_out.names[index] for index in held_out.character_of] == [
        train.names[index] for index in train.character_of
    ]
    with pytest.raises(DatasetError, match="does not show"):
        TeacherData(small_set, "portrait", "train", train.names[:1])
