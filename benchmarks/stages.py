"""How long each stage takes, on footage played back without a network: `python -m benchmarks.stages`.

Stage time is the time one stage works on one frame.  It is not the pipeline's latency (stages overlap and wait)
and not glass to glass; those are other numbers with other names.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from typing import TypeVar

from benchmarks.footage import person
from benchmarks.rows import Row, Spread, provenance, write_rows
from engines.condition import Condition
from engines.loading import BACKENDS, load_engine
from realtime.compositing import over_colour
from realtime.frame import Frame
from realtime.motion import Motion
from realtime.tracking.mediapipe_tracker import MediaPipeTracker

T = TypeVar("T")

#: Frames that are not counted: caches fill and threads start.
WARM_UP = 15
STAGES = ("track", "observe", "controls", "generate", "composite")
BACKGROUND = (219, 225, 237)


def measure(backend: str, frames: int, threads: int) -> list[Row]:
    """Return a row per stage, and one for all of them in turn ("sum")."""
    origin = provenance()
    engine = load_engine(backend, threads=threads, strict=True)
    tracker, motion = MediaPipeTracker(), Motion()
    times: dict[str, list[float]] = {stage: [] for stage in STAGES}

    def timed(stage: str, work: Callable[[], T]) -> T:
        begin = time.perf_counter()
        result = work()
        times[stage].append((time.perf_counter() - begin) * 1000)
        return result

    for index, picture in enumerate(person(frames + WARM_UP)):
        at = index / 30
        frame = Frame(image=picture, pts=index, time_base=Fraction(1, 30), captured_s=at)
        seen = timed("track", lambda frame=frame: tracker.track(frame))  # type: ignore[misc]
        timed("observe", lambda seen=seen, at=at: motion.observe(seen, at))  # type: ignore[misc]
        vector = timed("controls", lambda at=at: motion.controls_at(at + 0.03))  # type: ignore[misc]
        condition = Condition(character=engine.characters[0], controls=vector)
        drawn = timed("generate", lambda condition=condition: engine.generate(condition))  # type: ignore[misc]
        timed("composite", lambda drawn=drawn: over_colour(drawn, BACKGROUND))  # type: ignore[misc]
    tracker.close()
    info = asdict(engine.info)
    engine.close()
    times["sum"] = [sum(parts) for parts in zip(*(times[stage] for stage in STAGES), strict=True)]
    common = {**origin, "benchmark": "stages", "engine": info, "threads": threads, "warm_up": WARM_UP}
    return [{**common, "stage": stage, **Spread.of(spans[WARM_UP:]).as_row()} for stage, spans in times.items()]


def main() -> None:
    """Measure every stage on replayed footage and write `benchmarks/results/stages.json`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--engine", default="auto", choices=BACKENDS)
    parser.add_argument("--frames", type=int, default=150, help="frames that count")
    parser.add_argument("--threads", type=int, default=0, help="threads of the network; 0 leaves it to the backend")
    arguments = parser.parse_args()
    rows = measure(arguments.engine, arguments.frames, arguments.threads)
    for row in rows:
        print(f"{row['stage']:10s} p50 {row['p50_ms']:7.2f}  p95 {row['p95_ms']:7.2f}  p99 {row['p99_ms']:7.2f} ms")
    print(f"written: {write_rows('stages', rows)}")


if __name__ == "__main__":
    main()
