"""One step: finite losses, gradients of one optimiser only, and nothing changed if something is no number."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch
from torch import nn

from engines.errors import TrainingError
from engines.training.compute import find_compute
from engines.training.distributed import Processes
from engines.training.phase import Phase, place_of
from engines.training.update import Updates


@pytest.fixture
def modules() -> dict[str, nn.Module]:
    """Return two small networks."""
    torch.manual_seed(0)
    return {"generator": nn.Linear(4, 4), "critic": nn.Linear(4, 1)}


def updates_of(modules: dict[str, nn.Module], rate: float = 0.1) -> Updates:
    """Return step 7, with plain gradient descent."""
    return Updates(
        place=place_of((Phase(resolution_px=8, batch=2, steps=10),), 7),
        compute=find_compute("cpu", "fp32"),
        processes=Processes(),
        optimisers={name: torch.optim.SGD(module.parameters(), lr=rate) for name, module in modules.items()},
        modules=modules,
    )


def weights(module: nn.Module) -> list[torch.Tensor]:
    """Return copies of a module's weights."""
    return [one.detach().clone() for one in module.parameters()]


def test_update_goes_down_the_sum_of_its_terms(modules: dict[str, nn.Module]) -> None:
    """The step is the gradient of the sum times the rate; terms and norm are logged."""
    generator, step = modules["generator"], updates_of(modules)
    before = weights(generator)
    given = torch.rand(2, 4)
    terms = {"a": generator(given).square().mean(), "b": generator(given).sum()}
    expected = torch.autograd.grad(terms["a"] + terms["b"], list(generator.parameters()), retain_graph=True)
    step.update("generator", terms)
    for old, new, slope in zip(before, weights(generator), expected, strict=True):
        torch.testing.assert_close(new, old - 0.1 * slope)
    assert set(step.figures) == {"generator/a", "generator/b", "generator/gradient_norm"}
    assert step.figures["generator/a"] == pytest.approx(float(terms["a"].detach()))
    norm = torch.cat([slope.flatten() for slope in expected]).norm()
    assert step.figures["generator/gradient_norm"] == pytest.approx(float(norm))


def test_update_leaves_other_modules_alone(modules: dict[str, nn.Module]) -> None:
    """The critic is asked, but neither trained nor given gradients."""
    generator, critic = modules["generator"], modules["critic"]
    before = weights(critic)
    updates_of(modules).update("generator", {"fool": -critic(generator(torch.rand(2, 4))).mean()})
    assert all(torch.equal(old, new) for old, new in zip(before, weights(critic), strict=True))
    assert all(one.grad is None for one in critic.parameters())


def test_update_clips_the_norm_of_all_parameters_together(modules: dict[str, nn.Module]) -> None:
    """The direction stays, the length is the greatest allowed."""
    generator = modules["generator"]
    before = weights(generator)
    updates_of(modules, rate=1.0).update("generator", {"far": 1000 * generator(torch.ones(2, 4)).sum()}, clip=0.5)
    moved = torch.cat([(new - old).flatten() for old, new in zip(before, weights(generator), strict=True)])
    assert float(moved.norm()) == pytest.approx(0.5, rel=1e-3)


def test_update_with_a_loss_that_is_no_number_changes_nothing(modules: dict[str, nn.Module]) -> None:
    """The message names step, optimiser and term, and only the terms that are to blame."""
    generator = modules["generator"]
    before = weights(generator)
    drawn = generator(torch.rand(2, 4))
    terms = {"picture": drawn.mean(), "critic": drawn.mean() * float("nan"), "path": drawn.sum() / 0}
    with pytest.raises(TrainingError) as caught:
        updates_of(modules).update("generator", terms)
    message = str(caught.value)
    assert "step 7: in the loss of the generator, critic is nan and path is" in message
    assert "picture" not in message
    assert "the last checkpoint is kept" in message
    assert all(torch.equal(old, new) for old, new in zip(before, weights(generator), strict=True))


def test_update_with_a_gradient_that_is_no_number_names_the_parameter(modules: dict[str, nn.Module]) -> None:
    """The square root of nothing is a number, but its slope is none."""
    generator = modules["generator"]
    with pytest.raises(
        TrainingError, match=r"step 7: the gradient of generator\.weight, generator\.bias is not finite"
    ):
        updates_of(modules).update("generator", {"root": (generator(torch.rand(2, 4)) * 0).abs().sqrt().sum()})


def test_update_of_a_penalty_on_gradients_reaches_the_weights(modules: dict[str, nn.Module]) -> None:
    """R1 and path length are gradients of gradients."""
    critic, step = modules["critic"], updates_of(modules)
    before = weights(critic)
    given = torch.rand(2, 4, requires_grad=True)
    (slope,) = torch.autograd.grad(critic(given).sum(), given, create_graph=True)
    step.update("critic", {"r1": slope.square().sum(1).mean()})
    assert not torch.equal(before[0], weights(critic)[0])


def test_update_under_autocast_has_gradients_in_float32(modules: dict[str, nn.Module], tmp_path: Path) -> None:
    """bfloat16 is for forward passes; weights, gradients and losses stay float32."""
    generator = modules["generator"]
    step = updates_of(modules)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        drawn = generator(torch.rand(2, 4))
    assert drawn.dtype == torch.bfloat16
    step.update("generator", {"mean": drawn.mean()})
    assert all(one.grad is not None and one.grad.dtype == torch.float32 for one in generator.parameters())
