"""Names of materials."""

from __future__ import annotations

import pytest

from engines.studio.part_names import Part, part_of_name


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("F00_000_00_EyeIris_00_EYE", Part.IRIS),
        ("F00_000_00_EyeHighlight_00_EYE", Part.HIGHLIGHT),
        ("N00_000_00_EyeWhite_00_EYE (Instance)", Part.EYE_WHITE),
        ("F00_000_00_FaceBrow_00_FACE", Part.BROWS),
        ("F00_000_00_FaceEyeline_00_FACE", Part.LASHES),
        ("F00_000_00_FaceMouth_00_FACE", Part.MOUTH),
        ("F00_000_00_Face_00_SKIN", Part.FACE_SKIN),
        ("F00_002_02_Body_00_SKIN", Part.BODY_SKIN),
        ("F00_000_HairBack_00_HAIR", Part.HAIR),
        ("N00_001_02_Accessory_Tie_01_CLOTH (Instance)", Part.CLOTHES),
        ("髪", Part.HAIR),
        ("顔", Part.FACE_SKIN),
        ("手肌", Part.BODY_SKIN),
        ("トップス", Part.CLOTHES),
        ("頬薄赤", Part.FACE_SKIN),
        ("星目", Part.HIGHLIGHT),
        ("mayu", Part.BROWS),
        ("kami", Part.HAIR),
        ("newhair", Part.HAIR),
        ("huku_bake", Part.CLOTHES),
        ("body_bake", Part.BODY_SKIN),
        ("backpack_metal", Part.ACCESSORIES),
        ("lambert2", None),
        ("name", None),
    ],
)
def test_part_of_name_is_what_the_name_says(name: str, part: Part | None) -> None:
    """VRoid's, Japanese, romanised and the sample avatars' names are known; others promise nothing."""
    assert part_of_name(name)[0] is part


def test_names_of_faces_and_bodies_promise_no_more_than_the_most_of_it() -> None:
    """MMD faces hold brows and mouth, VRoid bodies stockings."""
    assert part_of_name("顔")[1]
    assert part_of_name("Body")[1]
    assert not part_of_name("EyeIris")[1]
