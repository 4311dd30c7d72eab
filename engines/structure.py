"""The structure of one picture: what geometry can say about it, and the picture that views alone make of it.

The figure is posed and drawn; every pixel then takes its colour from the views that show its piece of surface best,
and ink goes around it.  What is left for the network is what no view can tell: how light falls on what has turned,
what was hidden in every view, where two views disagree.

The idea that structure should be computed where it can be, and learned where it cannot, is that of "Collaborative
Neural Rendering using Anime Character Sheets" (Lin et al., IJCAI 2023); weighing views by angle and sight is that of
"Unstructured Lumigraph Rendering" (Buehler et al., SIGGRAPH 2001).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numba
import numpy as np
import numpy.typing as npt

from engines.controls import ControlVector
from engines.drawing import FigureDrawer
from engines.figure import Figure, Region
from engines.finishing import finished
from engines.framing import Framing, camera_of
from engines.gather import gather, view_weights
from engines.posing import posed_figure
from engines.prepared_views import LEVELS, prepare_views
from engines.sheet import Sheet, premultiplied
from engines.skeleton import BONE_INDEX, Proportions
from engines.view_choice import SHARPNESS, ViewChooser

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

#: Pixels of the picture per cell of the network's grid, and per cell of what it sees and changes.
CELL_PX, FINE_PX = 4, 2
#: Regions that the network is told apart: several of `engines.figure.Region` each.
_GROUPS: tuple[tuple[Region, ...], ...] = (
    (Region.HEAD,),
    (Region.FACE,),
    (Region.LEFT_EYE, Region.RIGHT_EYE),
    (Region.MOUTH,),
    (Region.TORSO,),
    (Region.LEFT_ARM, Region.RIGHT_ARM),
    (Region.LEFT_HAND, Region.RIGHT_HAND),
    (Region.LEFT_LEG, Region.RIGHT_LEG),
)
#: One bit for each region.
_BITS = np.int32(1) << np.arange(len(Region), dtype=np.int32)
#: Channels of what is seen, at twice the grid: premultiplied RGBA, how well views show it, and ink.
_SEEN = 6
#: Channels of the maps: what is seen, four cells as one, then normal, depth and groups.
CHANNELS = 4 * _SEEN + 4 + len(_GROUPS)
#: How much a surface's own colour counts against views that hardly show it.
_FALLBACK = 2e-4
#: A surface is hidden in a view when something stands this much (metres) before it there.
_HIDDEN_M = 0.002


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Structure:
    """What geometry and views make of one picture of S pixels per side.

    Args:
        picture: uint8, (S, S, 4), straight-alpha RGBA.
        maps: float32, (CHANNELS, S / CELL_PX, S / CELL_PX), about -1..1: inputs of the network.
    """

    picture: U8
    maps: F32


class CharacterStructure:
    """One character, prepared so that a pose costs a few milliseconds.

    Args:
        proportions: the character's.
        figure: its surface.
        sheet: its views.
    """

    def __init__(self, proportions: Proportions, figure: Figure, sheet: Sheet) -> None:
        self.proportions, self.figure = proportions, figure
        self._drawer = FigureDrawer(figure)
        pictures = [premultiplied(picture) for picture in sheet.pictures]
        self._views = prepare_views(self._drawer, proportions, sheet.views, pictures)
        self._chooser = ViewChooser(figure, sheet.views, self._views)
        self._regions = np.zeros(len(figure.places), np.int32)
        for corner in range(3):
            np.bitwise_or.at(self._regions, figure.triangles[:, corner], _BITS[figure.region])
        group = np.zeros(len(Region), np.int32)
        for number, regions in enumerate(_GROUPS):
            group[list(regions)] = number
        self._group = group[figure.region]
        neck = float(proportions.joints[BONE_INDEX["neck"], 1])
        self._depth_scale = np.float32(1.0 / max(proportions.head_top - neck, 1e-3))

    def structure(
        self, vector: ControlVector, framing: Framing = "portrait", size: int = 512, turns: F32 | None = None
    ) -> Structure:
        """Return the structure of a pose's picture.

        Args:
            vector: the pose.
            framing: which camera.
            size: pixels per side, a multiple of :data:`CELL_PX`.
            turns: float32, (joints - bones, 3, 3), how hair and cloth swing; None: they hang at rest.
        """
        figure, views = self.figure, self._views
        pose = posed_figure(figure, self.proportions, vector, turns)
        camera = camera_of(framing, self.proportions)
        drawn = self._drawer.draw(pose, camera, size)
        finer = views.per_metre / np.float32(camera[0, 0] * size)  # pixels of each view per pixel
        levels = np.clip(np.round(np.log2(finer)), 0, LEVELS - 1).astype(np.int32)
        choice = self._chooser.choose(pose, vector, np.minimum(finer, 1.0))
        used, slot = np.unique(choice.view, return_inverse=True)
        used, slot = used.astype(np.int32), slot.reshape(choice.view.shape).astype(np.int32)
        weights = np.empty((len(figure.places), len(used)), np.float32)
        serves = np.zeros(len(used), np.int32)
        np.bitwise_or.at(serves, slot, _BITS[:, None])
        view_weights(pose.normals, views.normals, views.places, self._regions, used, serves, SHARPNESS, weights)
        colours, trust = np.zeros((size, size, 3), np.uint8), np.zeros((size, size), np.uint8)
        gather(
            drawn.triangle, drawn.xy, figure.triangles, figure.region, figure.order, slot, used, choice.share, weights,
            views.places, views.shown, views.first_shown, _HIDDEN_M, views.pixels, views.first, views.size, levels,
            figure.colours, _FALLBACK, colours, trust,
        )  # fmt: skip
        picture, ink = finished(drawn.triangle, drawn.ink, colours, figure.triangles, figure.ink)
        return Structure(
            picture=picture, maps=self._maps(picture, trust, ink, drawn.triangle, pose.normals, pose.positions)
        )

    def _maps(self, picture: U8, trust: U8, ink: U8, triangle: I32, normals: F32, positions: F32) -> F32:
        size = len(picture)
        fine, cells = size // FINE_PX, size // CELL_PX
        premultiplied_picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGBA2mRGBA), np.uint8)
        maps = np.zeros((CHANNELS, cells, cells), np.float32)
        seen = np.dstack(
            [
                cv2.resize(premultiplied_picture, (fine, fine), interpolation=cv2.INTER_AREA),
                cv2.resize(trust, (fine, fine), interpolation=cv2.INTER_AREA),
                cv2.resize(ink, (fine, fine), interpolation=cv2.INTER_AREA),
            ]
        )
        blocks = seen.reshape(cells, 2, cells, 2, _SEEN).transpose(4, 1, 3, 0, 2).reshape(4 * _SEEN, cells, cells)
        maps[: 4 * _SEEN] = blocks
        maps[: 4 * _SEEN] *= np.float32(1 / 255)
        _surface_maps(
            triangle, self.figure.triangles, self._group, normals, positions, self._depth_scale, maps[4 * _SEEN :]
        )
        return maps


@numba.njit(nogil=True, cache=True)
def _surface_maps(
    triangle: I32, corners: I32, group: I32, normals: F32, positions: F32, depth_scale: float, maps: F32
) -> None:
    """Fill in normal, depth and group of what stands in the middle of each cell."""
    cells = maps.shape[1]
    step = len(triangle) // cells
    for row in range(cells):
        for column in range(cells):
            t = triangle[row * step + step // 2, column * step + step // 2]
            if t < 0:
                continue
            a, b, c = corners[t, 0], corners[t, 1], corners[t, 2]
            for axis in range(3):
                maps[axis, row, column] = (normals[a, axis] + normals[b, axis] + normals[c, axis]) / np.float32(3.0)
            maps[3, row, column] = (positions[a, 2] + positions[b, 2] + positions[c, 2]) / np.float32(3.0) * depth_scale
            maps[4 + group[t], row, column] = 1.0
