"""Which views a region of the figure is drawn from in a pose, and how much each counts.

A view is the better, the more of the region it shows and the more the surface faces there as it faces now: then light
falls on it alike and its pixels are as large.  Around the eyes and the mouth it also counts how near its expression is.
Weights are continuous: the best view that is left out counts for nothing when it takes another's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines import controls
from engines.controls import ControlVector
from engines.figure import Figure, Region
from engines.key_view import KeyView
from engines.posing import PosedFigure
from engines.prepared_views import PreparedViews

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

#: Views that a region may be drawn from in one picture.
SLOTS = 3
#: How fast a view loses with the angle between the surface there and now: at 45 degrees it counts a twentieth.
SHARPNESS = 10.0
#: What a full blink or viseme of difference costs a view, in parts of a view that shows everything.
_EXPRESSION_COST = 0.6
#: How fast a view loses with coarseness: at half as many pixels it counts a fifth.
_FINENESS = 2.3
#: Vertices that stand for a region.
_SAMPLES = 160
_EYES = ("gaze_yaw", "gaze_pitch", *controls.EXPRESSIONS)
_EXPRESSION = {
    Region.LEFT_EYE: ("blink_left", "brow_left", *_EYES),
    Region.RIGHT_EYE: ("blink_right", "brow_right", *_EYES),
    Region.MOUTH: (*controls.VISEMES, "smile", *controls.EXPRESSIONS),
    Region.FACE: ("joy", "angry", "sorrow", "surprised"),
}
#: Views of the face frame serve these regions.
_ON_FACE = (Region.FACE, Region.LEFT_EYE, Region.RIGHT_EYE, Region.MOUTH)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """What each region is drawn from.

    Args:
        view: int32, (regions, SLOTS), numbers of views.
        share: float32, (regions, SLOTS), 0..1, of the views.
    """

    view: I32
    share: F32


class ViewChooser:
    """Chooses among the views of one character.

    Args:
        figure: the character's.
        views: of its sheet.
        prepared: the same, made ready.
    """

    def __init__(self, figure: Figure, views: Sequence[KeyView], prepared: PreparedViews) -> None:
        self._prepared = prepared
        self._samples: list[npt.NDArray[np.int64]] = []
        self._views: list[npt.NDArray[np.int64]] = []
        self._normals: list[F32] = []
        self._seen: list[F32] = []
        self._poses: list[F32] = []
        self._controls: list[npt.NDArray[np.int64]] = []
        vectors = controls.normalised(np.stack([view.vector() for view in views]))
        on_face = np.array([view.camera == "face" for view in views])
        for region in Region:
            vertices = np.unique(figure.triangles[figure.region == region])
            step = max(1, len(vertices) // _SAMPLES)
            samples = vertices[step // 2 :: step]
            self._samples.append(samples)
            self._views.append(self._distinct(samples, on_face, region))
            own = np.ix_(self._views[-1], samples)
            self._normals.append(np.ascontiguousarray(prepared.normals[own]))
            self._seen.append(np.ascontiguousarray(prepared.seen[own]))
            columns = np.array([controls.INDEX[name] for name in _EXPRESSION.get(region, ())], np.int64)
            self._controls.append(columns)
            self._poses.append(vectors[self._views[-1]][:, columns])

    def _distinct(
        self, samples: npt.NDArray[np.int64], on_face: npt.NDArray[np.bool_], region: Region
    ) -> npt.NDArray[np.int64]:
        """Return the views that may serve a region: of those that show it alike, the first."""
        found: list[int] = []
        for view in range(len(on_face)):
            if (
                not len(samples)
                or (on_face[view] and region not in _ON_FACE)
                or not self._prepared.seen[view, samples].any()
            ):
                continue
            alike = region not in _EXPRESSION and any(
                np.abs(self._prepared.normals[view, samples] - self._prepared.normals[other, samples]).max() < 0.02
                and self._prepared.seen[view, samples].sum() <= self._prepared.seen[other, samples].sum() * 1.02
                for other in found
            )
            if not alike:
                found.append(view)
        return np.array(found, np.int64)

    def choose(self, pose: PosedFigure, vector: ControlVector, fineness: F32) -> Choice:
        """Return what each region is drawn from in a pose.

        Args:
            pose: the figure, posed.
            vector: the pose.
            fineness: float32, (V,), 0..1: pixels of each view per pixel of the picture, at most 1.
        """
        view, share = np.zeros((len(Region), SLOTS), np.int32), np.zeros((len(Region), SLOTS), np.float32)
        now = controls.normalised(vector)
        for region in Region:
            views, samples = self._views[region], self._samples[region]
            if not len(views):
                continue
            normals = pose.normals[samples]
            facing = np.maximum(normals[:, 2], 0.0) + np.float32(0.02)
            alike = np.einsum("vnc,nc->vn", self._normals[region], normals)
            good = self._seen[region] * np.exp(SHARPNESS * (alike - 1.0))
            score = good @ facing / facing.sum() * fineness[views] ** _FINENESS
            columns = self._controls[region]
            if len(columns):
                apart = self._poses[region] - now[columns]
                # Normalised controls count half ranges: from open to shut is 2.
                score = score - _EXPRESSION_COST * np.sqrt((apart * apart).sum(axis=1)) / 2
            order = np.argsort(-score, kind="stable")[: SLOTS + 1]
            chosen = order[:SLOTS]
            least = score[order[SLOTS]] if len(order) > SLOTS else score[order[-1]] - 0.2
            best = score[order[0]]
            view[region, : len(chosen)] = views[chosen]
            share[region, : len(chosen)] = (score[chosen] - least) / max(best - least, 1e-4)
        return Choice(view=view, share=share)
