"""How fast PyTorch runs the network by its own means: `python -m benchmarks.engine_torch`.

Eager, captured as a CUDA graph, and through torch.compile, in each precision and for several pictures at once: what
TensorRT has to be compared with.  On a card times are its own, by events, and the peak of its memory stands beside
them; on a CPU, for a rehearsal, they are the caller's.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from benchmarks.rows import RESULTS, Row, provenance, read_rows, write_rows
from engines.machine import cpu_name
from engines.network import INPUTS, MAX_BATCH
from engines.sample_inputs import sample_inputs
from engines.selection.trial import parity_db
from engines.student.network import Student, StudentConfig
from engines.weights import SAFETENSORS_FILE, Weights, find_weights

MODES = ("eager", "graph", "compile")
KINDS: dict[str, torch.dtype | None] = {"f32": None, "f16": torch.float16, "bf16": torch.bfloat16}
BATCHES = (1, 2, 4, 8, 16)
WARM_UP = 5
SESSION_FPS = 30


def measure(
    weights: Weights,
    modes: Sequence[str],
    precisions: Sequence[str],
    batches: Sequence[int],
    runs: int,
    known: Sequence[Row] = (),
    keep: Callable[[Sequence[Row]], object] = lambda rows: None,
) -> list[Row]:
    """Return a row per mode, precision and batch; one that cannot be measured carries its refusal.

    Args:
        weights: to run.
        modes: of :data:`MODES`; what compiles for long comes last.
        precisions: of :data:`KINDS`.
        batches: pictures at once.
        runs: that count.
        known: rows that need not be measured again.
        keep: given all rows after each new one.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    name = torch.cuda.get_device_name() if device.type == "cuda" else cpu_name()
    common = {**provenance(), "benchmark": "engine_torch", "weights": weights.name, "warm_up": WARM_UP}
    common |= {"device": f"{device.type.upper()}: {name}", "torch": torch.__version__}
    rows = list(known)
    done = {(row["mode"], row["precision"], row["batch"]) for row in rows}
    for mode, precision, batch in itertools.product(modes, precisions, batches):
        if (mode, precision, batch) in done:
            continue
        samples = sample_inputs(weights, batch)
        inputs = [torch.from_numpy(samples[name]).to(device) for name in INPUTS]
        row = {**common, "mode": mode, "precision": precision, "batch": batch}
        try:
            result, spent_ms, peak = _one(weights, mode, KINDS[precision], inputs, runs)
            exact, _, _ = _one(weights, "eager", None, inputs, 1)
        except (RuntimeError, ImportError) as error:
            rows.append({**row, "refusal": (str(error).strip().splitlines() or [type(error).__name__])[0]})
        else:
            figures = {
                "n": runs,
                "call_ms": round(spent_ms, 4),
                "pictures_per_s": round(1000 * batch / spent_ms, 1),
                "sessions": int(1000 * batch / spent_ms / SESSION_FPS),
                "peak_mib": peak,
                "parity_db": round(parity_db(result, exact), 1),
            }
            rows.append({**row, **figures})
            print(f"{mode} {precision} {batch}: {spent_ms:.3f} ms a call", flush=True)
        keep(rows)
    return rows


def _one(
    weights: Weights, mode: str, kind: torch.dtype | None, inputs: list[torch.Tensor], runs: int
) -> tuple[Any, float, int | None]:
    """Return the result, the milliseconds of a call, and the peak of the card's memory in MiB."""
    device = inputs[0].device
    on_card = device.type == "cuda"
    config = json.loads((weights.folder / "model.json").read_text(encoding="utf-8"))["config"]
    student = Student(StudentConfig.from_json(config))
    student.load_state_dict(load_file(weights.folder / SAFETENSORS_FILE))
    student.eval().to(device)
    network: Any = torch.compile(student) if mode == "compile" else student
    if on_card:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        torch.backends.cudnn.allow_tf32 = False

    def forward() -> torch.Tensor:
        with torch.autocast(device.type, kind, enabled=kind is not None, cache_enabled=False):
            result: torch.Tensor = network(*inputs).float()
        return result

    with torch.inference_mode():
        for _ in range(WARM_UP):
            result = forward()
        call: Callable[[], object] = forward
        if mode == "graph":
            if not on_card:
                raise RuntimeError("CUDA graphs need a card")
            beside = torch.cuda.Stream()
            beside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(beside):
                forward()
            torch.cuda.current_stream().wait_stream(beside)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                result = forward()
            call = graph.replay
        spent_ms = _event_ms(call, runs) if on_card else _clock_ms(call, runs)
        peak = round(torch.cuda.max_memory_allocated() / 2**20) if on_card else None
        return np.asarray(result.cpu().numpy(), np.float32), spent_ms, peak


def _event_ms(call: Callable[[], object], runs: int) -> float:
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    call()
    begin.record()
    for _ in range(runs):
        call()
    end.record()
    end.synchronize()
    return float(begin.elapsed_time(end)) / runs


def _clock_ms(call: Callable[[], object], runs: int) -> float:
    begin = time.perf_counter()
    for _ in range(runs):
        call()
    return (time.perf_counter() - begin) * 1000 / runs


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a short table: milliseconds a picture by mode, precision and batch; and the peak memory."""
    batches = sorted({row["batch"] for row in rows})
    none: Row = {}
    lines = [" ".join(["mode".ljust(16), *(f"{batch:d} at once".rjust(12) for batch in batches), "peak MiB"])]
    for mode, precision in dict.fromkeys((row["mode"], row["precision"]) for row in rows):
        own = {row["batch"]: row for row in rows if (row["mode"], row["precision"]) == (mode, precision)}
        cells = [
            f"{own[batch]['call_ms'] / batch:9.3f} ms" if "call_ms" in own.get(batch, none) else "-".rjust(12)
            for batch in batches
        ]
        peak = max((row.get("peak_mib") or 0 for row in own.values()), default=0)
        lines.append(" ".join([f"{mode} {precision}".ljust(16), *cells, str(peak or "-").rjust(8)]))
    return "\n".join(lines)


def main() -> None:
    """Measure PyTorch's ways of running the network and write `engine_torch.json`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--precisions", nargs="+", choices=tuple(KINDS), default=tuple(KINDS))
    parser.add_argument("--batches", nargs="+", type=int, default=BATCHES, help="pictures at once; default 1 2 4 8 16")
    parser.add_argument("--runs", type=int, default=100, help="of each that count; default 100")
    parser.add_argument("--resume", action="store_true", help="keep the rows that are there")
    parser.add_argument("--weights", type=Path, help="folder; default those that ship")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the rows")
    options = parser.parse_args()
    if not all(1 <= batch <= MAX_BATCH for batch in options.batches):
        parser.error(f"--batches {options.batches}: expected 1 to {MAX_BATCH}")
    rows = measure(
        find_weights(options.weights),
        options.modes,
        options.precisions,
        options.batches,
        options.runs,
        read_rows("engine_torch", options.results) if options.resume else (),
        lambda rows: write_rows("engine_torch", rows, options.results),
    )
    print(f"written: {write_rows('engine_torch', rows, options.results)}")
    print(table(rows))


if __name__ == "__main__":
    main()
