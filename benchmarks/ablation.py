"""Student against direct synthesis, `python -m benchmarks.ablation DATA --student RUN --baseline RUN`.

Both were trained on the same pictures; the student changes colours of what views alone make of a pose, direct synthesis
draws from structure alone. A row for each of them, and one for views alone, goes to `benchmarks/results/ablation.json`,
a table into `docs/ablation.md`, and a contact sheet to the folder of `--out`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageDraw

from benchmarks.ablation_cost import PRECISIONS, WARM_UP, giga_multiplications, openvino_call, parameters, times_of
from benchmarks.ablation_drawing import PICTURE_PX, Contestants, Drawn
from benchmarks.report import replace_table
from benchmarks.rows import ROOT, Row, provenance, write_rows
from engines import controls
from engines.baseline.export import export_baseline
from engines.baseline.structure import STRUCTURE_CHANNELS
from engines.drawing import FigureDrawer
from engines.evaluation.background import BACKGROUND, over_background
from engines.evaluation.measurement import fitted, picture_figures
from engines.evaluation.reading import premultiplied
from engines.evaluation.regions import regions
from engines.framing import camera_of
from engines.posing import posed_figure
from engines.structure import CELL_PX, CHANNELS, CharacterStructure
from engines.student.export import export_student
from engines.studio.dataset_reader import DatasetReader
from engines.studio.labels import LabelledPicture
from engines.training.run_log import LOG

U8 = npt.NDArray[np.uint8]

DOCUMENT = ROOT / "docs" / "ablation.md"
WAYS = ("views", "student", "baseline")
_CELLS = PICTURE_PX // CELL_PX
#: Pixels per side on the contact sheet, and of the line of words above it.
_TILE_PX, _CAPTION_PX = 320, 20
_INK = (60, 64, 80)


def quality(contestants: Contestants, reader: DatasetReader) -> dict[str, Row]:
    """Return how far each way's pictures are from all renders of a split: means of `region.figure@size`."""
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for sample in reader.iterate():
        drawn = contestants.draw(sample)
        true = fitted(premultiplied(sample.picture), PICTURE_PX)
        where = regions(sample, contestants.character(sample.character).proportions)
        masks = {name: mask for name, mask in where.items() if name == "face"}
        for way in WAYS:
            found[way].append(picture_figures(getattr(drawn, way), true, masks))
    return {way: _means(rows) for way, rows in found.items()}


def _means(rows: Sequence[Mapping[str, float]]) -> Row:
    names = sorted({name for row in rows for name in row})
    values = {name: [row[name] for row in rows if name in row] for name in names}
    return {"pictures": len(rows)} | {name: round(float(np.nanmean(own)), 4) for name, own in values.items()}


def costs(contestants: Contestants, sample: LabelledPicture, threads: int, count: int) -> dict[str, Row]:
    """Return parameters, multiplications and times of a picture of PICTURE_PX, by way."""
    one = contestants.character(sample.character)
    structure, drawer = CharacterStructure(one.proportions, one.figure, one.sheet), FigureDrawer(one.figure)

    def drawn() -> None:
        pose = posed_figure(one.figure, one.proportions, sample.controls)
        drawer.draw(pose, camera_of(sample.framing, one.proportions), PICTURE_PX)

    condition = torch.zeros(1, len(controls.NAMES))
    student, baseline = contestants.student, contestants.baseline
    inputs = (torch.zeros(1, CHANNELS, _CELLS, _CELLS), condition, torch.zeros(1, student.config.w_dim))
    w = torch.zeros(1, baseline.config.w_dim)
    ours: Row = {
        "parameters": parameters(student),
        "gmac": round(giga_multiplications(student, inputs), 3),
        "structure": times_of(lambda: structure.structure(sample.controls, sample.framing, PICTURE_PX), count),
    }
    direct: Row = {"parameters": parameters(baseline), "structure": times_of(drawn, count)}
    for name, cells in (("gmac", _CELLS), ("gmac_at_512", 2 * _CELLS)):
        inputs = (torch.zeros(1, STRUCTURE_CHANNELS, cells, cells), condition, w)
        direct[name] = round(giga_multiplications(baseline, inputs), 3)
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.onnx" for name in ("student", "256", "512")}
        export_student(student, paths["student"])
        export_baseline(baseline, paths["256"], _CELLS)
        export_baseline(baseline, paths["512"], 2 * _CELLS)
        for precision in PRECISIONS:
            spreads = {name: times_of(openvino_call(path, precision, threads), count) for name, path in paths.items()}
            ours[f"network_{precision}"] = spreads["student"]
            direct |= {f"network_{precision}": spreads["256"], f"network_at_512_{precision}": spreads["512"]}
    return {"student": ours, "baseline": direct}


def training(run: Path) -> Row:
    """Return how a run was trained: pictures seen, phases and commit."""
    card = json.loads((run / "run.json").read_text(encoding="utf-8"))
    lines = (run / LOG).read_text(encoding="utf-8").splitlines()
    seen = max((int(row["pictures"]) for row in map(json.loads, lines) if "pictures" in row), default=0)
    return {"pictures_seen": seen, "phases": card["phases"], "trained_at": card["commit"]}


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table, a column per way."""
    by = {row["way"]: row for row in rows}

    def cells(what: str, of: Mapping[str, str]) -> str:
        return f"| {what} | " + " | ".join(of.get(way, "") for way in WAYS) + " |"

    def figures(name: str, form: str) -> dict[str, str]:
        return {way: format(row["quality"][name], form) for way, row in by.items() if name in row["quality"]}

    def costs_of(name: str, form: str) -> dict[str, str]:
        return {way: format(row["cost"][name], form) for way, row in by.items() if name in row.get("cost", {})}

    def times(name: str) -> dict[str, str]:
        return {
            way: "{p50_ms:.1f} / {p95_ms:.1f} / {cpu_ms:.1f}".format(**row["cost"][name])
            for way, row in by.items()
            if name in row.get("cost", {})
        }

    seen = {way: f"{row['pictures_seen']:,}" for way, row in by.items() if "pictures_seen" in row}
    lines = ["| | views alone | student | direct synthesis |", "|---|---|---|---|"]
    for size in (256, PICTURE_PX):
        for region in ("whole", "face"):
            lines.append(cells(f"PSNR, {region}, {size} px, dB", figures(f"{region}.psnr@{size}", ".2f")))
            lines.append(cells(f"SSIM, {region}, {size} px", figures(f"{region}.ssim@{size}", ".3f")))
    lines += [
        cells(f"sharpness, face, {PICTURE_PX} px (render: 1)", figures(f"face.sharpness@{PICTURE_PX}", ".2f")),
        cells("parameters", costs_of("parameters", ",")),
        cells("GMAC as run", costs_of("gmac", ".2f")),
        cells("GMAC with an output of 512 px", costs_of("gmac_at_512", ".2f")),
        cells("structure, ms: p50 / p95 / CPU", times("structure")),
    ]
    for precision in PRECISIONS:
        lines.append(cells(f"network, {precision}, ms", times(f"network_{precision}")))
        lines.append(cells(f"network with an output of 512 px, {precision}, ms", times(f"network_at_512_{precision}")))
    return "\n".join([*lines, cells("pictures seen in training", seen)])


def sheet(rows: Sequence[tuple[U8, Drawn]]) -> U8:
    """Return render, views alone, student and baseline side by side, a row per pose, uint8 (H, W, 3)."""
    names = ("render", "views alone", "student", "direct synthesis")
    canvas = Image.new("RGB", (len(names) * _TILE_PX, _CAPTION_PX + len(rows) * _TILE_PX), BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    for column, name in enumerate(names):
        draw.text((column * _TILE_PX + 6, 4), name, fill=_INK)
    for number, (true, drawn) in enumerate(rows):
        for column, picture in enumerate((true, drawn.views, drawn.student, drawn.baseline)):
            tile = Image.fromarray(over_background(fitted(picture, _TILE_PX)))
            canvas.paste(tile, (column * _TILE_PX, _CAPTION_PX + number * _TILE_PX))
    return np.array(canvas, np.uint8)


def shown(reader: DatasetReader, count: int) -> list[int]:
    """Return samples of `count` different characters, at even distances: of each its first."""
    first: dict[int, int] = {}
    for index, character in enumerate(reader.character_of):
        first.setdefault(character, index)
    rows = list(first.values())
    return [rows[int(at)] for at in np.linspace(0, len(rows) - 1, min(count, len(rows))).round()]


def main() -> None:
    """Measure a student and a baseline on poses that neither has seen."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("data", type=Path, help="the data set that both were trained on")
    parser.add_argument("--student", type=Path, required=True, help="run of `animirror train student`")
    parser.add_argument("--baseline", type=Path, required=True, help="run of `animirror train baseline`")
    parser.add_argument("--out", type=Path, required=True, help="for the contact sheet")
    parser.add_argument("--threads", type=int, default=2, help="of the networks; default 2")
    parser.add_argument("--count", type=int, default=50, help="calls that are timed; default 50")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    reader = DatasetReader(arguments.data, "held_out_poses")
    contestants = Contestants(arguments.student, arguments.baseline, reader)
    origin = provenance()
    chosen = shown(reader, 6)
    poses = [(fitted(premultiplied(reader[row].picture), PICTURE_PX), contestants.draw(reader[row])) for row in chosen]
    Image.fromarray(sheet(poses)).save(arguments.out / "ablation.png")
    measured = quality(contestants, reader)
    cost = costs(contestants, reader[chosen[0]], arguments.threads, arguments.count)
    runs = {"student": arguments.student, "baseline": arguments.baseline}
    common = {**origin, "benchmark": "ablation", "split": "held_out_poses", "threads": arguments.threads}
    rows = [
        {**common, "warm_up": WARM_UP, "way": way, "quality": measured[way]}
        | ({"cost": cost[way], **training(runs[way])} if way in runs else {})
        for way in WAYS
    ]
    document = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(replace_table(document, "ablation", table(rows)), encoding="utf-8")
    print(table(rows))
    print(f"written: {write_rows('ablation', rows)}")


if __name__ == "__main__":
    main()
