"""The tables of `docs/motion-smoothing.md`, from the rows of `benchmarks.motion`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import replace_table
from benchmarks.rows import ROOT, Row

PAGE = ROOT / "docs" / "motion-smoothing.md"
_WHAT = {
    "head": "head, degrees",
    "head_on_chest": "head on chest, degrees",
    "blink": "blink",
    "gaze": "gaze, degrees",
    "torso": "torso, degrees",
    "arms": "arms, degrees",
}


def write_page(rows: Sequence[Row], page: Path = PAGE) -> Path:
    """Put the tables between the page's markers and return its path."""
    text = page.read_text(encoding="utf-8")
    text = replace_table(text, "motion-still", still_table(rows))
    text = replace_table(text, "motion-response", response_table(rows))
    text = replace_table(text, "motion-prediction", prediction_table(rows))
    text = replace_table(text, "motion-clips", clips_table(rows))
    page.write_text(text, encoding="utf-8")
    return page


def still_table(rows: Sequence[Row]) -> str:
    """Return the table of how still each filter is: RMS over all traces, how far below raw, and the worst trace."""
    lines = [f"| | {' | '.join(_filters(rows))} |", "|---|" + "---|" * len(_filters(rows))]
    for measure, title in (("still", "{}"), ("quiet", "{}, quiet parts of clips")):
        for what, words in _WHAT.items():
            cells = []
            raw = _one(rows, "raw", measure=measure, what=what)
            for name in _filters(rows):
                row = _one(rows, name, measure=measure, what=what)
                if row is None or raw is None:
                    cells.append("")
                    continue
                below = f", 1/{raw['rms'] / row['rms']:.1f}" if name != "raw" and row["rms"] > 0 else ""
                cells.append(f"{row['rms']:.3f}{below} ({row['median']:.3f}, {row['worst']:.2f})")
            if raw is not None:
                lines.append(f"| {title.format(words)} | {' | '.join(cells)} |")
    kept = [_one(rows, name, measure="blinks") for name in _filters(rows)]
    shares = [f"{100 * row['mean']:.0f} %" if row else "" for row in kept]
    lines.append(f"| peak of blinks kept | {' | '.join(shares)} |")
    return "\n".join(lines)


def response_table(rows: Sequence[Row]) -> str:
    """Return the table of lag and overshoot for each movement."""
    names = [name for name in _filters(rows) if _one(rows, name, measure="response") is not None]
    lines = [f"| | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    for row in [row for row in rows if row["filter"] == names[0] and row["measure"] == "response"]:
        answers = [_one(rows, name, measure="response", what=row["what"], shape=row["shape"]) for name in names]
        cells = [f"{one['lag_ms']:.0f} ms, {100 * one['overshoot']:.1f} %" if one else "" for one in answers]
        lines.append(f"| `{row['what']}`, {row['shape']} of {row['amplitude']:.0f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def prediction_table(rows: Sequence[Row]) -> str:
    """Return the table of errors 80 ms after capture, RMS over the clips."""
    lines = [f"| degrees | {' | '.join(_filters(rows))} |", "|---|" + "---|" * len(_filters(rows))]
    for group in _groups(rows):
        cells = []
        for name in _filters(rows):
            found = _all(rows, name, group)
            cells.append(f"{_rms([row['predicted'] for row in found]):.2f}")
        lines.append(f"| {group.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def clips_table(rows: Sequence[Row]) -> str:
    """Return the table of our errors in every clip, without and with prediction."""
    groups = _groups(rows)
    lines = [f"| clip | {' | '.join(group.replace('_', ' ') for group in groups)} |", "|---|" + "---|" * len(groups)]
    clips = list(dict.fromkeys(row["clip"] for row in rows if row["measure"] == "prediction"))
    for clip in clips:
        cells = []
        for group in groups:
            found = [row for row in _all(rows, "ours", group) if row["clip"] == clip]
            cells.append(_change(found[0]) if found else "")
        lines.append(f"| {clip} | {' | '.join(cells)} |")
    worse = [sum(row["predicted"] >= row["unpredicted"] for row in _all(rows, "ours", group)) for group in groups]
    totals = [len(_all(rows, "ours", group)) for group in groups]
    lines.append(f"| worse | {' | '.join(f'{a} of {b}' for a, b in zip(worse, totals, strict=True))} |")
    return "\n".join(lines)


def _change(row: Row) -> str:
    text = f"{row['unpredicted']:.2f} -> {row['predicted']:.2f}"
    return f"{text} (worse)" if row["predicted"] >= row["unpredicted"] else text


def _filters(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["filter"] for row in rows))


def _groups(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["what"] for row in rows if row["measure"] == "prediction"))


def _one(rows: Sequence[Row], name: str, **wanted: str) -> Row | None:
    for row in rows:
        if row["filter"] == name and all(row.get(key) == value for key, value in wanted.items()):
            return row
    return None


def _all(rows: Sequence[Row], name: str, group: str) -> list[Row]:
    return [row for row in rows if row["filter"] == name and row["measure"] == "prediction" and row["what"] == group]


def _rms(values: Sequence[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
