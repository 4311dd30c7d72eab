"""Training: it resumes to the step, starts from shipped weights, and stops at a loss that is no number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch

from engines.character import PRETRAINED
from engines.errors import SpecMismatchError, WeightsError
from engines.studio.dataset import make_dataset
from engines.studio.dataset_plan import DatasetOptions
from engines.studio.renderer import Renderer
from engines.training.export import student_from_checkpoint
from engines.training.network import StudentConfig
from engines.training.train import Schedule, Trainer
from tests.engines.studio.conftest import renderer  # noqa: F401 - a fixture
from tests.fakes.vrm import build_vrm

SMALL = StudentConfig(w_dim=8, body_widths=(8, 8, 8), face_widths=(8, 8, 8))


@pytest.fixture(scope="module")
def folder(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """Make the smallest set that can be trained on."""
    root = tmp_path_factory.mktemp("training")
    (root / "boxes.vrm").write_bytes(build_vrm())
    options = DatasetOptions(avatars=(root / "boxes.vrm",), count=4, identities=1, sequences=0.0, seed=1)
    make_dataset(options, root / "set")
    return root / "set"


def trainer(folder: Path, run: Path, steps: int, config: StudentConfig = SMALL) -> Trainer:
    """Return a trainer of a small student on the smallest set."""
    run.mkdir(exist_ok=True)
    return Trainer(folder, run, Schedule(steps=steps, batch=1, coarse_steps=1), config)


def test_resumed_training_continues_to_the_step(folder: Path, tmp_path: Path) -> None:
    """A second trainer takes up weights, averages, optimiser and step, and what it exports is the average."""
    first = trainer(folder, tmp_path, steps=2)
    first.train(minutes=1, evaluate_every=100)
    second = trainer(folder, tmp_path, steps=3)
    second.resume(tmp_path / "checkpoint.pt")
    assert second.step == 2
    for ours, theirs in zip(second.parameters, first.parameters, strict=True):
        assert torch.equal(ours, theirs)
    second.train(minutes=1, evaluate_every=100)
    _, styles, step = student_from_checkpoint(tmp_path / "checkpoint.pt")
    assert step == 3
    assert set(styles) == {"boxes"}
    held_out = [
        row
        for row in (json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines())
        if "held_out" in row
    ]
    assert held_out[-1]["held_out"]["all"]["psnr"] > 5
    assert (tmp_path / "sheet_000003.png").exists()


def test_training_starts_from_the_shipped_weights(folder: Path, tmp_path: Path) -> None:
    """A new character begins with the shipped student and the mean of the known styles."""
    one = trainer(folder, tmp_path, steps=1, config=StudentConfig())
    one.start_from(PRETRAINED)
    batch = torch.utils.data.default_collate([one.data[0]])
    assert all(torch.isfinite(term) for term in one.losses(batch, 128).values())
    assert float(one.styles.weight.detach().abs().sum()) > 0


def test_loss_that_is_no_number_stops_and_names_the_term(folder: Path, tmp_path: Path) -> None:
    """Training stops before the bad step; the last checkpoint is left alone."""
    one = trainer(folder, tmp_path, steps=5)
    one.save()
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with torch.no_grad():
        one.styles.weight.fill_(float("nan"))
    with pytest.raises(WeightsError, match=r"step 0: not a number in .*picture"):
        one.train(minutes=1, evaluate_every=100)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_checkpoint_of_another_architecture_or_spec_is_refused(folder: Path, tmp_path: Path) -> None:
    """Neither is quietly loaded into something else."""
    trainer(folder, tmp_path, steps=1).save()
    other = trainer(folder, tmp_path / "other", steps=1, config=StudentConfig(w_dim=4))
    with pytest.raises(WeightsError, match="another architecture"):
        other.resume(tmp_path / "checkpoint.pt")
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    torch.save(state | {"spec_hash": "c0ffee"}, tmp_path / "checkpoint.pt")
    with pytest.raises(SpecMismatchError, match="c0ffee"):
        trainer(folder, tmp_path, steps=1).resume(tmp_path / "checkpoint.pt")


def test_rate_warms_up_and_falls_to_a_twentieth() -> None:
    """The schedule peaks after the warm-up and ends low."""
    schedule = Schedule(steps=1000, rate=1.0)
    assert schedule.rate_at(0) < 0.05
    assert schedule.rate_at(schedule.warm_up) > 0.9
    assert schedule.rate_at(1000) == pytest.approx(0.05, abs=0.01)
