"""Tests of the pictures that both renderers take."""

from __future__ import annotations

import numpy as np

from engines.studio.avatar import Avatar
from scripts.parity.compare import table
from scripts.parity.shots import CONTACT, PARITY


def test_shots_have_names_of_their_own_and_known_controls() -> None:
    """No two pictures share a file, and every pose is a control vector."""
    names = [shot.name for shot in (*PARITY, *CONTACT)]
    assert len(set(names)) == len(names)
    assert all(np.isfinite(shot.vector).all() for shot in (*PARITY, *CONTACT))


def test_shot_of_the_head_shows_both_eyes_and_the_mouth(boxes: Avatar) -> None:
    """The close-up holds the face with room around it."""
    shot = next(shot for shot in CONTACT if shot.camera == "face")
    camera = shot.matrix(boxes.proportions)
    for point in (boxes.proportions.left_eye, boxes.proportions.right_eye, boxes.proportions.mouth):
        assert (np.abs(camera @ [point[0], point[1], 1.0] - 0.5) < 0.4).all()


def test_shot_of_the_body_holds_the_figure_from_head_to_feet(boxes: Avatar) -> None:
    """The figure's top and the ground lie just inside the picture."""
    shot = next(shot for shot in CONTACT if shot.camera == "body")
    camera = shot.matrix(boxes.proportions)
    top, ground = (float((camera @ [0.0, y, 1.0])[1]) for y in (boxes.proportions.head_top, 0.0))
    assert 0.0 < top < 0.1
    assert 0.9 < ground < 1.0


def test_table_names_the_mean_and_the_worst_picture() -> None:
    """Rows are avatars, columns are poses; the worst one is named below."""
    text = table({("a", "neutral"): 0.9, ("a", "joy"): 1.0, ("b", "neutral"): 0.8, ("b", "joy"): 0.9})
    assert "| a | 0.9000 | 1.0000 | 0.9500 |" in text.splitlines()
    assert text.splitlines()[-1] == "mean 0.9000, worst 0.8000 (b, neutral)"
