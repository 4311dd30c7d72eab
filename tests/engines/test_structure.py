"""What geometry and views make of a picture, held against the true pictures of the balls."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engines.character import Character
from engines.controls import HIGH, LOW, controls
from engines.figure import Region
from engines.framing import FRAMINGS, Framing, camera_of
from engines.structure import CELL_PX, CHANNELS, FINE_PX, CharacterStructure
from tests.fakes.character import PORTRAIT_PX, truth
from tests.fakes.pictures import premultiplied_fine, psnr

#: dB over a plain background.
OWN_POSE, NEW_POSE = 34.0, 26.0
#: Where the groups of regions begin among the channels.
GROUPS = CHANNELS - 8


def compared(balls: Character, structure: CharacterStructure, pose: dict[str, float], framing: Framing) -> float:
    """Return how near a pose's picture comes to the true one, in dB."""
    vector = controls(pose)
    got = structure.structure(vector, framing, PORTRAIT_PX).picture
    return psnr(got, truth(balls.figure, vector, camera_of(framing, balls.proportions), PORTRAIT_PX)[0])


@pytest.mark.parametrize("name", ["front", "left", "right", "up"])
def test_structure_gives_back_a_view_in_its_own_pose(
    balls: Character, balls_structure: CharacterStructure, name: str
) -> None:
    """The middle of a portrait view, which is as wide as the picture, comes out as it went in."""
    number = [view.name for view in balls.sheet.views].index(name)
    view, picture = balls.sheet.views[number], balls.sheet.pictures[number]
    margin = (len(picture) - PORTRAIT_PX) // 2
    got = balls_structure.structure(view.vector(), "portrait", PORTRAIT_PX).picture
    assert psnr(got, picture[margin:-margin, margin:-margin]) > OWN_POSE


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize(
    "pose",
    [
        {"head_yaw": 20.0},
        {"head_yaw": -25.0, "head_roll": 10.0},
        {"head_pitch": -12.0, "torso_yaw": 14.0},
        {"left_upper_arm_z": -48.0, "left_elbow": 100.0, "head_yaw": 30.0},
        {"root_yaw": 170.0},
    ],
)
def test_structure_draws_new_poses_from_old_views(
    balls: Character, balls_structure: CharacterStructure, framing: Framing, pose: dict[str, float]
) -> None:
    """Between the views' poses pictures stay near the truth, in either framing."""
    assert compared(balls, balls_structure, pose, framing) > NEW_POSE


@pytest.mark.parametrize("blink", [0.0, 0.5, 1.0])
def test_structure_shuts_the_eyes(balls: Character, balls_structure: CharacterStructure, blink: float) -> None:
    """Lids are taken from the view whose lids stand so."""
    assert compared(balls, balls_structure, {"blink_left": blink, "blink_right": blink}, "portrait") > NEW_POSE


def test_structure_has_its_shapes_and_ranges(balls_structure: CharacterStructure) -> None:
    """A picture of the asked size, maps of a quarter of it, all about -1..1 and finite, in any pose."""
    for vector in (controls(), LOW, HIGH):
        for size in (64, 128):
            for framing in FRAMINGS:
                got = balls_structure.structure(vector, framing, size)
                assert got.picture.shape == (size, size, 4)
                assert got.picture.dtype == np.uint8
                assert got.maps.shape == (CHANNELS, size // CELL_PX, size // CELL_PX)
                assert got.maps.dtype == np.float32
                assert np.isfinite(got.maps).all()
                assert np.abs(got.maps).max() < 3
                assert got.maps[:24].min() >= 0
                assert got.maps[:24].max() <= 1


def test_structure_s_maps_hold_the_picture(balls_structure: CharacterStructure) -> None:
    """What the network sees is the picture itself, at half its size."""
    got = balls_structure.structure(controls(), "portrait", 128)
    fine = premultiplied_fine(got.maps)
    alpha = got.picture[..., 3].reshape(64, FINE_PX, 64, FINE_PX).mean(axis=(1, 3)) / 255
    np.testing.assert_allclose(fine[3], alpha, atol=0.01)
    colours = got.picture[..., :3] * (got.picture[..., 3:] / 255)
    mean = colours.reshape(64, FINE_PX, 64, FINE_PX, 3).mean(axis=(1, 3)) / 255
    np.testing.assert_allclose(fine[:3].transpose(1, 2, 0), mean, atol=0.01)


def test_structure_s_maps_name_one_group_where_there_is_a_surface(balls_structure: CharacterStructure) -> None:
    """Cells in which there is something belong to one group each, and their normals have about unit length."""
    maps = balls_structure.structure(controls(), "portrait", PORTRAIT_PX).maps
    groups = maps[GROUPS:]
    assert set(np.unique(groups)) == {0.0, 1.0}
    assert groups.sum(axis=0).max() == 1
    there = groups.sum(axis=0) == 1
    length = np.linalg.norm(maps[24:27], axis=0)
    assert (length[there] > 0.9).all()
    assert (maps[24:28, ~there] == 0).all()
    assert groups[3].any(), f"the {Region.MOUTH.name.lower()} has its own"


def test_structure_trusts_what_views_show(balls: Character, balls_structure: CharacterStructure) -> None:
    """In a view's own pose nearly all of the surface is known; of the legs of a raised hand nothing is."""
    maps = balls_structure.structure(balls.sheet.views[0].vector(), "portrait", PORTRAIT_PX).maps
    trust, there = maps[16:20].mean(axis=0), maps[GROUPS:].sum(axis=0) == 1
    assert np.median(trust[there]) > 0.5
    assert trust[maps[12:16].max(axis=0) == 0].max() == 0


def test_structure_of_equal_input_is_the_same(balls_structure: CharacterStructure) -> None:
    """Nothing is kept from picture to picture."""
    vector = controls({"head_yaw": 15.0, "blink_left": 0.4, "aa": 0.3})
    first = balls_structure.structure(vector, "portrait", 128)
    balls_structure.structure(controls({"root_yaw": 90.0}), "full", 64)
    again = balls_structure.structure(vector, "portrait", 128)
    np.testing.assert_array_equal(first.picture, again.picture)
    np.testing.assert_array_equal(first.maps, again.maps)


def test_structure_follows_the_turns_of_hair(balls: Character, balls_structure: CharacterStructure) -> None:
    """The pigtail swings where it is turned to; the rest stays."""
    raised = np.array([[[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]], np.float32)
    still = balls_structure.structure(controls(), "portrait", PORTRAIT_PX)
    swung = balls_structure.structure(controls(), "portrait", PORTRAIT_PX, raised)
    camera = camera_of("portrait", balls.proportions)
    true, _ = truth(balls.figure, controls(), camera, PORTRAIT_PX, raised)
    np.testing.assert_array_equal(swung.picture[..., 3] > 127, true[..., 3] > 127)
    moved = np.abs(still.picture.astype(int) - swung.picture).max(axis=-1)
    assert moved.max() > 100
    assert moved[PORTRAIT_PX // 2 :].max() < 10


def test_structure_changes_smoothly_along_a_movement(balls_structure: CharacterStructure) -> None:
    """No frame of a slow turn differs from the one before much more than the others do: nothing pops."""
    frames = [
        balls_structure.structure(controls({"head_yaw": float(yaw)}), "portrait", 128).maps[:16]
        for yaw in np.arange(0.0, 45.0, 0.75)
    ]
    steps = np.array([np.abs(after - before).mean() for before, after in pairwise(frames)])
    assert steps.max() < 2.0 * np.median(steps)
