"""The losses: zero where they should be, and about what they say they are."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch

from engines.sheet import FACE_VIEWS, POSE_VIEWS
from engines.structure import FACE_GRID, GRID
from engines.training import losses
from engines.training.network import StudentOutput

FINE = 2 * FACE_GRID


def output(face_flow: torch.Tensor, face_weights: torch.Tensor) -> StudentOutput:
    """Return a prediction with the given face and an empty body."""
    views = len(POSE_VIEWS)
    return StudentOutput(
        flow=torch.zeros(1, views, 2, GRID, GRID),
        weights=torch.zeros(1, views, GRID, GRID),
        residual=torch.zeros(1, 5, GRID, GRID),
        face_flow=face_flow,
        face_weights=face_weights,
        face_residual=torch.zeros(1, 6, FINE, FINE),
    )


def test_equal_pictures_cost_nothing() -> None:
    """A perfect picture has no loss."""
    picture = torch.rand(1, 4, 16, 16)
    assert float(losses.picture_loss(picture, picture)) == 0


def test_eyes_and_mouth_weigh_most_in_the_face() -> None:
    """The face's weight is highest over the eyes and one at the frame's corner."""
    weight = losses.face_weight(64)[0, 0]
    assert float(weight[int(0.37 * 64), int(0.685 * 64)]) > 0.8 * losses.REGION_WEIGHT
    assert float(weight[0, 0]) == pytest.approx(1.0, abs=0.05)


def test_flow_loss_is_zero_at_the_truth_and_counts_only_what_a_view_shows() -> None:
    """Cells that a view does not show say nothing about its flow."""
    faces = len(FACE_VIEWS)
    base = torch.rand(1, 2, FACE_GRID, FACE_GRID)
    places = base[:, None].expand(1, faces, 2, FACE_GRID, FACE_GRID).clone()
    places[:, 1] += 0.3
    seen = torch.ones(1, faces, FACE_GRID, FACE_GRID, dtype=torch.bool)
    seen[:, 1] = False
    weights = torch.zeros(1, faces, FINE, FINE)
    weights[:, 0] = 1
    flow, views = losses.flow_loss(output(torch.zeros(1, faces, 2, FINE, FINE), weights), base, places, seen)
    assert float(flow) == pytest.approx(0, abs=1e-6)
    assert float(views) == pytest.approx(0, abs=1e-6)


def test_weight_on_views_that_do_not_show_the_cell_costs() -> None:
    """Believing the wrong view is punished by the logarithm of what is left for the right ones."""
    faces = len(FACE_VIEWS)
    base = torch.zeros(1, 2, FACE_GRID, FACE_GRID)
    places = torch.zeros(1, faces, 2, FACE_GRID, FACE_GRID)
    seen = torch.zeros(1, faces, FACE_GRID, FACE_GRID, dtype=torch.bool)
    seen[:, 0] = True
    weights = torch.full((1, faces, FINE, FINE), 1 / faces)
    _, views = losses.flow_loss(output(torch.zeros(1, faces, 2, FINE, FINE), weights), base, places, seen)
    assert float(views) == pytest.approx(float(torch.tensor(faces).log()), abs=1e-4)


def test_face_composite_shows_the_body_where_the_face_has_no_share() -> None:
    """With the identity as face frame and no share, the composite is the body."""
    body = torch.rand(1, 4, 32, 32)
    identity = torch.tensor([[[1.0, 0, 0], [0, 1, 0]]])
    composite = losses.face_composite(torch.rand(1, 4, 32, 32), torch.zeros(1, 1, 32, 32), body, identity)
    assert torch.allclose(composite, body, atol=1e-4)
