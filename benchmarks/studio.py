"""How fast avatars become labelled pictures: `python -m benchmarks.studio FOLDER` with `.vrm` files.

Two kinds of rows.  "stage": what each step of one picture takes, in one process alone.  "pictures": how many pictures
per second some processes make together, every label written; that is the number a data set is planned with.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import numpy as np

from benchmarks.rows import RESULTS, Row, Spread, provenance, write_rows
from engines.framing import FRAMINGS, Framing
from engines.studio.avatar import load_avatar
from engines.studio.labels import drawn, labelled
from engines.studio.palette import palette_of
from engines.studio.parts import parts_of
from engines.studio.posing import posed
from engines.studio.renderer import Renderer
from engines.studio.sample_files import encoded
from engines.studio.sampling import sample_controls
from engines.studio.spring_simulation import settled

T = TypeVar("T")

#: Pictures that are not counted: shaders are compiled and caches fill.
WARM_UP = 3
STAGES = ("springs", "pose", "draw", "label", "encode")


def make_pictures(path: Path, count: int, size: int, supersample: int, framing: Framing) -> dict[str, list[float]]:
    """Make labelled pictures of one avatar; return each stage's times in ms, their "sum", and the processor's "cpu"."""
    avatar = load_avatar(path)
    parts = parts_of(avatar)
    palette = palette_of(avatar, parts)
    renderer, rng = Renderer(), np.random.default_rng(0)
    times: dict[str, list[float]] = {stage: [] for stage in STAGES}
    cpu: list[float] = []

    def timed(stage: str, work: Callable[[], T]) -> T:
        begin = time.perf_counter()
        result = work()
        times[stage].append((time.perf_counter() - begin) * 1000)
        return result

    for _ in range(count + WARM_UP):
        begin = time.process_time()  # of all threads: what others do on the machine shows less than in the others
        vector = sample_controls(rng, avatar.proportions, framing)
        turns = timed("springs", lambda vector=vector: settled(avatar, vector))  # type: ignore[misc]
        pose = timed("pose", lambda vector=vector, turns=turns: posed(avatar, vector, turns))  # type: ignore[misc]
        drawing = timed("draw", lambda pose=pose: drawn(renderer, avatar, pose, framing, size, supersample))  # type: ignore[misc]
        sample = timed(
            "label",
            lambda pose=pose, vector=vector, drawing=drawing: labelled(  # type: ignore[misc]
                avatar, parts.triangles, palette, pose, vector, drawing, framing=framing
            ),
        )
        timed("encode", lambda sample=sample: encoded(sample))  # type: ignore[misc]
        cpu.append((time.process_time() - begin) * 1000)
    renderer.close()
    kept = {stage: spans[WARM_UP:] for stage, spans in times.items()}
    kept["sum"] = [sum(spans) for spans in zip(*kept.values(), strict=True)]
    kept["cpu"] = cpu[WARM_UP:]
    return kept


def measure(
    paths: Sequence[Path], processes: int, count: int, size: int, supersample: int, framing: Framing
) -> list[Row]:
    """Return a row per avatar and stage from one process, and per avatar the rate of one and of all processes."""
    common = {**provenance(), "benchmark": "studio", "size": size, "supersample": supersample, "framing": framing}
    common |= {"device": _device(), "warm_up": WARM_UP}
    rows: list[Row] = []
    for path in paths:
        of_avatar = {**common, "avatar": path.stem}
        for workers in sorted({1, processes}):
            spans = _together(path, workers, count, size, supersample, framing)
            if workers == 1:
                rows += [
                    {**of_avatar, "kind": "stage", "stage": stage, **Spread.of(times).as_row()}
                    for stage, times in spans[0].items()
                ]
            rate = sum(1000.0 * len(times["sum"]) / sum(times["sum"]) for times in spans)
            rows.append(
                {**of_avatar, "kind": "pictures", "processes": workers, "n": count * workers, "per_s": round(rate, 2)}
            )
    return rows


def _together(
    path: Path, workers: int, count: int, size: int, supersample: int, framing: Framing
) -> list[dict[str, list[float]]]:
    """Let processes make pictures of one avatar at the same time; return the times of each."""
    context = multiprocessing.get_context("spawn")  # OpenGL does not survive a fork
    with context.Manager() as manager, context.Pool(workers) as pool:
        gate = manager.Barrier(workers)
        work = (path, count, size, supersample, framing)
        return pool.starmap(_worker, [(gate, *work)] * workers, chunksize=1)


def _worker(
    gate: Barrier, path: Path, count: int, size: int, supersample: int, framing: Framing
) -> dict[str, list[float]]:
    make_pictures(path, 1, size, supersample, framing)  # whoever starts later must not have the machine alone
    gate.wait()
    return make_pictures(path, count, size, supersample, framing)


def _device() -> str:
    renderer = Renderer()
    try:
        return renderer.device
    finally:
        renderer.close()


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a short table: medians in ms by avatars and stages, and pictures per second."""
    stages = [*STAGES, "sum", "cpu"]
    counts = sorted({row["processes"] for row in rows if row["kind"] == "pictures"})
    head = ["avatar".ljust(16), *(stage.rjust(8) for stage in stages), *(f"{count:4d} proc/s" for count in counts)]
    lines = [" ".join(head)]
    for avatar in dict.fromkeys(row["avatar"] for row in rows):
        own = [row for row in rows if row["avatar"] == avatar]
        spans = {row["stage"]: row["p50_ms"] for row in own if row["kind"] == "stage"}
        rates = {row["processes"]: row["per_s"] for row in own if row["kind"] == "pictures"}
        cells = [f"{spans[stage]:8.1f}" for stage in stages] + [f"{rates[count]:11.1f}" for count in counts]
        lines.append(" ".join([avatar.ljust(16), *cells]))
    for count in counts:
        rates_of = [row["per_s"] for row in rows if row["kind"] == "pictures" and row["processes"] == count]
        lines.append(f"{count} processes: mean {np.mean(rates_of):.1f}, least {min(rates_of):.1f} pictures/s")
    return "\n".join(lines)


def main() -> None:
    """Measure how fast labelled pictures are made and write `benchmarks/results/studio.json`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("avatars", type=Path, help="folder with .vrm files")
    parser.add_argument("--count", type=int, default=40, help="pictures per avatar and process that count")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--supersample", type=int, default=2)
    parser.add_argument("--framing", default="portrait", choices=FRAMINGS)
    parser.add_argument("--avatar", action="append", help="only this one; may be repeated")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the rows")
    options = parser.parse_args()
    # One thread per process: processes share the cores better than threads do.
    os.environ |= {"LP_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    paths = sorted(path for path in options.avatars.glob("*.vrm") if not options.avatar or path.stem in options.avatar)
    rows = measure(paths, options.processes, options.count, options.size, options.supersample, options.framing)
    print(f"written: {write_rows('studio', rows, options.results)}")
    print(rows[0]["device"])
    print(table(rows))


if __name__ == "__main__":
    main()
