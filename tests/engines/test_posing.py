"""Posing figures, held against the studio's posing of whole avatars."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engines.controls import ControlVector, controls
from engines.posing import posed_figure
from engines.skeleton import BONES, forward_kinematics
from engines.springs import Swinging
from engines.studio.avatar import Avatar
from engines.studio.figures import figure_of
from engines.studio.posing import posed
from engines.studio.sampling import sample_controls
from engines.studio.spring_simulation import SpringSimulation, settled
from tests.engines.studio.conftest import boxes, real_avatar  # noqa: F401 - fixtures
from tests.fakes.swinging import collide_1, document_with_chain, load, node_of, springs_1

#: What single precision leaves of a place, for a sum of four joints' matrices.
CLOSE_M = 1e-5


def _poses(avatar: Avatar, count: int) -> list[ControlVector]:
    rng = np.random.default_rng(7)
    return [sample_controls(rng, avatar.proportions, "full" if n % 2 else "portrait") for n in range(count)]


def _agrees(avatar: Avatar, vectors: list[ControlVector]) -> None:
    figure = figure_of(avatar, np.ones(len(avatar.triangles), np.bool_))
    used = np.unique(avatar.triangles)
    for vector in vectors:
        ours = posed_figure(figure, avatar.proportions, vector)
        theirs = posed(avatar, vector, settled(avatar, vector))
        np.testing.assert_allclose(ours.joints, theirs.joints[:, :3], atol=CLOSE_M)
        np.testing.assert_allclose(ours.positions, theirs.positions[used], atol=CLOSE_M)
        length = np.linalg.norm(theirs.normals[used], axis=1)
        wanted = theirs.normals[used] / np.maximum(length[:, None], 1e-6)
        sound = length > 1e-3  # normals that joints turn against each other vanish
        np.testing.assert_allclose(ours.normals[sound], wanted[sound], atol=1e-3)


def test_posed_figure_boxes_are_where_the_studio_has_them(boxes: Avatar) -> None:  # noqa: F811
    """Limbs, face and expressions stand as on the posed avatar."""
    face = controls({"blink_left": 0.5, "aa": 1.0, "head_yaw": 30})
    _agrees(boxes, [*_poses(boxes, 4), face])


@pytest.fixture
def chain(tmp_path: Path) -> Avatar:
    """Return an avatar whose hair hangs on a soft chain that lies on a ball."""
    document, binary = document_with_chain(links=4)
    extension = springs_1(document, stiffness=0.3, gravityPower=0.6, hitRadius=0.02)
    collide_1(extension, node_of(document, "head"), {"sphere": {"offset": [0, 0, 0.2], "radius": 0.1}})
    return load(document, binary, tmp_path)


def test_posed_figure_hair_hangs_where_the_studio_has_it(chain: Avatar) -> None:
    """Without turns, what swings is at rest in the pose."""
    _agrees(chain, _poses(chain, 4))


def test_posed_figure_hair_swings_as_told(chain: Avatar) -> None:
    """Turns of a moving session give the vertices that the studio's clip has."""
    figure = figure_of(chain, np.ones(len(chain.triangles), np.bool_))
    swinging, simulation = Swinging(figure.joints), SpringSimulation(chain)
    rested = 0.0
    for frame in range(20):
        vector = controls({"head_yaw": 30 * np.sin(frame / 3), "root_x": 0.02 * frame})
        turns = swinging.step(forward_kinematics(vector, chain.proportions), 1 / 30)
        ours = posed_figure(figure, chain.proportions, vector, turns).positions
        theirs = posed(chain, vector, simulation.step(vector, 1 / 30)).positions[np.unique(chain.triangles)]
        np.testing.assert_allclose(ours, theirs, atol=CLOSE_M)
        rest = posed_figure(figure, chain.proportions, vector).positions
        rested = max(rested, float(np.abs(ours - rest).max()))
    assert rested > 0.01


@pytest.mark.parametrize("name", ["seedsan", "vita"])
def test_posed_figure_real_avatars_stand_as_in_the_studio(name: str, real_avatar: Callable[[str], Avatar]) -> None:  # noqa: F811
    """Whole avatars, one of them with vertices that each joint puts elsewhere, stand as in the studio."""
    avatar = real_avatar(name)
    _agrees(avatar, _poses(avatar, 3))


def test_posed_figure_turns_of_another_figure_are_refused(chain: Avatar) -> None:
    """As many turns are wanted as there are joints beyond the bones."""
    figure = figure_of(chain, np.ones(len(chain.triangles), np.bool_))
    free = len(figure.joints.parents) - len(BONES)
    with pytest.raises(ValueError, match=rf"turns: got shape \({free + 1}, 3, 3\), expected \({free}, 3, 3\)"):
        posed_figure(figure, chain.proportions, controls(), np.zeros((free + 1, 3, 3), np.float32))
