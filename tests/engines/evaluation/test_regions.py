"""Regions of a render: what is shown, where, and nothing else."""

from __future__ import annotations

import numpy as np

from engines import affine
from engines.evaluation.regions import regions, scaled
from engines.framing import between
from engines.studio.labels import LABEL_PX
from engines.studio.part_names import Part
from tests.fakes.figure import figure
from tests.fakes.labelled import labelled_picture

SIZE = LABEL_PX


def test_an_empty_picture_has_only_the_face_frame() -> None:
    """Eyes, hair and hands that nothing shows are absent, not empty."""
    assert set(regions(labelled_picture(), figure())) == {"face"}


def test_parts_become_regions_a_cell_wider_than_they_are() -> None:
    """Outlines are nothing in the parts, so they are added."""
    parts = np.zeros((SIZE, SIZE), np.uint8)
    parts[10:30, 10:30] = Part.HAIR
    parts[200:240, 50:90] = Part.CLOTHES
    parts[100:110, 5:25] = Part.HANDS
    found = regions(labelled_picture(parts), figure())
    assert found["hair"].sum() == 22 * 22
    assert found["clothes"][199, 49]
    assert not found["clothes"][198, 49]
    assert found["hands"].sum() == 12 * 22


def test_eyes_and_mouth_lie_on_the_face_where_the_proportions_say() -> None:
    """Their centres are inside, and what is before them is not."""
    everywhere = np.full((SIZE, SIZE), Part.FACE_SKIN, np.uint8)
    sample = labelled_picture(everywhere)
    found = regions(sample, figure())

    def cell(place: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> tuple[int, int]:
        x, y = affine.apply(sample.camera, place[:2]) * SIZE
        return int(y), int(x)

    assert found["eyes"][cell(figure().left_eye)]
    assert found["eyes"][cell(figure().right_eye)]
    assert found["mouth"][cell(figure().mouth)]
    assert not found["mouth"][cell(figure().left_eye)]
    everywhere[cell(figure().left_eye)[0] - 20 : cell(figure().left_eye)[0] + 20] = Part.HANDS
    assert "eyes" not in regions(labelled_picture(everywhere), figure())


def test_the_face_is_the_box_of_its_frame() -> None:
    """As the project's first figures had it."""
    sample = labelled_picture()
    rows, columns = affine.box_of_unit_square(between(sample.camera, sample.face_camera), SIZE)
    face = regions(sample, figure())["face"]
    assert face[rows, columns].all()
    assert face.sum() == face[rows, columns].sum()


def test_regions_are_scaled_without_in_between_values() -> None:
    """Twice the size has four times the pixels."""
    mask = np.zeros((SIZE, SIZE), np.bool_)
    mask[3:9, 5:8] = True
    assert scaled(mask, 2 * SIZE).sum() == 4 * mask.sum()
    assert scaled(mask, SIZE) is mask
