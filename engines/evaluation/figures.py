"""The figures of one contender on one split, as they stand in `evaluation.json`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.controls import SIDES
from engines.evaluation.control_accuracy import agreement_per_control, blink_by_opening, r2_per_control
from engines.evaluation.frechet import across_halves, frechet_distance
from engines.evaluation.identity_separation import separation
from engines.evaluation.measurement import SplitMeasurement, compared_sizes
from engines.evaluation.palette_error import palette_error
from engines.evaluation.picture_set import PictureSet
from engines.evaluation.regions import REGIONS

F32 = npt.NDArray[np.float32]
Tree = dict[str, Any]

#: Controls whose R2 is also averaged: what a viewer notices, in the words of the project's aims.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "head": ("head_yaw", "head_pitch", "head_roll"),
    "torso": ("torso_yaw", "torso_pitch", "torso_roll"),
    "arms": tuple(f"{side}_{name}" for side in SIDES for name in (*(f"upper_arm_{axis}" for axis in "xyz"), "elbow")),
    "blink": ("blink_left", "blink_right"),
    "gaze": ("gaze_yaw", "gaze_pitch"),
    "jaw": ("aa",),  # which carries the jaw
    "visemes": ("aa", "ih", "ou", "ee", "oh"),
    "brows": ("brow_left", "brow_right"),
    "expressions": ("smile", "joy", "angry", "sorrow", "surprised"),
}
_KINDS = ("r2", "renders", "agreement")
_PICTURE_FIGURES = ("psnr", "ssim", "edge_error", "sharpness")


def split_figures(measured: SplitMeasurement, number: int) -> Tree:
    """Return what was measured of one contender; NaN where there is nothing to measure.

    Args:
        measured: the split.
        number: which of its contenders.
    """
    pictures, renders = measured.generated[number], measured.renders
    rows = pictures.figures
    return {
        "pictures": len(rows),
        "compared": _compared(rows, measured.size),
        "alpha": {name: _mean(rows, f"alpha.{name}") for name in ("alpha_error", "veil", "missing")},
        "per_character": {
            name: {"pictures": len(own), "compared": _compared(own, measured.size, ("whole", "face"))}
            for name in dict.fromkeys(measured.characters)
            for own in [[row for row, shown in zip(rows, measured.characters, strict=True) if shown == name]]
        },
        **_read(measured, pictures),
        "palette": _palette(measured, pictures),
        "flicker": {"still": _still(pictures, renders), "motion": _motion(pictures, renders)},
    }


def _compared(rows: list[dict[str, float]], size: int, names: Iterable[str] = REGIONS) -> Tree:
    return {
        str(px): {
            region: {figure: _mean(rows, f"{region}.{figure}@{px}") for figure in _PICTURE_FIGURES}
            | {"pictures": sum(f"{region}.psnr@{px}" in row for row in rows)}
            for region in names
        }
        for px in compared_sizes(size)
    }


def _mean(rows: list[dict[str, float]], name: str) -> float:
    values = [row[name] for row in rows if name in row and not math.isnan(row[name])]
    return float(np.mean(values)) if values else math.nan


def _read(measured: SplitMeasurement, pictures: PictureSet) -> Tree:
    """Return what follows from the regressor: controls, Frechet distances, identity."""
    got, true = pictures.readings(), measured.renders.readings()
    vectors, groups = np.stack(measured.vectors), measured.characters
    r2 = r2_per_control(vectors, got.controls)
    ceiling = r2_per_control(vectors, true.controls)
    agreement = agreement_per_control(vectors, got.controls, true.controls)
    controls = {name: {"r2": r2[name], "renders": ceiling[name], "agreement": agreement[name]} for name in r2}
    bins, bins_of_renders = blink_by_opening(vectors, got.controls), blink_by_opening(vectors, true.controls)
    distances, identity = {}, {}
    for crop in ("whole", "face"):
        features, features_of_renders = getattr(got, f"{crop}_features"), getattr(true, f"{crop}_features")
        far = across_halves(features, features_of_renders, groups)
        floor = across_halves(features_of_renders, features_of_renders, groups)
        distances[crop] = {
            "generated": far,
            "renders": floor,
            "same_poses": frechet_distance(features, features_of_renders),
            "ratio": far / floor if floor else math.nan,
        }
        identity[f"{crop}_features"] = {
            "generated": separation(features, features_of_renders, groups),
            "renders": separation(features_of_renders, features_of_renders, groups),
        }
    shown, shown_by_renders = (_flat(one.colours) for one in (pictures, measured.renders))
    identity["colours"] = {
        "generated": separation(shown, shown_by_renders, groups),
        "renders": separation(shown_by_renders, shown_by_renders, groups),
    }
    return {
        "controls": controls,
        "control_groups": {
            name: {kind: _plain_mean([controls[one][kind] for one in members]) for kind in _KINDS}
            for name, members in GROUPS.items()
        },
        "blink_by_opening": {
            name: {**figures, "renders_r2": bins_of_renders[name]["r2"], "renders_bias": bins_of_renders[name]["bias"]}
            for name, figures in bins.items()
        },
        "frechet_on_regressor_features": distances,
        "identity_separation": identity,
    }


def _palette(measured: SplitMeasurement, pictures: PictureSet) -> Tree:
    wanted, shown, true = np.stack(measured.palettes), np.stack(pictures.colours), np.stack(measured.renders.colours)
    return {
        "to_label": palette_error(shown, wanted),
        "renders_to_label": palette_error(true, wanted),
        "to_renders": palette_error(shown, true),
    }


def _still(pictures: PictureSet, renders: PictureSet) -> Tree:
    """Return the change of still poses: of all, and over the renderer's where that is known."""
    own, true = np.array(pictures.still), np.array(renders.still)
    known = ~np.isnan(true)
    return {
        "grey_levels": float(own.mean()) if len(own) else math.nan,
        "poses": len(own),
        "renderer_grey_levels": float(true[known].mean()) if known.any() else math.nan,
        "ratio": float(own[known].sum() / true[known].sum()) if true[known].sum() > 0 else math.nan,
    }


def _motion(pictures: PictureSet, renders: PictureSet) -> Tree:
    """Return the change of surfaces from frame to frame of sequences, warped back, over the renderer's own."""
    own, true = (np.array(one.warped, np.float64).reshape(-1, 2) for one in (pictures, renders))
    cells, change = own[:, 1].sum(), true[:, 0].sum()
    return {
        "grey_levels": float(own[:, 0].sum() / cells) if cells else math.nan,
        "pairs": len(own),
        "renderer_grey_levels": float(change / cells) if cells else math.nan,
        "ratio": float(own[:, 0].sum() / change) if change > 0 else math.nan,
    }


def _plain_mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def _flat(colours: list[F32]) -> F32:
    return np.stack(colours).reshape(len(colours), -1)
