"""Figures of avatars: what they keep, how it is sorted, and where it has holes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from engines.controls import controls
from engines.figure import Figure, Region
from engines.framing import camera_of
from engines.skeleton import BONE_INDEX, BONES
from engines.studio.avatar import Avatar
from engines.studio.figures import figure_of, make_figure, regions
from engines.studio.materials import AlphaMode, Cull
from engines.studio.posing import posed
from engines.studio.renderer import Renderer
from engines.studio.sampling import sample_controls
from engines.studio.spring_simulation import settled
from engines.studio.surface import material_of_triangles
from tests.fakes.painted import painted

#: Boxes of the fake avatar, in the order of its triangles; each has twelve.
CHEST, HEAD, HAIR, LEFT_HAND, RIGHT_HAND, LEFT_EYE, RIGHT_EYE, MOUTH = 0, 1, 2, 5, 8, 9, 10, 11
_TRIANGLES = 12


def _of_box(values: npt.NDArray[np.uint8], box: int) -> set[Region]:
    return {Region(int(value)) for value in values[box * _TRIANGLES : (box + 1) * _TRIANGLES]}


def _whole(avatar: Avatar) -> Figure:
    return figure_of(avatar, np.ones(len(avatar.triangles), np.bool_))


def _covered(avatar: Avatar, figure: Figure) -> npt.NDArray[np.bool_]:
    """Return which of an avatar's triangles its figure has, by their corners' places."""
    kept = {corners.tobytes() for corners in figure.places[figure.triangles, 0]}
    places = (avatar.positions[:, None] if avatar.apart is None else avatar.apart)[avatar.triangles, 0]
    return np.array([corners.tobytes() in kept for corners in places.astype(np.float32)])


def test_make_figure_hidden_box_is_left_out(boxes: Avatar, renderer: Renderer) -> None:
    """What stands inside a solid body in every pose is not part of the figure; what is seen is."""
    inner = boxes.triangles[HEAD * _TRIANGLES : (HEAD + 1) * _TRIANGLES]
    corners = np.unique(inner)
    middle = boxes.positions[corners].mean(axis=0)
    small = (boxes.positions[corners] - middle) * np.float32(0.3) + middle
    moved = np.concatenate([boxes.positions, small])
    renamed = np.zeros(len(boxes.positions), np.int32)
    renamed[corners] = np.arange(len(corners)) + len(boxes.positions)
    rows = {
        name: np.concatenate([getattr(boxes, name), getattr(boxes, name)[corners]])
        for name in ("normals", "uvs", "joint_ids", "joint_weights")
    }
    last = boxes.draws[-1]
    filled = replace(
        boxes,
        positions=moved,
        triangles=np.concatenate([boxes.triangles, renamed[inner]]).astype(np.int32),
        draws=(*boxes.draws, replace(last, material=0, first=len(boxes.triangles), count=len(inner))),
        **rows,
    )
    figure = make_figure(renderer, filled)
    covered = _covered(filled, figure)
    assert not covered[len(boxes.triangles) :].any()
    assert covered[: 9 * _TRIANGLES].all()
    assert figure.places.shape[0] == len(np.unique(figure.triangles))


@pytest.mark.slow
def test_make_figure_what_is_left_out_is_hardly_ever_seen(
    real_avatar: Callable[[str], Avatar], renderer: Renderer
) -> None:
    """In poses that the figure was not made from, under one pixel of a thousand shows what it lacks."""
    avatar = real_avatar("vita")
    figure = make_figure(renderer, avatar)
    assert len(figure.triangles) < len(avatar.triangles)
    covered, rng = _covered(avatar, figure), np.random.default_rng(99)
    seen = missed = 0
    for number in range(6):
        vector = sample_controls(rng, avatar.proportions, "full" if number % 2 else "portrait")
        camera = camera_of("full" if number % 2 else "portrait", avatar.proportions)
        shown = renderer.hits(avatar, posed(avatar, vector, settled(avatar, vector)), camera, 256).triangle
        shown = shown[shown >= 0]
        seen, missed = seen + len(shown), missed + int((~covered[shown]).sum())
    assert missed < seen / 1000


def test_make_figure_views_keep_what_they_show(boxes: Avatar, renderer: Renderer) -> None:
    """What a given view shows is in the figure."""
    view = controls({"head_yaw": 60, "head_pitch": -30})
    figure = make_figure(renderer, boxes, [view])
    shown = renderer.hits(boxes, posed(boxes, view), camera_of("portrait", boxes.proportions), 128).triangle
    assert _covered(boxes, figure)[np.unique(shown[shown >= 0])].all()


def test_figure_of_some_triangles_keeps_their_vertices_only(boxes: Avatar) -> None:
    """Vertices and expressions are renumbered, and an expression of what is not there is left out."""
    kept = np.zeros(len(boxes.triangles), np.bool_)
    kept[LEFT_EYE * _TRIANGLES : (LEFT_EYE + 1) * _TRIANGLES] = True
    figure = figure_of(boxes, kept)
    np.testing.assert_array_equal(figure.places[figure.triangles, 0], boxes.positions[boxes.triangles[kept]])
    assert set(figure.morphs) == {"blink_left"}
    morph, original = figure.morphs["blink_left"], boxes.expressions["blink_left"]
    np.testing.assert_array_equal(figure.places[morph.vertices, 0], boxes.positions[original.vertices])
    np.testing.assert_array_equal(morph.deltas, original.deltas)


def test_regions_name_limbs_by_the_subjects_side(boxes: Avatar) -> None:
    """Hands, torso and head are told apart, left and right are the subject's."""
    found = regions(boxes)
    assert _of_box(found, CHEST) == {Region.TORSO}
    assert _of_box(found, LEFT_HAND) == {Region.LEFT_HAND}
    assert _of_box(found, RIGHT_HAND) == {Region.RIGHT_HAND}
    assert _of_box(found, 3) == _of_box(found, 4) == {Region.LEFT_ARM}
    assert _of_box(found, 6) == _of_box(found, 7) == {Region.RIGHT_ARM}


def test_regions_find_eyes_and_mouth_on_the_face(boxes: Avatar) -> None:
    """Features lie where the proportions put them, on the head's front only."""
    found = regions(boxes)
    assert _of_box(found, LEFT_EYE) == {Region.LEFT_EYE}
    assert _of_box(found, RIGHT_EYE) == {Region.RIGHT_EYE}
    assert Region.MOUTH in _of_box(found, MOUTH)
    centre = boxes.positions[boxes.triangles].mean(axis=1)
    back = centre[:, 2] < boxes.proportions.joints[BONE_INDEX["head"], 2]
    assert not np.isin(found[back], [Region.FACE, Region.LEFT_EYE, Region.RIGHT_EYE, Region.MOUTH]).any()


@pytest.mark.parametrize("name", ["seedsan", "vita"])
def test_regions_of_real_avatars_are_all_there_and_mirror_each_other(
    name: str, real_avatar: Callable[[str], Avatar]
) -> None:
    """Every region has triangles; left ones lie at +X and as many as right ones, within a half."""
    avatar = real_avatar(name)
    found, centre = regions(avatar), avatar.positions[avatar.triangles].mean(axis=1)
    assert set(np.unique(found).tolist()) == set(Region)
    for part in ("EYE", "ARM", "HAND", "LEG"):
        left, right = found == Region[f"LEFT_{part}"], found == Region[f"RIGHT_{part}"]
        assert centre[left, 0].mean() > 0 > centre[right, 0].mean()
        assert 0.5 < left.sum() / right.sum() < 2.0


def test_figure_of_holes_are_where_alpha_is_cut_out(boxes: Avatar) -> None:
    """A cut-out material's texture becomes a mask; solid materials have none."""
    avatar = painted(boxes)
    textures = list(avatar.textures)
    holed = textures[0].copy()
    holed[: len(holed) // 2, :, 3] = 0
    textures[0] = holed
    materials = list(avatar.materials)
    materials[0] = replace(materials[0], alpha_mode=AlphaMode.CUTOUT, alpha_cutoff=0.5)
    figure = _whole(replace(avatar, textures=tuple(textures), materials=tuple(materials)))
    material = material_of_triangles(avatar)
    assert len(figure.masks) == 1
    assert (figure.mask[material == 0] == 0).all()
    assert (figure.mask[material != 0] == -1).all()
    mask = figure.masks[0]
    assert mask[: len(mask) // 2].max() == 0
    assert mask[len(mask) // 2 :].min() == 1


def test_figure_of_thin_glass_is_a_hole(boxes: Avatar) -> None:
    """A blended surface counts where the studio's pictures of triangles count it: where it covers at least half."""
    material, glass = material_of_triangles(boxes), 5
    thin = _whole(boxes)
    assert thin.masks[thin.mask[material == glass][0]].max() == 0
    look = boxes.materials[glass]
    thick = replace(look, lit_colour=(*look.lit_colour[:3], 0.8))
    materials = (*boxes.materials[:glass], thick, *boxes.materials[glass + 1 :])
    assert (_whole(replace(boxes, materials=materials)).mask[material == glass] == -1).all()


def test_figure_of_sides_order_and_joints_follow_the_avatar(boxes: Avatar) -> None:
    """Which side is drawn, what is drawn later, and what everything hangs on is the avatar's."""
    materials = (replace(boxes.materials[0], cull=Cull.NONE), replace(boxes.materials[1], cull=Cull.FRONT))
    avatar = replace(boxes, materials=(*materials, *boxes.materials[2:]))
    figure, material = _whole(avatar), material_of_triangles(avatar)
    assert [set(figure.cull[material == one].tolist()) for one in range(3)] == [{0}, {2}, {1}]
    ranks = [figure.order[draw.first] for draw in avatar.draws]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)
    assert np.array_equal(figure.joints.parents, avatar.joints.parents)
    np.testing.assert_allclose(figure.joints.places[: len(BONES)], avatar.proportions.joints, atol=1e-6)


def test_figure_of_colours_and_ink_are_the_materials(boxes: Avatar) -> None:
    """Plain materials give their colour to their vertices, and ink to what has an outline."""
    figure = _whole(boxes)
    left = np.unique(figure.triangles[LEFT_HAND * _TRIANGLES : (LEFT_HAND + 1) * _TRIANGLES])
    np.testing.assert_allclose(figure.colours[left], np.tile([26, 230, 26], (len(left), 1)), atol=2)
    assert (figure.ink_width_m[left] > 0).all()
    eye = np.unique(figure.triangles[LEFT_EYE * _TRIANGLES : (LEFT_EYE + 1) * _TRIANGLES])
    assert (figure.ink_width_m[eye] == 0).all()
