"""The crops that the regressor sees."""

from __future__ import annotations

import numpy as np
import pytest

from engines import affine
from engines.evaluation.reading import READ_CONTROLS, READ_PX, Crops, crops, joined
from tests.fakes.figure import figure
from tests.fakes.labelled import labelled_picture


def test_crops_show_whole_head_and_face() -> None:
    """A dot between the eyes is near the middle of head and face, and where it was in the whole."""
    sample = labelled_picture()
    picture = np.zeros((512, 512, 4), np.uint8)
    between_eyes = (figure().left_eye + figure().right_eye) / 2
    x, y = (affine.apply(sample.camera, between_eyes[:2]) * 512).astype(int)
    picture[y - 4 : y + 4, x - 4 : x + 4] = 255
    found = crops(picture, sample.camera, sample.face_camera)
    for name, above in (("head", 0.06), ("face", 0.11)):
        rows, columns = np.nonzero(getattr(found, name)[0, ..., 3])
        assert columns.mean() / READ_PX == pytest.approx(0.5, abs=0.03)
        assert 0.5 - 2 * above < rows.mean() / READ_PX < 0.5
    assert found.whole[0, y // 4, x // 4, 3] > 0


def test_crops_are_joined_and_chosen_in_order() -> None:
    """Rows stay together over the three crops."""
    lots = [
        Crops(**{name: np.full((2, READ_PX, READ_PX, 4), value, np.uint8) for name in ("whole", "head", "face")})
        for value in (1, 2)
    ]
    both = joined(lots)
    assert len(both) == 4
    chosen = both.chosen(np.array([3, 0]))
    assert [int(chosen.head[row, 0, 0, 0]) for row in (0, 1)] == [2, 1]


def test_crops_of_other_sizes_are_refused() -> None:
    """The message says which and what was expected."""
    right = np.zeros((2, READ_PX, READ_PX, 4), np.uint8)
    with pytest.raises(ValueError, match=r"face: got shape \(1, "):
        Crops(whole=right, head=right, face=right[:1])


def test_every_control_is_read_once() -> None:
    """No name stands in both lists."""
    assert len(set(READ_CONTROLS)) == len(READ_CONTROLS)
