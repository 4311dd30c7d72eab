"""Figures are averaged over the steps in which they come."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch

from engines.training.figure_means import FigureMeans


def test_means_of_lazy_figures_count_their_own_steps() -> None:
    """A penalty of every second step is not halved; the next means begin anew."""
    means = FigureMeans()
    means.add({"loss": 1.0, "penalty": torch.tensor(4.0)})
    means.add({"loss": torch.tensor(3.0)})
    assert means.take() == {"loss": 2.0, "penalty": 4.0}
    means.add({"loss": 5.0})
    assert means.take() == {"loss": 5.0}
    assert means.take() == {}
