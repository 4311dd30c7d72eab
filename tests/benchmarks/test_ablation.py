"""What the ablation says of its rows, and what the networks cost."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the ablation compares networks of the train extra")

import numpy as np
import torch

from benchmarks.ablation import WAYS, sheet, table
from benchmarks.ablation_cost import WARM_UP, giga_multiplications, parameters, times_of
from benchmarks.ablation_drawing import Drawn
from benchmarks.rows import Row
from engines.evaluation.background import BACKGROUND

SPREAD = {"n": 5, "p50_ms": 7.25, "p95_ms": 9.0, "p99_ms": 9.0, "max_ms": 9.0, "cpu_ms": 14.0}


def row(way: str, psnr: float, cost: Row | None = None) -> Row:
    """Return a row as the benchmark writes it."""
    names = [f"{region}.{what}@{size}" for region in ("whole", "face") for what in ("psnr", "ssim", "sharpness")
             for size in (256, 512)]  # fmt: skip
    quality = {name: psnr if "psnr" in name else 0.5 for name in names}
    return {"way": way, "quality": quality} | ({"cost": cost, "pictures_seen": 40_000} if cost else {})


def test_table_has_a_column_for_each_way_and_leaves_out_what_was_not_measured() -> None:
    """Views alone have no network: their cells are empty."""
    student = {"parameters": 123_456, "gmac": 0.98, "structure": SPREAD, "network_bf16": SPREAD}
    rows = [row("views", 30.0), row("student", 34.5, student), row("baseline", 22.0, student | {"gmac_at_512": 8.0})]
    said = table(rows)
    assert "| PSNR, whole, 256 px, dB | 30.00 | 34.50 | 22.00 |" in said
    assert "| parameters |  | 123,456 | 123,456 |" in said
    assert "| GMAC with an output of 512 px |  |  | 8.00 |" in said
    assert "| network, bf16, ms |  | 7.2 / 9.0 / 14.0 | 7.2 / 9.0 / 14.0 |" in said
    assert "| pictures seen in training |  | 40,000 | 40,000 |" in said
    assert [row["way"] for row in rows] == list(WAYS)


def test_sheet_shows_the_render_and_three_ways_side_by_side() -> None:
    """Each pose has a row; what is transparent shows the background."""
    clear = np.zeros((64, 64, 4), np.uint8)
    solid = np.full((64, 64, 4), 255, np.uint8)
    picture = sheet([(solid, Drawn(views=clear, student=solid, baseline=clear))] * 2)
    tile = picture.shape[1] // 4
    colours = [tuple(picture[-tile // 2, column * tile + tile // 2].tolist()) for column in range(4)]
    assert colours == [(255, 255, 255), BACKGROUND, (255, 255, 255), BACKGROUND]
    assert picture.shape[0] > 2 * tile


def test_costs_are_those_of_a_known_layer() -> None:
    """A convolution costs its weights at every pixel."""
    layer = torch.nn.Conv2d(3, 5, 3, padding=1, bias=False)
    assert parameters(layer) == 135
    assert giga_multiplications(layer, [torch.zeros(1, 3, 8, 8)]) == pytest.approx(135 * 64 / 1e9)


def test_times_count_what_comes_after_the_warm_up() -> None:
    """Calls of the warm-up are made, but not counted."""
    calls: list[int] = []
    said = times_of(lambda: calls.append(1), 5)
    assert said["n"] == 5
    assert len(calls) == 5 + WARM_UP
    assert said["cpu_ms"] >= 0
