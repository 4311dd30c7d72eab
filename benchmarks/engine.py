"""How fast the network runs by itself, every way there is here: `python -m benchmarks.engine`.

Backends x precisions x pictures at once, likeness to the reference beside the time, all in one run: networks take
turns, so that what else the machine does hits all alike.  Times are those of a caller: copies to a
card and back are in them; `device_ms`, where a backend can say it, is the card's own time without them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.rows import RESULTS, Row, Spread, provenance, write_rows
from engines.backends.candidate import Candidate
from engines.backends.catalogue import BACKENDS, REFERENCE, candidates, open_network
from engines.backends.tensorrt_network import TensorRtNetwork
from engines.backends.torch import TorchNetwork
from engines.batching import FrugalNetwork
from engines.cache_folder import cache_folder
from engines.errors import BackendError
from engines.network import MAX_BATCH, Network
from engines.sample_inputs import sample_inputs
from engines.selection.timing import times_in_turns
from engines.selection.trial import LEAST_PARITY_DB, parity_db
from engines.weights import Weights, find_weights

F32 = npt.NDArray[np.float32]

BATCHES = (1, 2, 4, 8, 16)
#: Runs of each way and batch that are not counted.
WARM_UP = 3
#: Timed runs of a network's turn.
TURN = 5
#: Pictures per second that a session shows.
SESSION_FPS = 30


def measure(
    weights: Weights, backends: Sequence[str], batches: Sequence[int], runs: int, threads: int, cache: Path
) -> list[Row]:
    """Return a row per way and batch, and one for every way that does not run, with the reason."""
    common = {**provenance(), "benchmark": "engine", "weights": weights.name, "threads": threads, "warm_up": WARM_UP}
    networks, rows = _opened(weights, backends, threads, cache, common)
    try:
        for batch in batches:
            inputs = sample_inputs(weights, batch)
            results, times = _in_turns(networks, inputs, runs)
            reference = results.get(REFERENCE)
            base_ms = float(np.median(times[REFERENCE])) if REFERENCE in times else None
            for candidate, spans in times.items():
                info = networks[candidate].info
                spread = Spread.of(spans)
                parity = None if reference is None else round(parity_db(results[candidate], reference), 1)
                rows.append(
                    {
                        **common,
                        "engine": {
                            "backend": info.backend,
                            "backend_version": info.backend_version,
                            "device": info.device,
                            "precision": info.precision,
                            "provider": candidate.provider,
                            "reason": "asked for by name",
                        },
                        "name": candidate.name,
                        "batch": batch,
                        **spread.as_row(),
                        "picture_ms": round(spread.p50_ms / batch, 3),
                        "pictures_per_s": round(1000 * batch / spread.p50_ms, 1),
                        "sessions": int(1000 * batch / spread.p50_ms / SESSION_FPS),
                        "device_ms": _device_ms(networks[candidate], inputs),
                        "parity_db": parity,
                        "parity_ok": parity is None or parity >= LEAST_PARITY_DB[info.precision],
                        "times_as_fast": None if base_ms is None else round(base_ms / spread.p50_ms, 2),
                    }
                )
    finally:
        for network in networks.values():
            network.close()
    return rows


def _opened(
    weights: Weights, backends: Sequence[str], threads: int, cache: Path, common: Row
) -> tuple[dict[Candidate, Network], list[Row]]:
    networks: dict[Candidate, Network] = {}
    rows: list[Row] = []
    for backend in backends:
        try:
            ways = candidates(backend)
        except BackendError as error:
            rows.append({**common, "name": backend, "refusal": str(error)})
            continue
        for candidate in ways:
            begin = time.perf_counter()
            try:
                networks[candidate] = open_network(weights, backend, candidate.options(threads), cache)
            except BackendError as error:
                rows.append({**common, "name": candidate.name, "refusal": str(error)})
                continue
            print(f"{candidate.name}: opened in {time.perf_counter() - begin:.2f} s", flush=True)
    return networks, rows


def _in_turns(
    networks: dict[Candidate, Network], inputs: dict[str, F32], runs: int
) -> tuple[dict[Candidate, F32], dict[Candidate, list[float]]]:
    """Return each network's result, and its times in ms: see `engines.selection.timing`."""
    results: dict[Candidate, F32] = {}
    for candidate, network in networks.items():
        for _ in range(WARM_UP):
            results[candidate] = network.predict(inputs).copy()
    return results, times_in_turns(networks, inputs, -(-runs // TURN), min(TURN, runs))


def _device_ms(network: Network, inputs: dict[str, F32]) -> float | None:
    """Return a card's own time for a call, by its events; None where there is no card, or it cannot say."""
    inner = network.network if isinstance(network, FrugalNetwork) else network
    if isinstance(inner, TensorRtNetwork | TorchNetwork):
        found = inner.device_ms(inputs)
        return None if found is None else round(found, 4)
    return None


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a short table: medians per picture in ms by way and batch, and how much faster than f32."""
    measured = [row for row in rows if "batch" in row]
    batches = sorted({row["batch"] for row in measured})
    head = ["way".ljust(22), "parity dB", *(f"{batch:d} at once".rjust(18) for batch in batches)]
    lines = [" ".join(head)]
    for name in dict.fromkeys(row["name"] for row in measured):
        own = {row["batch"]: row for row in measured if row["name"] == name}
        worst = min((row["parity_db"] for row in own.values() if row["parity_db"] is not None), default=float("nan"))
        cells = [
            f"{own[batch]['picture_ms']:9.2f} ms x{own[batch]['times_as_fast'] or float('nan'):5.2f}"
            for batch in batches
        ]
        lines.append(" ".join([name.ljust(22), f"{worst:9.1f}", *cells]))
    lines += [f"{row['name']}: {row['refusal']}" for row in rows if "refusal" in row]
    return "\n".join(lines)


def main() -> None:
    """Measure every way of running the network and write `benchmarks/results/engine.json`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=BACKENDS)
    parser.add_argument("--batches", nargs="+", type=int, default=BATCHES, help="pictures at once; default 1 2 4 8 16")
    parser.add_argument("--runs", type=int, default=30, help="of each way and batch that count; default 30")
    parser.add_argument("--threads", type=int, default=0, help="of the network; 0 leaves it to each; default 0")
    parser.add_argument("--weights", type=Path, help="folder; default those that ship")
    parser.add_argument("--cache", type=Path, help="folder for what is compiled; default the user's")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the rows")
    options = parser.parse_args()
    if not all(1 <= batch <= MAX_BATCH for batch in options.batches):
        parser.error(f"--batches {options.batches}: expected 1 to {MAX_BATCH}")
    weights, cache = find_weights(options.weights), cache_folder(options.cache)
    rows = measure(weights, options.backends, options.batches, options.runs, options.threads, cache)
    print(f"written: {write_rows('engine', rows, options.results)}")
    print(table(rows))


if __name__ == "__main__":
    main()
