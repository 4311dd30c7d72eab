"""Evaluates weights on the held-out splits of a data set, and writes `evaluation.json` and a page beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2

from engines.errors import DatasetError, EnginesError
from engines.evaluation.control_reader import SHIPPED, ControlReader
from engines.evaluation.coverage import coverage_figures, renders_as_read, sampled_pictures
from engines.evaluation.drawing import Contender
from engines.evaluation.figures import split_figures
from engines.evaluation.measurement import SplitMeasurement, chosen_indices, measure_split
from engines.evaluation.page import write_page
from engines.evaluation.page_pictures import PagePicture, write_pictures
from engines.evaluation.teacher import teacher_figures
from engines.evaluation.verdict import verdict
from engines.framing import Framing
from engines.studio.dataset_manifest import read_manifest
from engines.studio.dataset_plan import SPLITS, Split
from engines.studio.dataset_reader import DatasetReader

RESULT, PAGE = "evaluation.json", "index.html"
FORMAT = 1
HELD_OUT: tuple[Split, ...] = SPLITS[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationOptions:
    """What to evaluate.

    Args:
        weights: one folder of weights, or two to compare.
        data: folder of the data set.
        out: folder for the results.
        splits: which; none takes every held-out split that the set has.
        limit: pictures per split.
        framing: of the pictures.
        regressor: ONNX file of the regressor.
        avatars: folder of VRM files, for the renderer's own flicker.
        teacher: folder of a teacher's pictures, `<split>/<sample, six digits>.png` or `.webp`.
        sampled: folder of pictures of sampled characters.
        backend: what runs the network.
        threads: of the network.
    """

    weights: tuple[Path, ...]
    data: Path
    out: Path
    splits: tuple[Split, ...] = ()
    limit: int = 700
    framing: Framing = "portrait"
    regressor: Path = SHIPPED
    avatars: Path | None = None
    teacher: Path | None = None
    sampled: Path | None = None
    backend: str = "auto"
    threads: int = 1

    def __post_init__(self) -> None:
        if not 1 <= len(self.weights) <= 2:
            raise EnginesError(f"weights: got {len(self.weights)} folders, expected one, or two to compare")
        if self.limit < 1:
            raise EnginesError(f"--limit {self.limit}: expected at least 1 picture per split")
        for name, folder in (("avatars", self.avatars), ("teacher", self.teacher), ("sampled", self.sampled)):
            if folder is not None and not folder.is_dir():
                raise EnginesError(f"--{name} {folder}: no such folder")


def evaluate(
    options: EvaluationOptions,
    show: Callable[[int, int], None] = lambda done, total: None,
    contenders: Sequence[Contender] | None = None,
) -> dict[str, Any]:
    """Evaluate, write the results, and return what stands in `evaluation.json`.

    Args:
        options: what to evaluate.
        show: told how many pictures are done, of how many.
        contenders: what draws, instead of the options' weights.

    Raises:
        DatasetError: there is no data set, it is damaged, or has nothing of a split.
        WeightsError: weights or regressor are missing, damaged or made for something else.
        CharacterError: a character is missing or damaged.
        BackendError: an engine cannot run here.
    """
    cv2.setNumThreads(options.threads)
    readers = _readers(options)
    reader = ControlReader(options.regressor, options.threads)
    if contenders is None:
        contenders = [Contender(one, options.framing, options.backend, options.threads) for one in options.weights]
    options.out.mkdir(parents=True, exist_ok=True)
    total = sum(len(group) for one in readers.values() for group in chosen_indices(one, options.limit))
    done = 0

    def progress(more: int) -> None:
        nonlocal done
        done += more
        show(done, total)

    measured: list[SplitMeasurement] = []
    pictures: dict[str, list[PagePicture]] = {}
    for split, dataset in readers.items():
        found = measure_split(dataset, split, contenders, reader, options.limit, options.avatars, progress)
        measured.append(found)
        pictures[split] = write_pictures(options.out, dataset, found)
    result = _result(options, reader, readers, measured)
    _write(options.out / RESULT, json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    _write(options.out / PAGE, write_page(result, pictures))
    return result


def _readers(options: EvaluationOptions) -> dict[Split, DatasetReader]:
    shards = read_manifest(options.data).get("shards", [])
    there = {shard["split"] for shard in shards if shard["framing"] == options.framing}
    splits = options.splits or tuple(split for split in HELD_OUT if split in there)
    if not splits:
        raise DatasetError(f"{options.data}: has no held-out split in {options.framing}; make a larger set")
    return {split: DatasetReader(options.data, split, options.framing) for split in splits}


def _result(
    options: EvaluationOptions,
    reader: ControlReader,
    readers: dict[Split, DatasetReader],
    measured: Sequence[SplitMeasurement],
) -> dict[str, Any]:
    contenders = measured[0].contenders
    figures: list[dict[str, Any]] = [
        {one.split: split_figures(one, number) for one in measured} for number in range(len(contenders))
    ]
    result: dict[str, Any] = {
        "format": FORMAT,
        "animirror": version("animirror"),
        "data": {
            "name": options.data.resolve().name,
            "framing": options.framing,
            "seed": read_manifest(options.data)["options"]["seed"],
            "pictures": {one.split: len(one.indices) for one in measured},
            "characters": {one.split: sorted(set(one.characters)) for one in measured},
        },
        "regressor": {"name": reader.name, "r2": reader.note.get("r2")},
        "weights": [
            {"name": contender.name, "network_bytes": contender.size_bytes, "figures": of_splits}
            for contender, of_splits in zip(contenders, figures, strict=True)
        ],
        "skipped": {f"{one.split}: {what}": why for one in measured for what, why in one.skipped.items()},
    }
    if len(contenders) == 2:
        result["comparison"] = verdict(*figures)
    if options.teacher is not None:
        result["teacher"] = {
            one.split: teacher_figures(options.teacher, readers[one.split], one, reader) for one in measured
        }
    if options.sampled is not None:
        known = renders_as_read(next(iter(readers.values())), measured[0].indices)
        result["coverage_of_sampled"] = coverage_figures(reader, sampled_pictures(options.sampled), known)
    plain: dict[str, Any] = _plain(result)
    return plain


def _plain(value: Any) -> Any:
    """Return the same with numbers rounded to six digits and None for what is not a number."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def _write(path: Path, text: str) -> None:
    """Write a file, whole or not at all."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
