"""In which runs an avatar is drawn."""

from __future__ import annotations

import numpy as np

from engines.studio.avatar import Avatar
from engines.studio.draw_runs import draw_runs
from engines.studio.materials import AlphaMode, Material
from tests.fakes.figures import figure, square


def test_draw_runs_hold_every_triangle_once(boxes: Avatar) -> None:
    """Runs are the avatar's triangles in another order, each with its draw's material."""
    runs = draw_runs(boxes)
    rows = np.concatenate([run.rows for run in runs])
    assert sorted(rows.tolist()) == list(range(len(boxes.triangles)))
    for run in runs:
        draw = boxes.draws[run.rank]
        assert ((run.rows >= draw.first) & (run.rows < draw.first + draw.count)).all()
        assert run.material.name == boxes.materials[draw.material].name


def test_draw_runs_put_solid_ones_front_first_and_blended_ones_last(boxes: Avatar) -> None:
    """The file's order is kept for blended materials only."""
    glass = Material(name="glass", alpha_mode=AlphaMode.BLEND)
    pieces = [
        square(Material(name="wall"), z=-0.5),
        square(glass, z=0.1),
        square(Material(name="face"), z=0.3),
        square(glass, z=0.9),
    ]
    avatar, _ = figure(boxes, pieces)
    assert [run.rank for run in draw_runs(avatar)] == [2, 0, 1, 3]


def test_draw_runs_look_for_holes_only_where_there_are_some(boxes: Avatar) -> None:
    """Of a cut-out material, triangles without holes are opaque, the others stay cut out."""
    texture = np.full((256, 256, 4), 255, np.uint8)
    texture[200:, 200:, 3] = 0
    material = Material(name="lace", lit_texture=0, alpha_mode=AlphaMode.CUTOUT)
    avatar, _ = figure(boxes, [square(material)], (texture,))
    whole = avatar.uvs.copy()
    whole *= np.float32(0.5)
    solid, _ = figure(boxes, [square(material)], (texture,))
    solid.uvs[:] = whole + 0.1
    assert [run.material.alpha_mode for run in draw_runs(avatar)] == [AlphaMode.CUTOUT]
    assert [run.material.alpha_mode for run in draw_runs(solid)] == [AlphaMode.OPAQUE]


def test_draw_runs_leave_out_what_is_not_chosen(boxes: Avatar) -> None:
    """A choice of triangles gives runs of these alone; no triangle, no run."""
    only = np.zeros(len(boxes.triangles), np.bool_)
    assert draw_runs(boxes, only) == []
    only[[3, 70]] = True
    assert sorted(np.concatenate([run.rows for run in draw_runs(boxes, only)]).tolist()) == [3, 70]
