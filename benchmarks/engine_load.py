"""How long a backend takes until its first picture, and again from its cache: `python -m benchmarks.engine_load`.

Each opening happens in a process of its own, so imports and everything else that a start costs are in it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rows import RESULTS, ROOT, Row, provenance, write_rows
from engines.backends.catalogue import BACKENDS, REFERENCE, open_network
from engines.cache_folder import cache_folder
from engines.network import NetworkOptions
from engines.sample_inputs import sample_inputs
from engines.selection.trial import parity_db
from engines.weights import find_weights

#: How often a backend is opened; a plan is built the first time.
OPENINGS = ("first", "again")


def measure(ways: Sequence[str], cache: Path, seconds: float) -> list[Row]:
    """Return a row per way and opening; one that fails carries the last line of what it said.

    Args:
        ways: backend, precision and provider, joined by colons; the last two may be left out.
        cache: folder for what is compiled.
        seconds: that one opening may take.
    """
    common = {**provenance(), "benchmark": "engine_load"}
    rows: list[Row] = []
    for way in ways:
        for opening in OPENINGS:
            row = {**common, "way": way, "opening": opening}
            command = [sys.executable, "-m", "benchmarks.engine_load", "--once", way, "--cache", str(cache)]
            begin = time.perf_counter()
            try:
                result = subprocess.run(command, capture_output=True, text=True, timeout=seconds, cwd=ROOT)
                said = result.stderr.strip().splitlines()
                found = json.loads(result.stdout.splitlines()[-1]) if result.returncode == 0 else None
            except subprocess.TimeoutExpired:
                said, found = [f"took longer than {seconds:.0f} s"], None
            spent_s = round(time.perf_counter() - begin, 2)
            extra = {"refusal": said[-1] if said else "said nothing"} if found is None else found
            rows.append({**row, "process_s": spent_s, **extra})
            print(f"{way}, {opening}: {spent_s} s {rows[-1].get('refusal', '')}", flush=True)
    return rows


def _once(way: str, cache: Path) -> Row:
    """Open a way, draw one picture, and return what it took."""
    backend, precision, provider = (*way.split(":"), "", "")[:3]
    weights = find_weights()
    begin = time.perf_counter()
    options = NetworkOptions(precision=precision or None, provider=provider or None)  # type: ignore[arg-type]  # checked by the backend
    network = open_network(weights, backend, options, cache)
    inputs = sample_inputs(weights, 1)
    result = network.predict(inputs).copy()
    opened_s = time.perf_counter() - begin
    reference = open_network(weights, REFERENCE.backend, REFERENCE.options(0), cache).predict(inputs)
    info = network.info
    kept = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file()) if cache.exists() else 0
    return {
        "backend_version": info.backend_version,
        "device": info.device,
        "precision": info.precision,
        "first_picture_s": round(opened_s, 2),
        "parity_db": round(parity_db(result, reference), 1),
        "cache_mb": round(kept / 1e6, 1),
    }


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a short table."""
    lines = ["way".ljust(24) + "opening  first picture  process  parity  cache"]
    for row in rows:
        if "refusal" in row:
            lines.append(f"{row['way']:24s}{row['opening']:9s}{row['refusal'][:120]}")
            continue
        lines.append(
            f"{row['way']:24s}{row['opening']:9s}{row['first_picture_s']:11.2f} s {row['process_s']:7.2f} s "
            f"{row['parity_db']:4.0f} dB {row['cache_mb']:5.1f} MB"
        )
    return "\n".join(lines)


def main() -> None:
    """Open backends twice and write `engine_load.json`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("ways", nargs="*", default=BACKENDS, help="e.g. tensorrt:f16 tensorrt:f16:RTX; default all")
    parser.add_argument("--once", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=300.0, help="that one opening may take; default 300")
    parser.add_argument("--cache", type=Path, help="folder for what is compiled; default the user's")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the rows")
    options = parser.parse_args()
    if options.once:
        print(json.dumps(_once(options.once, cache_folder(options.cache))))
        return
    rows = measure(options.ways, cache_folder(options.cache), options.seconds)
    print(f"written: {write_rows('engine_load', rows, options.results)}")
    print(table(rows))


if __name__ == "__main__":
    main()
