"""The student: demodulation, style, shapes, and that it can learn."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch

from engines import controls
from engines.sheet import FACE_VIEWS, POSE_VIEWS
from engines.structure import BODY_CHANNELS, FACE_CHANNELS, FACE_GRID, GRID
from engines.training.network import ModulatedConv, Student, StudentConfig, StudentOutput

SMALL = StudentConfig(w_dim=8, body_widths=(8, 8, 8), face_widths=(8, 8, 8))


def inputs(batch: int = 2) -> dict[str, torch.Tensor]:
    """Return random inputs of a small student."""
    generator = torch.Generator().manual_seed(1)

    def noise(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator)

    return {
        "body": noise(batch, BODY_CHANNELS, GRID, GRID),
        "face": noise(batch, FACE_CHANNELS, FACE_GRID, FACE_GRID),
        "face_views": noise(batch, 4 * len(FACE_VIEWS), FACE_GRID, FACE_GRID),
        "condition": noise(batch, len(controls.PORTRAIT_NAMES)),
        "w": noise(batch, SMALL.w_dim),
    }


def predict(student: Student) -> StudentOutput:
    """Return a student's prediction for the random inputs."""
    out = student(**inputs())
    assert isinstance(out, StudentOutput)
    return out


def test_folded_weight_has_unit_norm_times_its_gain() -> None:
    """Demodulation leaves every output channel with the norm of its gain, whatever the weight's scale."""
    conv = ModulatedConv(4, 6, 8)
    conv.weight.data *= torch.rand(6, 1, 1, 1) * 100
    conv.gain.data = torch.arange(1.0, 7.0)
    assert torch.allclose(conv.folded().flatten(1).norm(dim=1), conv.gain, atol=1e-4)


def test_modulation_scales_input_channels() -> None:
    """A style that switches a channel off makes the output independent of it."""
    conv = ModulatedConv(2, 3, 1)
    conv.affine.weight.data.zero_()
    conv.affine.bias.data = torch.tensor([1.0, 0.0])
    x = torch.rand(1, 2, 5, 5)
    changed = x.clone()
    changed[:, 1] += 10
    style = torch.zeros(1, 1)
    assert torch.equal(conv(x, style), conv(changed, style))


def test_weights_sum_to_one_on_the_figure_and_to_nothing_away_from_it() -> None:
    """Views share a cell fully where geometry drew something, and not at all far away."""
    data = inputs()
    data["body"][:, 1] = 0
    data["body"][:, 1, :, :10] = 1  # sixteen cells and more from anything drawn
    out = Student(SMALL)(**data)
    total = out.weights.sum(1)
    assert torch.allclose(total[:, :, 12:], torch.ones_like(total[:, :, 12:]), atol=1e-5)
    assert not total[:, :, :10].any()
    assert torch.allclose(out.face_weights.sum(1), torch.ones(2, 2 * FACE_GRID, 2 * FACE_GRID), atol=1e-5)


def test_outputs_have_their_documented_shapes() -> None:
    """Every output has the shape that the compositor expects."""
    out = predict(Student(SMALL))
    views, faces, fine = len(POSE_VIEWS), len(FACE_VIEWS), 2 * FACE_GRID
    assert out.flow.shape == (2, views, 2, GRID, GRID)
    assert out.residual.shape == (2, 5, GRID, GRID)
    assert out.face_flow.shape == (2, faces, 2, fine, fine)
    assert out.face_residual.shape == (2, 6, fine, fine)


def test_style_and_controls_change_the_prediction() -> None:
    """Neither who nor how is ignored."""
    student = Student(SMALL)
    data = inputs()
    first = student(**data).flow
    for name in ("w", "condition"):
        changed = data | {name: data[name] + 1}
        assert not torch.allclose(student(**changed).flow, first)


def test_every_parameter_gets_a_gradient() -> None:
    """Nothing in the student is dead weight."""
    student = Student(SMALL)
    out = predict(student)
    loss = out.flow.square().sum() + (out.weights * torch.rand_like(out.weights)).sum() + out.residual.sum()
    loss = loss + out.face_flow.square().sum() + (out.face_weights * torch.rand_like(out.face_weights)).sum()
    (loss + out.face_residual.sum()).backward()
    dead = [name for name, p in student.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert dead == []


def test_config_survives_json() -> None:
    """What is written beside the weights builds the same student again."""
    assert StudentConfig.from_json(SMALL.to_json()) == SMALL


def test_few_steps_bring_the_flow_to_a_target() -> None:
    """Gradient descent works: a constant shift of one view is learnt in a few steps."""
    torch.manual_seed(0)
    student = Student(SMALL)
    optimiser = torch.optim.Adam(student.parameters(), lr=3e-3)
    errors = []
    for _ in range(15):
        error = (predict(student).flow[:, 0] - 0.02).abs().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
        errors.append(float(error.detach()))
    assert errors[-1] < 0.7 * errors[0]
