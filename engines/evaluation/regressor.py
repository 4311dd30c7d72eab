"""Trains the regressor that evaluation reads controls with: ``python -m engines.evaluation.regressor --help``."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from engines import controls
from engines.errors import DatasetError, EnginesError
from engines.evaluation.background import over_background
from engines.evaluation.control_accuracy import can_be_read, r2_per_control, true_values
from engines.evaluation.control_reader import INPUTS, NOTE, OUTPUTS, network_input
from engines.evaluation.reading import CROPS, READ_CONTROLS, READ_PX
from engines.evaluation.regressor_data import Augmentation, Readable, readable, together
from engines.evaluation.regressor_network import Regressor

F32 = npt.NDArray[np.float32]

BATCH = 64
#: Peak learning rate (cosine to nothing, after a short rise) and decay of weights of AdamW.
RATE, DECAY = 2e-3, 0.02
WARM_UP = 0.03
#: Share of the past in the average of the weights, which is what is kept.
AVERAGE = 0.995
#: Every so manieth training picture is kept aside, to say how well others are read.
KEPT_ASIDE = 12
OPSET = 17
#: Weights of fewer numbers keep 32 bits.
LEAST_HALVED = 1024


def train(data: Readable, minutes: float, seed: int = 0, steps: int | None = None) -> tuple[Regressor, int]:
    """Return a regressor trained for a time, and for how many batches.

    Args:
        data: pictures to learn from.
        minutes: the learning rate falls to nothing over them.
        seed: of weights, order and changes.
        steps: stop after so many batches instead, whatever the time.
    """
    torch.manual_seed(seed)
    values = true_values(data.controls)
    network = Regressor(torch.from_numpy(values.mean(axis=0)), torch.from_numpy(values.std(axis=0) + 1e-6))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(AVERAGE), use_buffers=True)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    random, changed = np.random.default_rng(seed), Augmentation(seed)
    start, step = time.monotonic(), 0
    while True:
        spent = step / steps if steps else (time.monotonic() - start) / (60 * minutes)
        if spent >= 1:
            kept = average.module.eval()
            assert isinstance(kept, Regressor)
            return kept, step
        rate = RATE * min(1.0, spent / WARM_UP + 0.02) * 0.5 * (1 + math.cos(math.pi * spent))
        for group in optimiser.param_groups:
            group["lr"] = rate
        rows = random.choice(len(data), min(BATCH, len(data)), replace=False)
        loss = _loss(network, *changed(data.chosen(rows)))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        average.update_parameters(network)
        step += 1
        if step % 100 == 0:
            sys.stderr.write(f"{spent:4.0%}  batch {step}  loss {float(loss):.4f}\n")


def _loss(network: Regressor, crops: list[Tensor], vectors: F32) -> Tensor:
    """Return the mean Huber loss of what can be read, in standard deviations."""
    readable_ones = np.stack([can_be_read(name, vectors) for name in READ_CONTROLS], axis=1)
    wanted = (torch.from_numpy(true_values(vectors)) - network.mean) / network.deviation
    with torch.autocast("cpu", torch.bfloat16):
        got, _, _ = network.read(*(crop.contiguous(memory_format=torch.channels_last) for crop in crops))
    each = functional.smooth_l1_loss(got.float(), wanted, reduction="none")
    weight = torch.from_numpy(readable_ones).float()
    return (each * weight).sum() / weight.sum()


@torch.no_grad()
def read(network: Regressor, data: Readable) -> F32:
    """Return what a regressor reads of pictures over the evaluation's background, (N, len(READ_CONTROLS))."""
    found = []
    for first in range(0, len(data), BATCH):
        part = data.chosen(np.arange(first, min(first + BATCH, len(data))))
        inputs = [over_background(getattr(part.crops, name)) for name in CROPS]
        found.append(network(*(torch.from_numpy(network_input(one)) for one in inputs))[0].numpy())
    return np.concatenate(found)


def export(network: Regressor, path: Path, note: dict[str, object]) -> None:
    """Write a regressor as ONNX, any batch, with a note on how it was made."""
    example = torch.zeros(1, 3, READ_PX, READ_PX)
    partial = path.with_name(path.name + ".part")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.to(memory_format=torch.contiguous_format).eval(),  # type: ignore[call-overload]
            (example, example, example),
            str(partial),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes={name: {0: "pictures"} for name in (*INPUTS, *OUTPUTS)},
            opset_version=OPSET,
            dynamo=False,
        )
    model = with_half_weights(onnx.load(str(partial)))
    head = {"spec_hash": controls.spec_hash(), "controls": list(READ_CONTROLS)}
    onnx.helper.set_model_props(model, {NOTE: json.dumps(head | note)})
    onnx.save(model, str(partial))
    partial.replace(path)


def with_half_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model that keeps its large weights in 16 bits and computes in 32: half the size, the same readings."""
    kept, casts = [], []
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < LEAST_HALVED:
            kept.append(tensor)
            continue
        kept.append(onnx.numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}.half"))
        casts.append(onnx.helper.make_node("Cast", [f"{tensor.name}.half"], [tensor.name], to=onnx.TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend([*casts, *nodes])
    return model


def _split(data: Readable) -> tuple[Readable, Readable]:
    """Return pictures to learn from and pictures kept aside."""
    rows = np.arange(len(data))
    aside = rows % KEPT_ASIDE == KEPT_ASIDE - 1
    return data.chosen(rows[~aside]), data.chosen(rows[aside])


def _rounded(figures: dict[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else round(value, 4) for name, value in figures.items()}


def main() -> int:
    """Train the regressor on data sets and write it as ONNX."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("data", type=Path, nargs="+", help="folders of data sets")
    parser.add_argument("--out", type=Path, required=True, help="ONNX file to write")
    parser.add_argument("--minutes", type=float, default=12.0, help="how long to train; default 12")
    parser.add_argument("--batches", type=int, help="train for so many batches instead, however long they take")
    parser.add_argument("--limit", type=int, default=20_000, help="pictures at most, 200 kB of memory each")
    parser.add_argument("--threads", type=int, default=1, help="default 1")
    parser.add_argument("--seed", type=int, default=0, help="default 0")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    try:
        if arguments.minutes <= 0 or arguments.limit < 2 * KEPT_ASIDE or arguments.batches == 0:
            raise DatasetError(
                f"expected --minutes above 0, --limit of {2 * KEPT_ASIDE} or more, --batches of 1 or more"
            )
        each = arguments.limit // len(arguments.data)
        learned, aside = _split(together([readable(folder, "train", limit=each) for folder in arguments.data]))
        held_out = together([readable(folder, "held_out_poses", limit=1000) for folder in arguments.data])
    except (EnginesError, OSError) as error:
        sys.stderr.write(f"regressor: {error}\n")
        return 1
    network, steps = train(learned, arguments.minutes, arguments.seed, arguments.batches)
    figures = {
        split: _rounded(r2_per_control(pictures.controls, read(network, pictures)))
        for split, pictures in (("kept_aside", aside), ("held_out_poses", held_out))
    }
    note: dict[str, object] = {
        "pictures": len(learned),
        "batches": steps,
        "batch": BATCH,
        "seed": arguments.seed,
        "r2": figures,
        "r2_pictures": {"kept_aside": len(aside), "held_out_poses": len(held_out)},
    }
    export(network, arguments.out, note)
    sys.stdout.write(json.dumps(note, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
