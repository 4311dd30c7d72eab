"""Sheets of key views, drawn from avatars."""

from __future__ import annotations

import numpy as np
import pytest

from engines.key_view import KeyView
from engines.sheet import SHEET_VIEWS, Sheet
from engines.skeleton import BONES
from engines.studio.avatar import Avatar
from engines.studio.renderer import Renderer
from engines.studio.sheets import make_sheet
from engines.studio.view_sheet import draw_views, view_pose

VIEWS = (
    KeyView(name="front", camera="portrait", size_px=96),
    KeyView(name="front_full", camera="full", size_px=64),
    KeyView(name="wink", camera="face", controls={"blink_left": 1.0}, size_px=64),
    KeyView(name="bare", camera="portrait", layer="no_arms", size_px=96),
)


@pytest.fixture(scope="module")
def sheet(boxes: Avatar, renderer: Renderer) -> Sheet:
    """Return a small sheet of the synthetic avatar."""
    return draw_views(renderer, boxes, VIEWS)


def test_draw_views_gives_a_picture_per_view(sheet: Sheet) -> None:
    """Every view has its size and shows something; a layer shows less than the whole."""
    assert [picture.shape for picture in sheet.pictures] == [(view.size_px, view.size_px, 4) for view in VIEWS]
    shown = [int((picture[..., 3] > 0).sum()) for picture in sheet.pictures]
    assert min(shown) > 0
    assert shown[3] < shown[0]


def test_draw_views_draws_hair_at_rest_or_rigidly(boxes: Avatar) -> None:
    """A view that swings has settled springs; one that does not follows its bones, which are the same."""
    swinging, rigid = (
        view_pose(boxes, KeyView(name="turned", camera="portrait", controls={"head_pitch": 30.0}, swinging=swinging))
        for swinging in (True, False)
    )
    np.testing.assert_allclose(swinging.joints[: len(BONES)], rigid.joints[: len(BONES)], atol=1e-6)


def test_make_sheet_gives_a_figure_and_every_view_of_a_character(boxes: Avatar, renderer: Renderer) -> None:
    """What an avatar's character is drawn from: each view in its size, and a surface of the avatar's bones."""
    figure, sheet = make_sheet(renderer, boxes)
    assert sheet.views == SHEET_VIEWS
    assert [picture.shape for picture in sheet.pictures] == [(view.size_px, view.size_px, 4) for view in SHEET_VIEWS]
    assert all((picture[..., 3] > 0).any() for picture in sheet.pictures)
    assert len(figure.joints.parents) >= len(BONES)
    assert len(figure.triangles) > 0
