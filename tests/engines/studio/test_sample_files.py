"""The files of one sample: the same bytes each time, the same labels back, damage named."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from engines import controls
from engines.errors import DatasetError
from engines.studio.avatar import Avatar
from engines.studio.labels import LabelledPicture, drawn, labelled
from engines.studio.palette import palette_of
from engines.studio.parts import parts_of
from engines.studio.posing import posed
from engines.studio.renderer import Renderer
from engines.studio.sample_files import DEPTH_STEP_M, LABELS, PICTURE, VALUES, decoded, encoded, parts_and_pose


@pytest.fixture(scope="module")
def sample(renderer: Renderer, boxes: Avatar) -> LabelledPicture:
    """Return a labelled picture with flow."""
    vector = controls.controls({"head_yaw": 13.7, "blink_left": 0.3})
    now, after = posed(boxes, vector), posed(boxes, controls.controls({"head_yaw": 16.0}))
    drawings = [drawn(renderer, boxes, pose, "portrait", 128) for pose in (now, after)]
    return labelled(
        boxes,
        parts_of(boxes).triangles,
        palette_of(boxes),
        now,
        vector,
        drawings[0],
        framing="portrait",
        following=(after, drawings[1].whole),
        sequence=3,
        frame=2,
    )


def test_sample_comes_back_as_it_was(sample: LabelledPicture) -> None:
    """Numbers and surfaces are exact; weights, depth and flow are within their steps; visible colour is exact."""
    back = decoded(encoded(sample))
    for name in ("controls", "camera", "face_camera", "joints", "joints_visible", "triangle", "parts", "face_triangle"):
        assert np.array_equal(getattr(back, name), getattr(sample, name)), name
    assert np.array_equal(back.palette, sample.palette, equal_nan=True)
    assert (back.character, back.framing, back.sequence, back.frame) == ("boxes", "portrait", 3, 2)
    assert np.array_equal(back.picture[..., 3], sample.picture[..., 3])
    shown = sample.picture[..., 3] > 0
    assert np.array_equal(back.picture[shown], sample.picture[shown])
    assert np.abs(back.barycentric - sample.barycentric).max() <= 0.5 / 255 + 1e-6
    assert np.array_equal(np.isneginf(back.depth), np.isneginf(sample.depth))
    covered = np.isfinite(sample.depth)
    assert np.abs(back.depth[covered] - sample.depth[covered]).max() <= DEPTH_STEP_M
    assert back.flow is not None
    assert sample.flow is not None
    assert np.abs(back.flow - sample.flow).max() * 512 < 0.1
    assert back.flow_visible is not None
    assert sample.flow_visible is not None
    assert np.array_equal(back.flow_visible, sample.flow_visible)


def test_same_sample_has_the_same_bytes(sample: LabelledPicture) -> None:
    """No clock and no order of a dictionary enters the files."""
    assert encoded(sample) == encoded(sample)


def test_single_picture_has_no_flow(sample: LabelledPicture) -> None:
    """What is not of a sequence comes back without flow."""
    back = decoded(encoded(replace(sample, flow=None, flow_visible=None, sequence=-1, frame=0)))
    assert back.flow is None
    assert back.flow_visible is None
    assert back.sequence == -1


def test_parts_and_pose_are_those_of_the_sample(sample: LabelledPicture) -> None:
    """What training reads is the same, without decoding the rest; damage is the same error."""
    files = encoded(sample)
    back, (vector, parts, framing) = decoded(files), parts_and_pose(files)
    assert np.array_equal(vector, back.controls)
    assert np.array_equal(parts, back.parts)
    assert framing == back.framing
    for name in (LABELS, VALUES):
        with pytest.raises(DatasetError, match="cannot be read"):
            parts_and_pose({**files, name: files[name][: len(files[name]) // 2]})


def test_values_are_readable_json_with_names(sample: LabelledPicture) -> None:
    """Somebody without this program can read pose, joints and cameras."""
    values = json.loads(encoded(sample)[VALUES])
    assert values["controls"]["head_yaw"] == pytest.approx(13.7)
    assert dict(zip(values["joint_names"], values["joints"], strict=True))["head"][3] == 1.0


@pytest.mark.parametrize("name", [PICTURE, LABELS, VALUES])
def test_damaged_file_is_one_error(sample: LabelledPicture, name: str) -> None:
    """A file that is missing, cut short or overwritten is a DatasetError."""
    files = encoded(sample)
    content = files.pop(name)
    with pytest.raises(DatasetError):
        decoded(files)
    for spoiled in (b"", content[: len(content) // 2], b"\xff" * len(content)):
        with pytest.raises(DatasetError, match="cannot be read"):
            decoded({**files, name: spoiled})
