"""The compositor against its differentiable twin."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from engines import controls
from engines.compositor import Prediction, compose, finished, straight
from engines.sheet import FACE_VIEWS, POSE_VIEWS, premultiplied
from engines.structure import FACE_GRID, GRID, CharacterGeometry, Structure
from tests.fakes.character import ball_character

pytest.importorskip("torch", reason="the oracle needs the train extra")

import torch

CHARACTER = ball_character()
GEOMETRY = CharacterGeometry(CHARACTER.proportions, CHARACTER.sheet)


def smooth(rng: np.random.Generator, channels: int, size: int) -> npt.NDArray[np.float32]:
    """Return smooth noise, (channels, size, size), about -1..1."""
    coarse = rng.normal(size=(channels, 6, 6)).astype(np.float32)
    return np.stack([cv2.resize(one, (size, size), interpolation=cv2.INTER_CUBIC) for one in coarse])


def random_prediction(seed: int) -> Prediction:
    """Return a smooth prediction in which every part of the picture matters."""
    rng = np.random.default_rng(seed)

    def weights(count: int, size: int) -> npt.NDArray[np.float32]:
        level = np.exp(3 * smooth(rng, count, size))
        return np.asarray(level / level.sum(axis=0), np.float32)

    def unit(channels: int, size: int) -> npt.NDArray[np.float32]:
        return np.asarray(1 / (1 + np.exp(-2 * smooth(rng, channels, size))), np.float32)

    fine = 2 * FACE_GRID
    residual, face_residual = unit(5, GRID), unit(6, fine)
    residual[:3] *= residual[3]
    face_residual[:3] *= face_residual[3]
    return Prediction(
        flow=0.01 * smooth(rng, 2 * len(POSE_VIEWS), GRID).reshape(-1, 2, GRID, GRID),
        weights=weights(len(POSE_VIEWS), GRID),
        residual=residual,
        face_flow=0.02 * smooth(rng, 2 * len(FACE_VIEWS), fine).reshape(-1, 2, fine, fine),
        face_weights=weights(len(FACE_VIEWS), fine),
        face_residual=face_residual,
    )


def twin(prediction: Prediction, structure: Structure, size: int) -> npt.NDArray[np.float32]:
    """Return the picture that `engines.training.warp` makes, premultiplied RGBA 0..255."""
    from engines.training import warp
    from engines.training.network import StudentOutput

    def batch(array: npt.NDArray[np.float32]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array))[None]

    out = StudentOutput(
        *(batch(getattr(prediction, name)) for name in ("flow", "weights", "residual")),
        *(batch(getattr(prediction, name)) for name in ("face_flow", "face_weights", "face_residual")),
    )
    sheet = CHARACTER.sheet
    views = batch(sheet.pose_views.transpose(0, 3, 1, 2).astype(np.float32) / 255)
    faces = batch(sheet.face_views.transpose(0, 3, 1, 2).astype(np.float32) / 255)
    where = batch(structure.base.transpose(0, 3, 1, 2)) + out.flow
    body = warp.warp_views(views, where, out.weights, out.residual, size)
    face, share = warp.face_picture(out, faces, batch(structure.face_base.transpose(2, 0, 1)), faces.shape[-1])
    whole = warp.over_body(body, face, share, batch(structure.picture_to_face))
    picture = np.ascontiguousarray(np.rint(whole[0].permute(1, 2, 0).numpy() * 255), np.uint8)
    return premultiplied(finished(picture)).astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_picture_is_the_twin_s(seed: int) -> None:
    """The fast compositor agrees with the slow one to about a grey level (8-bit weights, coarse remap)."""
    vector = controls.controls({"head_yaw": 20.0 * (seed - 1), "head_roll": 10.0 * seed})
    structure = GEOMETRY.structure(vector)
    prediction = random_prediction(seed)
    sheet = CHARACTER.sheet
    got = premultiplied(compose(prediction, structure, sheet.pose_views, sheet.face_views, 256)).astype(np.float32)
    difference = np.abs(got - twin(prediction, structure, 256))
    assert difference.mean() < 1.6
    assert np.quantile(difference, 0.99) < 9


def test_straight_undoes_premultiplied() -> None:
    """Where anything is to be seen, straight colour comes back within rounding."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (32, 32, 4), np.uint8)
    image[..., 3] = np.maximum(image[..., 3], 64)
    assert np.abs(straight(premultiplied(image)).astype(int) - image).max() <= 3


def test_transparent_pixels_stay_black_and_transparent() -> None:
    """Nothing is divided by an alpha of zero."""
    assert not straight(np.zeros((4, 4, 4), np.uint8)).any()
