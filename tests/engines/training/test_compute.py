"""Device and precision are what was asked for, or the reason is said."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch

from engines.errors import BackendError
from engines.training.compute import Compute, find_compute


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp32", torch.float32)])
def test_autocast_runs_convolutions_in_the_precision(precision: str, dtype: torch.dtype) -> None:
    """Inside they are in bfloat16 if asked for, and `exact` takes that back."""
    compute = Compute(device=torch.device("cpu"), precision=precision)  # type: ignore[arg-type]
    module = compute.place(torch.nn.Conv2d(3, 4, 3))
    picture = compute.batch({"picture": torch.rand(2, 3, 8, 8)})["picture"]
    with compute.autocast():
        assert module(picture).dtype == dtype
        with compute.exact():
            assert module(picture).dtype == torch.float32
    assert module(picture).dtype == torch.float32


def test_place_and_batch_are_channels_last() -> None:
    """Pictures and weights lie in memory as convolutions read them fastest; the rest stays."""
    compute = find_compute("cpu")
    assert compute.place(torch.nn.Conv2d(3, 4, 3)).weight.is_contiguous(memory_format=torch.channels_last)
    batch = compute.batch(
        {"picture": torch.rand(2, 3, 8, 8), "w": torch.rand(2, 16), "flow": torch.rand(2, 3, 2, 8, 8)}
    )
    assert batch["picture"].is_contiguous(memory_format=torch.channels_last)
    assert batch["w"].shape == (2, 16)
    assert batch["flow"].is_contiguous()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_gpu_that_is_not_there_is_said() -> None:
    """Nobody trains on the CPU without knowing."""
    with pytest.raises(BackendError, match="--device cuda: torch finds no GPU"):
        find_compute("cuda")
    assert find_compute().device.type == "cpu"
    assert str(find_compute(precision="fp32")).endswith("fp32")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_gpu_for_each_process_or_the_reason() -> None:
    """A process takes the GPU of its number, and there have to be as many."""
    assert find_compute().device == torch.device("cuda", 0)
    with pytest.raises(BackendError, match="has no GPU"):
        find_compute(local_rank=torch.cuda.device_count())
