"""Key views as a setting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines.controls import SPEC
from engines.errors import ViewsError
from engines.key_view import KeyView
from engines.sheet import SHEET_VIEWS
from engines.studio.avatar import Avatar
from engines.studio.view_sets import VIEW_SETS, view_set
from engines.studio.views import LAYERS, drawn_triangles


@pytest.mark.parametrize("name", VIEW_SETS)
def test_view_set_built_in_views_have_names_and_poses_of_their_own(name: str) -> None:
    """No name and no picture of a sheet comes twice."""
    views = view_set(name)
    assert len({view.name for view in views}) == len(views)
    assert len({(view.camera, view.layer, view.vector().tobytes()) for view in views}) == len(views)
    assert all(view.vector().shape == (len(SPEC),) for view in views)


def test_view_set_character_is_what_characters_are_drawn_from() -> None:
    """The run-time generator and the studio speak of the same views, and hair hangs in them."""
    assert view_set("character") == SHEET_VIEWS
    assert all(view.swinging and view.layer is None for view in SHEET_VIEWS)


def test_view_set_whole_sheets_hold_what_the_issue_of_lids_needs() -> None:
    """Half-closed lids, every viseme, hands, and eye white, iris and lids apart are among the views."""
    for name in ("portrait", "full"):
        names = {view.name for view in view_set(name)}
        assert {"face_lids_25", "face_lids_50", "face_lids_75", "face_lids_100"} <= names
        assert {"face_aa", "face_ih", "face_ou", "face_ee", "face_oh", "hands_open", "hands_fists"} <= names
        assert {"layer_eye_white", "layer_iris", "layer_face", "layer_no_hair"} <= names


def test_view_set_file_is_read(tmp_path: Path) -> None:
    """A TOML file says which views there are."""
    path = tmp_path / "mine.toml"
    path.write_text(
        '[[view]]\nname = "front"\ncamera = "portrait"\n'
        '[[view]]\nname = "wink"\ncamera = "face"\ncontrols = { blink_left = 1.0 }\nlayer = "iris"\nsize_px = 256\n'
    )
    front, wink = view_set(path)
    assert front == KeyView(name="front", camera="portrait")
    assert wink == KeyView(name="wink", camera="face", controls={"blink_left": 1.0}, layer="iris", size_px=256)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"no \[\[view\]\] table"),
        ("[[view", "is not TOML"),
        ('[[view]]\nname = "a"\ncamera = "side"', "its camera is 'side', expected portrait, full or face"),
        ('[[view]]\nname = "../a"\ncamera = "face"', r"its name is '\.\./a'"),
        ('[[view]]\nname = "a"\ncamera = "face"\nlayer = "nose"', "its layer is 'nose', expected one of eye_white"),
        ('[[view]]\nname = "a"\ncamera = "face"\ncontrols = { nod = 1 }', "no such control, or no number: nod"),
        ('[[view]]\nname = "a"\ncamera = "face"\nsize_px = 9999', "its size_px is 9999, expected 16 to 2048"),
        ('[[view]]\nname = "a"\ncamera = "face"\nzoom = 2', r"got \['camera', 'name', 'zoom'\]"),
        ('[[view]]\nname = "a"\ncamera = "face"\n' * 2, "two views are called 'a'"),
    ],
)
def test_view_set_file_with_a_mistake_says_which(tmp_path: Path, text: str, message: str) -> None:
    """Each mistake is named in one line."""
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ViewsError, match=message):
        view_set(path)


def test_view_set_unknown_name_lists_those_there_are() -> None:
    """A name that is neither built in nor a TOML file is answered with the choice."""
    with pytest.raises(ViewsError, match=r"choose one of character, portrait, full or a \.toml file"):
        view_set("bust")


@pytest.mark.parametrize("layer", LAYERS)
def test_drawn_triangles_every_layer_is_a_part_of_the_figure(boxes: Avatar, layer: str) -> None:
    """A layer says for each triangle whether it is drawn; no arms leaves out arms only."""
    drawn = drawn_triangles(boxes, layer)  # type: ignore[arg-type]
    assert drawn is not None
    assert drawn.shape == (len(boxes.triangles),)
    assert drawn.dtype == np.bool_
    assert not drawn.all() or layer in {"no_hair", "no_arms"}


def test_drawn_triangles_without_a_layer_draws_all(boxes: Avatar) -> None:
    """No layer is no restriction."""
    assert drawn_triangles(boxes, None) is None
