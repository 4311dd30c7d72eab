"""Makes the README's tables from the benchmark rows: `python -m benchmarks.report`."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from benchmarks.rows import ROOT, Row, read_rows

#: A load average above this part of the cores means that others were at work.
BUSY = 0.5

README = ROOT / "README.md"


class MissingMarker(Exception):
    """The document has no place for a table."""


def main() -> None:
    """Write every table whose benchmark has been run."""
    text = README.read_text(encoding="utf-8")
    for name, make_table in TABLES.items():
        rows = read_rows(name)
        if rows:
            text = replace_table(text, name, make_table(rows))
    README.write_text(text, encoding="utf-8")


def replace_table(text: str, name: str, table: str) -> str:
    """Return a document with what stands between a benchmark's markers replaced.

    Raises:
        MissingMarker: a marker is not there.
    """
    begin, end = f"<!-- benchmark:{name} -->", "<!-- /benchmark -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise MissingMarker(f"document: expected {begin} ... {end}")
    return f"{before}{begin}\n{table}\n{end}{after}"


def glass_to_glass_table(rows: Sequence[Row]) -> str:
    """Return a Markdown table of the medians over all rounds, and what the server adds over the echo."""
    echo = _over_rounds([row for row in rows if row["target"] == "echo"])
    ours = _over_rounds([row for row in rows if row["target"] == "animirror"])
    lines = [
        "| | p50 | p95 | p99 | frames/s | dropped |",
        "|---|---|---|---|---|---|",
        _cells("bare aiortc echo", echo),
        _cells("Animirror", ours),
        f"| added | {ours['p50_ms'] - echo['p50_ms']:.0f} ms | {ours['p95_ms'] - echo['p95_ms']:.0f} ms | "
        f"{ours['p99_ms'] - echo['p99_ms']:.0f} ms | | |",
        "",
        _caption([row for row in rows if row["target"] == "animirror"]),
    ]
    return "\n".join(lines)


def stages_table(rows: Sequence[Row]) -> str:
    """Return a Markdown table of how long each stage works on one frame."""
    lines = ["| stage | p50 | p95 | p99 |", "|---|---|---|---|"]
    for row in rows:
        times = " | ".join(f"{row[key]:.1f} ms" for key in ("p50_ms", "p95_ms", "p99_ms"))
        lines.append(f"| {row['stage']} | {times} |")
    first = rows[0]
    engine = first["engine"]
    caption = (
        f"{describe_machine(first)}. {engine['backend']} {engine['backend_version']}, {engine['precision']}, "
        f"{engine['resolution_px']} px; {_busy(first)}{first['n']} frames of replayed footage, stages in turn; "
        f"commit {first['commit']}."
    )
    return "\n".join([*lines, "", caption])


TABLES: dict[str, Callable[[Sequence[Row]], str]] = {
    "glass_to_glass": glass_to_glass_table,
    "stages": stages_table,
}
"""Which function makes which benchmark's table."""


def describe_machine(row: Row) -> str:
    """Return a row's machine in a few words."""
    machine = row["machine"]
    gpus = f", {', '.join(machine['gpus'])}" if machine["gpus"] else ", no GPU"
    return f"{machine['cpu']}, {machine['cores']} cores{gpus}"


def _over_rounds(rows: Sequence[Row]) -> dict[str, float]:
    names = ("p50_ms", "p95_ms", "p99_ms", "fps_out", "fps_sent")
    figures = {name: statistics.median(row[name] for row in rows) for name in names}
    return figures | {
        "dropped": sum(row["dropped"] for row in rows) / sum(row["seconds"] * row["fps_sent"] for row in rows)
    }


def _cells(name: str, figures: dict[str, float]) -> str:
    times = " | ".join(f"{figures[key]:.0f} ms" for key in ("p50_ms", "p95_ms", "p99_ms"))
    return f"| {name} | {times} | {figures['fps_out']:.0f} | {100 * figures['dropped']:.0f} % |"


def _caption(rows: Sequence[Row]) -> str:
    row = rows[0]
    engine = row["engine"]
    return (
        f"{describe_machine(row)}, shared by browser and servers. {engine['backend']} {engine['backend_version']}, "
        f"{engine['precision']}, {engine['resolution_px']} px; {row['codec']}; Chromium {row['chromium']}; "
        f"{_busy(row)}{len(rows)} rounds of {row['seconds']:.0f} s, medians over the rounds; commit {row['commit']}."
    )


def _busy(row: Row) -> str:
    """Say so when something else was running: the figures are worth less then."""
    load, cores = row["load_before"], row["machine"]["cores"]
    return f"**the machine was busy** (load {load:.1f} before); " if load > BUSY * cores else ""


if __name__ == "__main__":
    main()
